#include "apps/daemon/house_log.hpp"

#include "apps/daemon/json.hpp"
#include "apps/daemon/log_follow.hpp"
#include "apps/daemon/log_merge.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace troupe::daemon {

namespace {

/// Beyond any sequence number, and exact in JSON everywhere: nothing of the past.
constexpr std::uint64_t no_past = std::uint64_t{1} << 53;
/// Entries that may come while the past is asked for.
constexpr std::size_t most_early = 1000;

std::multimap<std::string, std::string> fields_of(const json& query) {
  std::multimap<std::string, std::string> out;
  for (const auto& [key, x] : query.items())
    if (!x.is_null() && x != "" && x != 0)
      out.emplace(key, x.is_string() ? x.get<std::string>() : x.dump());
  return out;
}

json with(json query, const char* key, std::uint64_t x) {
  query[key] = x;
  return query;
}

wall_ms time_of(const json& row) {
  const auto at = row.is_object() ? row.find("at") : row.end();
  return at != row.end() && at->is_number_integer() ? at->get<wall_ms>() : 0;
}

} // namespace

/// One reader, and the streams that it is fed from.
struct house_log::follower : std::enable_shared_from_this<follower> {
  struct source {
    queue events;
    bool ended = false;
  };

  std::string own; ///< node
  queue to;
  json query;
  wall_ms began = 0;
  std::function<void()> look_again;

  std::mutex mutex;
  bool closed = false;
  bool past_told = false;
  log_follow news;
  std::map<std::string, source> sources;
  std::set<std::string> met;    ///< what they wrote before it began is known
  std::set<std::string> missed; ///< were told as not followed
  std::vector<std::pair<std::string, json>> early;

  void add(const std::string& node, const queue& events) {
    {
      std::lock_guard lock{mutex};
      if (closed)
        return events->leave(system_clocks().mono());
      sources[node] = {events, false};
      news.begin_telling(node);
      if (missed.erase(node) > 0)
        to->push("node", {{"node", node}, {"followed", true}, {"why", ""}, {"at", system_clocks().wall()}});
    }
    const std::weak_ptr<follower> me = shared_from_this();
    events->set_wake([me, node] {
      if (const auto who = me.lock())
        who->take(node);
    });
    take(node);
  }

  /// With `mutex` held.
  void miss(const std::string& node, const std::string& why) {
    if (missed.insert(node).second)
      to->push("node", {{"node", node}, {"followed", false}, {"why", why}, {"at", system_clocks().wall()}});
  }

  void take(const std::string& node) {
    std::lock_guard lock{mutex};
    const auto found = sources.find(node);
    if (closed || found == sources.end() || found->second.ended)
      return;
    for (;;) {
      const auto lot = found->second.events->take(64);
      for (const auto& e : lot)
        told(node, found->second, e.kind, far_json(e.data));
      if (lot.empty() || found->second.ended)
        return;
    }
  }

  /// With `mutex` held.
  void told(const std::string& node, source& from, const std::string& kind, json data) {
    if (kind == "entry" && data.is_object()) {
      if (!data.contains("node"))
        data["node"] = node;
      if (past_told)
        return entry(node, data);
      if (early.size() < most_early)
        early.emplace_back(node, std::move(data));
    } else if (kind == "dropped") {
      to->push(kind, data);
    } else if (kind == "end") {
      from.ended = true;
      const auto why = text_in(data, "why");
      if (node == own)
        return to->end(why);
      miss(node, why);
      look_again();
    }
  }

  /// With `mutex` held.
  void entry(const std::string& node, const json& row) {
    if (news.is_news(node, row))
      to->push("entry", row);
  }
};

house_log::house_log(parts all) : parts_(std::move(all)) { thread_.start(); }

house_log::~house_log() { stop(); }

void house_log::stop() {
  std::list<follower_ptr> all;
  {
    std::lock_guard lock{mutex_};
    stopped_ = true;
    all.swap(followers_);
  }
  for (const auto& who : all) {
    who->to->end("the node stops");
    forget(who);
  }
  thread_.stop();
}

result<house_log::queue> house_log::open(const json& query) {
  const auto newest = query.value("newest", std::size_t{100});
  const auto who = std::make_shared<follower>();
  // Room for the past that was asked for, beside that of a stream.
  who->to = std::make_shared<control::event_queue>(1024 + newest, (1024 + newest) * 1024);
  who->query = query;
  who->own = parts_.self;
  who->began = parts_.clocks.wall();
  who->look_again = [this] { look_soon(); };
  // The streams first, so that nothing falls between them and the past.
  auto own = parts_.own(with(query, "after", no_past));
  if (!own)
    return own.why();
  who->add(parts_.self, *own);
  for (const auto& node : parts_.nodes())
    open_far(who, node);
  const auto ask = with(query, "newest", std::max<std::size_t>(newest, log_follow::retold));
  auto past = parts_.own_past(ask);
  if (!past)
    return past.why();
  stamp(*past, parts_.self);
  std::vector<json> all{std::move(*past)};
  for (auto& [node, said] : parts_.others.ask_all("/v1/log", fields_of(ask)))
    if (said && said->is_array()) {
      stamp(*said, node);
      all.push_back(std::move(*said));
      who->met.insert(node);
    }
  {
    std::lock_guard lock{who->mutex};
    const auto merged = merge_logs(std::move(all), 0);
    for (const auto& row : merged)
      who->news.knows(row);
    for (auto i = merged.size() - std::min(merged.size(), newest); i < merged.size(); ++i)
      who->to->push("entry", merged[i]);
    who->past_told = true;
    for (const auto& [node, row] : who->early)
      who->entry(node, row);
    who->early.clear();
  }
  {
    std::lock_guard lock{mutex_};
    if (stopped_)
      return error{errc::closed, "this node stops; ask again when it is back"};
    followers_.push_back(who);
  }
  const std::weak_ptr<follower> reader = who;
  who->to->on_close([this, reader] {
    // On the server's thread, which must not wait: what is closed asks other nodes.
    (void)thread_.soon([this, reader] {
      if (const auto left = reader.lock())
        forget(left);
    });
  });
  look_soon();
  return who->to;
}

void house_log::look_soon() {
  thread_.once_in("look", look_every, [this] { look(); });
}

/// What it wrote before the reader came is no news.
bool house_log::meet(const follower_ptr& who, const std::string& node) {
  auto past = parts_.others.look(node, "/v1/log", fields_of(with(who->query, "newest", log_follow::retold)));
  std::lock_guard lock{who->mutex};
  if (!past || !past->is_array()) {
    who->miss(node, past ? "it answered with something that is no journal" : past.why().context);
    return false;
  }
  stamp(*past, node);
  for (const auto& row : *past)
    if (time_of(row) < who->began)
      who->news.knows(row);
  who->met.insert(node);
  return true;
}

void house_log::open_far(const follower_ptr& who, const std::string& node) {
  const bool begins = !who->past_told;
  if (!begins && !who->met.contains(node) && !meet(who, node))
    return;
  const auto query = with(who->query, begins ? "after" : "newest", begins ? no_past : log_follow::retold);
  const auto events = std::make_shared<control::event_queue>();
  const auto opened = parts_.others.stream(node, far_nodes::looker(), "/v1/streams/log", fields_of(query), events, false, true);
  if (!opened) {
    std::lock_guard lock{who->mutex};
    return who->miss(node, opened.why().context);
  }
  who->add(node, events);
}

void house_log::look() {
  std::list<follower_ptr> all;
  {
    std::lock_guard lock{mutex_};
    all = followers_;
  }
  const auto nodes = parts_.nodes();
  for (const auto& who : all)
    for (const auto& node : nodes) {
      {
        std::lock_guard lock{who->mutex};
        const auto found = who->sources.find(node);
        if (who->closed || (found != who->sources.end() && !found->second.ended))
          continue;
      }
      open_far(who, node);
    }
  if (!all.empty())
    look_soon();
}

void house_log::forget(const follower_ptr& who) {
  {
    std::lock_guard lock{mutex_};
    followers_.remove(who);
  }
  std::map<std::string, follower::source> sources;
  {
    std::lock_guard lock{who->mutex};
    who->closed = true;
    sources.swap(who->sources);
  }
  for (auto& [node, x] : sources) {
    x.events->set_wake({});
    x.events->leave(parts_.clocks.mono());
  }
}

} // namespace troupe::daemon
