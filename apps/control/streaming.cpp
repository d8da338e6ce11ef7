// Streams of events: written while their reader takes them, kept alive, ended.
#include "apps/control/loop.hpp"

#include <sys/epoll.h>

namespace troupe::control {

void server::loop::begin_stream(id who, connection& c, std::shared_ptr<event_queue> queue) {
  ++c.of->streams;
  recount();
  c.is = phase::streaming;
  c.stream = std::move(queue);
  c.stream->set_wake([mail = mail_, who] { mail->has_events(who); });
  write_out(who, c);
}

void server::loop::write_events(id who, connection& c) {
  const auto now = mono();
  if (c.far && now - c.trusted_at >= to_ns(options_.heartbeat))
    if (auto why = distrust(c, now); !why.empty())
      c.stream->end(why);
  // Four buffers in a row, then the others have their turn.
  for (int i = 0;; ++i) {
    const bool waited = !c.out.empty();
    c.fill();
    if (c.out.empty())
      break;
    if (i == 4)
      return watch_for(who, c, EPOLLOUT);
    if (!waited)
      c.last_progress = now; // a stall is counted from the first byte that waits
    const auto sent = c.send(now);
    if (sent == outcome::failed)
      return close_connection(who);
    c.deadline = now + to_ns(options_.heartbeat);
    if (sent == outcome::again)
      return watch_for(who, c, EPOLLOUT);
  }
  if (c.stream->finished())
    return close_connection(who);
  // The queue is empty, so whatever comes next rings.
  watch_for(who, c, 0);
}

void server::loop::on_stream_time(id who, connection& c, mono_ns now) {
  if (!c.out.empty() && now - c.last_progress >= to_ns(options_.stalled_after))
    return close_connection(who);
  if (c.out.empty())
    c.out = ": still here\n\n";
  c.deadline = now + to_ns(options_.heartbeat);
  write_out(who, c);
}

} // namespace troupe::control
