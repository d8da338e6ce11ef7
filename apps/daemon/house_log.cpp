#include "apps/daemon/house_log.hpp"

#include "apps/daemon/json.hpp"
#include "apps/daemon/log_follow.hpp"
#include "apps/daemon/log_merge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace troupe::daemon {

using namespace std::chrono_literals;

namespace {

/// Beyond any sequence number, and exact in JSON everywhere: nothing of the past.
constexpr std::uint64_t no_past = std::uint64_t{1} << 53;
/// Taken from one stream before the next one has its turn.
constexpr std::size_t at_a_time = 64;

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

std::uint64_t number_of(const json& row) {
  const auto seq = row.is_object() ? row.find("seq") : row.end();
  return seq != row.end() && seq->is_number_unsigned() ? seq->get<std::uint64_t>() : 0;
}

} // namespace

/// One reader, and the streams that it is fed from.
struct house_log::follower {
  struct source {
    queue events;
    bool ended = false;
    std::uint64_t again_upto = 0; ///< rows up to this number are told again
    std::size_t unknown = 0;      ///< of them, those in front of the first that the reader has
  };

  std::string own; ///< node
  queue to;
  json query;
  wall_ms began = 0;
  std::function<void()> feed_soon; ///< on the thread of who tells, which must not wait
  std::function<void()> look_soon;

  std::mutex mutex;
  bool closed = false;
  log_follow news;
  std::map<std::string, source> sources;
  std::set<std::string> met;    ///< what they wrote before it began is known
  std::set<std::string> missed; ///< were told as not followed

  void add(const std::string& node, const queue& events, std::uint64_t tells_again_upto) {
    {
      std::lock_guard lock{mutex};
      if (closed)
        return events->leave(system_clocks().mono());
      sources[node] = {events, false, tells_again_upto, 0};
      news.begin_telling(node);
      if (missed.erase(node) > 0)
        told_of(node, true, "");
    }
    events->set_wake(feed_soon);
    feed_soon();
  }

  /// With `mutex` held.
  void miss(const std::string& node, const std::string& why) {
    if (missed.insert(node).second)
      told_of(node, false, why);
  }

  void told_of(const std::string& node, bool followed, const std::string& why) {
    to->push("node", {{"node", node}, {"followed", followed}, {"why", why}, {"at", system_clocks().wall()}});
  }

  /// Of what has come, a lot of each stream. @returns whether there may be more
  bool take_some() {
    std::lock_guard lock{mutex};
    bool more = false;
    for (auto& [node, from] : sources) {
      if (closed || from.ended)
        continue;
      const auto lot = from.events->take(at_a_time);
      for (const auto& e : lot)
        told(node, from, e.kind, far_json(e.data));
      more = more || !lot.empty();
    }
    return more;
  }

  /// With `mutex` held.
  void told(const std::string& node, source& from, const std::string& kind, json data) {
    if (kind == "entry" && data.is_object()) {
      if (!data.contains("node"))
        data["node"] = node;
      entry(node, from, data);
    } else if (kind == "dropped") {
      to->push(kind, data);
    } else if (kind == "end") {
      from.ended = true;
      const auto why = text_in(data, "why");
      if (node == own)
        return to->end(why);
      miss(node, why);
      look_soon();
    }
  }

  /// With `mutex` held.
  void entry(const std::string& node, source& from, const json& row) {
    const bool fresh = news.is_news(node, row);
    if (!fresh || number_of(row) > from.again_upto)
      from.again_upto = 0; // what is before it is known, or all was told again
    else if (++from.unknown > log_follow::retold) {
      from.again_upto = 0;
      told_of(node, true, fmt::format("it wrote more than the last {} rows meanwhile; `troupe --node {} log -n 10000` has those before them",
                                      log_follow::retold, node));
    }
    if (fresh)
      to->push("entry", row);
  }
};

house_log::house_log(parts all) : parts_(std::move(all)) {
  thread_.start();
  feeder_.start();
}

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
  feeder_.stop();
}

result<house_log::queue> house_log::open(const json& query) {
  const auto newest = query.value("newest", std::size_t{100});
  const auto who = std::make_shared<follower>();
  // Room for the past that was asked for, beside that of a stream.
  who->to = std::make_shared<control::event_queue>(1024 + newest, (1024 + newest) * 1024);
  who->query = query;
  who->own = parts_.self;
  who->began = parts_.clocks.wall();
  who->look_soon = [this] { look_soon(); };
  who->feed_soon = [this] { feeder_.once_in("feed", 0ms, [this] { feed(); }); };
  // Whatever ends this early, an answer that is no journal as well, gives the streams back.
  struct closer {
    house_log& of;
    const follower_ptr& who;
    bool is_open = false;
    ~closer() {
      if (!is_open)
        of.forget(who);
    }
  } closes{*this, who};
  // The streams first, so that nothing falls between them and the past. What comes meanwhile waits in them.
  auto own = parts_.own(with(query, "after", no_past));
  if (!own)
    return own.why();
  who->add(parts_.self, *own, 0);
  for (const auto& node : parts_.nodes())
    open_far(who, node, true);
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
  const auto merged = merge_logs(std::move(all), 0);
  for (const auto& row : merged)
    who->news.knows(row);
  for (auto i = merged.size() - std::min(merged.size(), newest); i < merged.size(); ++i)
    who->to->push("entry", merged[i]);
  {
    std::lock_guard lock{mutex_};
    if (stopped_)
      return error{errc::closed, "this node stops; ask again when it is back"};
    followers_.push_back(who); // from here on it is fed
  }
  closes.is_open = true;
  // On the server's thread, which must not wait: what is closed asks other nodes.
  who->to->on_close([this] { thread_.once_in("forget", 0ms, [this] { forget_those_who_left(); }); });
  who->feed_soon();
  look_soon();
  return who->to;
}

void house_log::look_soon() {
  thread_.once_in("look", look_every, [this] { look(); });
}

void house_log::feed() {
  std::list<follower_ptr> all;
  {
    std::lock_guard lock{mutex_};
    all = followers_;
  }
  for (bool more = true; std::exchange(more, false);)
    for (const auto& who : all)
      more = who->take_some() || more;
}

/// What it wrote before the reader came is no news; its rows and its "now" are of the same clock.
bool house_log::meet(const follower_ptr& who, const std::string& node) {
  auto past = parts_.others.look(node, "/v1/log", fields_of(with(who->query, "newest", log_follow::retold)));
  const auto view = past ? parts_.others.look(node, "/v1/members") : past;
  const auto theirs = view && view->is_object() ? view->value("now", json()) : json();
  const auto ahead = theirs.is_number_integer() ? theirs.get<wall_ms>() - parts_.clocks.wall() : 0;
  std::lock_guard lock{who->mutex};
  if (!past || !past->is_array()) {
    who->miss(node, past ? "it answered with something that is no journal" : past.why().context);
    return false;
  }
  stamp(*past, node);
  for (const auto& row : *past)
    if (time_of(row) < who->began + ahead)
      who->news.knows(row);
  who->met.insert(node);
  return true;
}

void house_log::open_far(const follower_ptr& who, const std::string& node, bool begins) {
  if (!begins && !who->met.contains(node) && !meet(who, node))
    return;
  std::uint64_t upto = 0;
  if (!begins) {
    const auto newest = parts_.others.look(node, "/v1/log", fields_of(with(who->query, "newest", 1)));
    if (newest && newest->is_array() && !newest->empty())
      upto = number_of(newest->back());
  }
  // One more than is promised: it shows whether there were more.
  const auto query = with(who->query, begins ? "after" : "newest", begins ? no_past : log_follow::retold + 1);
  const auto events = std::make_shared<control::event_queue>();
  const auto opened = parts_.others.stream(node, far_nodes::looker(), "/v1/streams/log", fields_of(query), events, false, true);
  if (!opened) {
    std::lock_guard lock{who->mutex};
    return who->miss(node, opened.why().context);
  }
  who->add(node, events, upto);
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
      open_far(who, node, false);
    }
  if (!all.empty())
    look_soon();
}

void house_log::forget_those_who_left() {
  std::list<follower_ptr> all;
  {
    std::lock_guard lock{mutex_};
    all = followers_;
  }
  for (const auto& who : all)
    if (who->to->reader_left_at() != 0)
      forget(who);
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
