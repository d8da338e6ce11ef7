#include "apps/daemon/far_desk.hpp"

#include "actors/protocol/freshness.hpp"
#include "apps/control/far_side.hpp"
#include "apps/daemon/json.hpp"
#include "config/model/time.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace troupe::daemon {

using cluster::far_answer;
using cluster::far_call;
using cluster::far_event;
using cluster::far_events;

namespace {

far_answer from_reply(control::reply x) {
  far_answer out;
  out.status = x.status;
  out.type = std::move(x.type);
  out.body = std::move(x.body);
  return out;
}

/// Hands out the next lot of a stream once, whoever finds it first: the one
/// that asks, or the one that pushes while the asker looks.
class one_lot {
public:
  one_lot(std::shared_ptr<control::event_queue> events, const cluster::far_pull& what,
          std::function<void(far_events)> answer)
    : events_(std::move(events)), what_(what), answer_(std::move(answer)) {}

  void look() {
    far_events out;
    {
      std::lock_guard lock{mutex_};
      if (done_)
        return;
      for (auto& x : events_->take(what_.most))
        out.events.push_back({std::move(x.kind), std::move(x.data)});
      out.ended = events_->finished();
      if (out.events.empty() && !out.ended)
        return;
      done_ = true;
    }
    out.stream = what_.stream;
    answer_(std::move(out));
  }

private:
  std::shared_ptr<control::event_queue> events_;
  cluster::far_pull what_;
  std::function<void(far_events)> answer_;
  std::mutex mutex_;
  bool done_ = false;
};

} // namespace

far_desk::~far_desk() { stop(); }

void far_desk::stop() {
  looking_.threads.stop();
  changing_.threads.stop();
  decltype(streams_) open;
  {
    std::lock_guard lock{mutex_};
    open.swap(streams_);
  }
  for (auto& [id, x] : open)
    end(x.events);
}

void far_desk::end(std::shared_ptr<control::event_queue> events) const {
  events->set_wake({});
  events->leave(system_clocks().mono());
}

void far_desk::call(const std::string& from, far_call what, std::function<void(far_answer)> answer) {
  std::uint64_t links_ended = 0;
  auto& way = what.looks() ? looking_ : changing_;
  {
    std::lock_guard lock{mutex_};
    if (way.waiting >= most_waiting)
      return answer(from_reply(control::refusal(503, "over_limit", "this node has too many questions of other nodes "
                                                                   "to answer; ask again in a moment")));
    ++way.waiting;
    links_ended = links_ended_[from];
  }
  const bool queued = way.threads.run([this, &way, from, what = std::move(what), answer, links_ended] {
    auto said = try_to_serve(from, what, links_ended);
    {
      std::lock_guard lock{mutex_};
      --way.waiting;
    }
    answer(std::move(said));
  });
  if (!queued)
    answer(from_reply(control::refusal(503, "closed", "this node stops; ask again when it is back")));
}

/// A worker must not die of what a peer sent.
far_answer far_desk::try_to_serve(const std::string& from, const far_call& what, std::uint64_t links_ended) {
  try {
    // It was fresh when it came; since then it may have waited for a worker.
    if (!what.looks() && !is_fresh(clocks_.mono(), what.echo, fresh_within_)) {
      const auto why = fmt::format("{} {} of {} at node {} was not done: when its turn came it was older than {} ms. This node has "
                                   "more to do for other nodes than it can; ask again in a moment",
                                   what.method, what.path, what.who, from, fresh_within_.count());
      spdlog::warn("{}", why);
      return from_reply(control::refusal(504, "timed_out", why));
    }
    return serve(from, what, links_ended);
  } catch (const std::exception& why) {
    return from_reply(control::refusal(500, "internal", std::string{"the question could not be answered: "} + why.what()));
  }
}

far_answer far_desk::serve(const std::string& from, const far_call& what, std::uint64_t links_ended) {
  if (what.path == renewal_path) {
    const auto body = far_json(what.body);
    const auto made = renew_(from, body.is_object() ? body : nlohmann::json::object());
    if (made)
      return from_reply({200, "application/json", made->dump(), nullptr});
    const auto& why = made.why();
    return from_reply(control::refusal(control::http_status(why.code), to_string(why.code), why.context));
  }
  control::caller who;
  who.name = what.who;
  who.allowed = static_cast<cluster::role>(what.allowed);
  who.via = what.via.empty() ? "node " + from : what.via + ", node " + from;
  const std::multimap<std::string, std::string> query{what.query.begin(), what.query.end()};
  control::far_side nobody; // a question never travels on
  auto said = control::dispatch(node_, nobody, who, what.method, what.path, query, what.body);
  if (!said.stream)
    return from_reply(std::move(said));
  std::uint64_t id = 0;
  {
    std::lock_guard lock{mutex_};
    // A reader whose link ended meanwhile was cleaned up after already: what
    // is opened for it now would stay open.
    if (links_ended_[from] == links_ended && streams_.size() < most_streams) {
      id = next_stream_++;
      streams_[id] = {from, said.stream};
    }
  }
  if (id == 0) {
    end(said.stream);
    return from_reply(control::refusal(503, "over_limit", "this node has too many readers of streams at other nodes; end some, or ask again later"));
  }
  auto out = from_reply(std::move(said));
  out.stream = id;
  return out;
}

void far_desk::pull(const std::string& from, const cluster::far_pull& what,
                    std::function<void(far_events)> answer) {
  std::shared_ptr<control::event_queue> events;
  {
    std::lock_guard lock{mutex_};
    const auto found = streams_.find(what.stream);
    if (found != streams_.end() && found->second.reader == from)
      events = found->second.events;
  }
  if (!events)
    return answer({what.stream, {}, true});
  auto tell = [this, from, answer = std::move(answer)](far_events x) {
    const auto stream = x.stream;
    const bool ended = x.ended;
    answer(std::move(x));
    if (ended)
      close(from, stream);
  };
  const auto lot = std::make_shared<one_lot>(events, what, std::move(tell));
  events->set_wake([lot] { lot->look(); });
  lot->look();
}

void far_desk::close(const std::string& from, std::uint64_t stream) {
  std::shared_ptr<control::event_queue> gone;
  {
    std::lock_guard lock{mutex_};
    const auto found = streams_.find(stream);
    if (found == streams_.end() || found->second.reader != from)
      return;
    gone = std::move(found->second.events);
    streams_.erase(found);
  }
  end(std::move(gone));
}

void far_desk::peer_gone(const std::string& from) {
  std::vector<std::shared_ptr<control::event_queue>> gone;
  {
    std::lock_guard lock{mutex_};
    ++links_ended_[from];
    std::erase_if(streams_, [&](auto& x) {
      if (x.second.reader != from)
        return false;
      gone.push_back(std::move(x.second.events));
      return true;
    });
  }
  for (auto& x : gone)
    end(std::move(x));
}

} // namespace troupe::daemon
