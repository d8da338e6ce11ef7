#include "apps/daemon/streams.hpp"

#include "apps/daemon/json.hpp"

#include <algorithm>
#include <optional>

namespace troupe::daemon {

namespace {

constexpr auto keeper_name = "taps";
/// Entries that may come while the past of a log is told, which takes milliseconds.
constexpr std::size_t most_early = 1000;
using look_atom = caf::atom_constant<caf::atom("look")>;

} // namespace

/// One `watch`: on the publisher's thread, so it only renders and queues.
class streams::watching final : public storage::watcher {
public:
  watching(streams& of, queue to, std::string prefix)
    : of_(of), to_(std::move(to)), prefix_(std::move(prefix)) {}

  void on_change(const std::string& name) noexcept override {
    if (!name.starts_with(prefix_))
      return;
    try {
      tell(name);
    } catch (const std::exception&) {
      // Out of memory: the reader misses one, the publisher goes on.
    }
  }

  void tell(const std::string& name) {
    const auto row = of_.live_.find(name);
    if (!row) {
      {
        std::lock_guard lock{mutex_};
        grades_.erase(name);
      }
      to_->push("removed", {{"name", name}});
      return;
    }
    // A refresh tells nothing that the reader does not see already.
    const auto seen = exchange_grade(name, row->now.grade);
    if (row->now.told_as == origin::refresh && seen == row->now.grade)
      return;
    const auto about = of_.people_.find(name);
    auto x = reading_json(*row, about ? &*about : nullptr, of_.clocks_);
    if (row->why)
      x["story"] = story_json(*row->why);
    to_->push("reading", x);
  }

  /// A row of the picture that the reader begins with. What has changed since
  /// the picture was taken was told already, and the older row must not follow.
  void begin(const storage::live_table::row& row) {
    const auto about = of_.people_.find(row.name);
    std::lock_guard lock{mutex_};
    if (grades_.try_emplace(row.name, row.now.grade).second)
      to_->push("reading", reading_json(row, about ? &*about : nullptr, of_.clocks_));
  }

  const queue& to() const noexcept { return to_; }

private:
  /// @returns what the reader was told of before, if anything
  std::optional<quality> exchange_grade(const std::string& name, quality now) {
    std::lock_guard lock{mutex_};
    auto [at, fresh] = grades_.try_emplace(name, now);
    return fresh ? std::nullopt : std::optional{std::exchange(at->second, now)};
  }

  streams& of_;
  queue to_;
  std::string prefix_;
  std::mutex mutex_;
  std::map<std::string, quality> grades_;
};

streams::streams(storage::live_table& live, storage::store& disk, directory& names,
                 const catalog& people, const clock_source& clocks)
  : live_(live), disk_(disk), names_(names), people_(people), clocks_(clocks) {}

streams::~streams() { end_all("the node has ended"); }

streams::queue streams::watch(const std::string& prefix) {
  auto to = std::make_shared<control::event_queue>();
  auto watching_now = std::make_shared<watching>(*this, to, prefix);
  {
    std::lock_guard lock{mutex_};
    watches_.insert(watching_now);
    open_.insert(to);
  }
  live_.watch({}, watching_now);
  for (const auto& row : live_.list(prefix))
    watching_now->begin(row);
  to->on_close([this, reader = to.get()] { forget(reader); });
  return to;
}

streams::queue streams::log(const storage::journal_query& query) {
  auto to = std::make_shared<control::event_queue>();
  // The feed first, so that no entry falls between it and the past. What comes
  // while the past is told waits here; whoever appends must not.
  struct early_entries {
    std::mutex mutex;
    bool over = false;
    std::vector<storage::journal_event> waiting;
  };
  const auto early = std::make_shared<early_entries>();
  // Whose they are is told where journals of several nodes may be.
  const auto row = [this](const storage::journal_event& x) {
    auto out = event_json(x);
    if (name_of_)
      out["node"] = name_of_(x.node);
    return out;
  };
  auto feed = disk_.on_event([to, query, early, row](const storage::journal_event& x) {
    if ((!query.subject.empty() && query.subject != x.subject)
        || (!query.kind.empty() && query.kind != x.kind) || x.level < query.at_least)
      return;
    {
      std::lock_guard lock{early->mutex};
      if (!early->over) {
        if (early->waiting.size() < most_early)
          early->waiting.push_back(x);
        return;
      }
    }
    to->push("entry", row(x));
  });
  std::uint64_t told = 0;
  for (const auto& x : disk_.journal(query)) {
    to->push("entry", row(x));
    told = std::max(told, x.seq);
  }
  {
    std::lock_guard lock{early->mutex};
    for (const auto& x : early->waiting)
      if (x.seq > told)
        to->push("entry", row(x));
    early->waiting.clear();
    early->over = true;
  }
  {
    std::lock_guard lock{mutex_};
    logs_[to.get()] = std::move(feed);
    open_.insert(to);
  }
  to->on_close([this, reader = to.get()] { forget(reader); });
  return to;
}

result<streams::queue> streams::tap(const std::string& actor) {
  const auto found = names_.lookup(actor);
  if (!found || !found->life)
    return error{errc::not_found, "nobody is called '" + actor + "'; see `troupe ps`"};
  auto to = std::make_shared<control::event_queue>();
  {
    std::lock_guard lock{mutex_};
    auto& point = taps_[actor];
    point.readers.push_back(to);
    point.life = found->life;
    point.left_at = 0;
    point.life->tapped = true;
    open_.insert(to);
  }
  to->on_close([this, reader = to.get()] { forget(reader); });
  return to;
}

void streams::tapped(const std::string& actor, const std::string& message) {
  std::vector<queue> readers;
  {
    std::lock_guard lock{mutex_};
    const auto found = taps_.find(actor);
    if (found == taps_.end())
      return;
    readers = found->second.readers;
  }
  const json x{{"actor", actor}, {"message", message}, {"at", clocks_.wall()}};
  for (const auto& to : readers)
    to->push("message", x);
}

void streams::forget(control::event_queue* reader) {
  bool lingering = false;
  {
    std::lock_guard lock{mutex_};
    std::erase_if(watches_, [&](const auto& x) { return x->to().get() == reader; });
    logs_.erase(reader);
    for (auto& [actor, point] : taps_) {
      const auto gone = std::erase_if(point.readers, [&](const auto& x) { return x.get() == reader; });
      if (gone > 0 && point.readers.empty()) {
        point.left_at = clocks_.mono();
        lingering = true;
      }
    }
    std::erase_if(open_, [&](const auto& x) { return x.get() == reader; });
  }
  if (lingering)
    names_.send(keeper_name, look_atom::value);
}

bool streams::end_taps() {
  const auto now = clocks_.mono();
  const auto linger = std::chrono::nanoseconds{tap_linger}.count();
  std::lock_guard lock{mutex_};
  std::erase_if(taps_, [&](auto& x) {
    auto& point = x.second;
    if (!point.readers.empty() || now - point.left_at < linger)
      return false;
    untap(x.first, point);
    return true;
  });
  return std::any_of(taps_.begin(), taps_.end(), [](const auto& x) { return x.second.readers.empty(); });
}

void streams::untap(const std::string& actor, const tap_point& point) const {
  point.life->tapped = false;
  // One that was replaced meanwhile took the mark along to vitals of its own.
  if (const auto now = names_.lookup(actor); now && now->life)
    now->life->tapped = false;
}

void streams::end_all(const std::string& why) {
  std::set<queue> all;
  {
    std::lock_guard lock{mutex_};
    all.swap(open_);
    watches_.clear();
    logs_.clear();
    for (auto& [actor, point] : taps_)
      untap(actor, point);
    taps_.clear();
  }
  for (const auto& x : all)
    x->end(why);
}

namespace {

class tap_keeper final : public unit {
public:
  tap_keeper(unit_context& context, streams& of) : context_(context), of_(of) {}

  void start() override { look(); }
  caf::message_handler messages() override {
    return {[this](look_atom) { look(); }};
  }
  void on_timer(int) override { look(); }

private:
  void look() {
    if (of_.end_taps())
      context_.arm(0, streams::tap_linger + std::chrono::milliseconds{10});
  }

  unit_context& context_;
  streams& of_;
};

} // namespace

make_unit make_tap_keeper(streams& of) {
  return [&of](unit_context& context) -> std::unique_ptr<unit> {
    return std::make_unique<tap_keeper>(context, of);
  };
}

} // namespace troupe::daemon
