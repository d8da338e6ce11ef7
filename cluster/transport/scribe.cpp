#include "cluster/transport/scribe.hpp"

#include "cluster/transport/beat.hpp"

#include <caf/io/basp/header.hpp>
#include <caf/io/basp_broker.hpp>
#include <caf/node_id.hpp>
#include <caf/send.hpp>
#include <caf/uri.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace troupe::cluster {

namespace net = caf::io::network;

namespace {

/// CAF makes an actor for each node id that it learns, and keeps it until the
/// system ends: a peer that comes again and again would fill the memory.
void forget_spawn_server(caf::io::basp_broker& broker, const std::string& node_id) {
  auto& all = broker.spawn_servers;
  const auto gone = std::find_if(all.begin(), all.end(), [&](const auto& x) { return to_string(x.first) == node_id; });
  if (gone == all.end())
    return;
  caf::anon_send_exit(gone->second, caf::exit_reason::kill);
  all.erase(gone);
}

} // namespace

link_scribe::link_scribe(net::default_multiplexer& io, int fd, std::shared_ptr<link_session> session)
  : caf::io::scribe(net::conn_hdl_from_socket(fd)), session_(session), hub_(session->shared()),
    stream_(io, fd, session_policy{session}),
    deadline_(std::chrono::steady_clock::now() + hub_->how.bounds.handshake_within) {
  session_->on_established = [this] { flush(); };
  session_->on_want_write = [this] { stream_.force_empty_write(this); };
  session_->next_batch = [this]() -> std::vector<char>& { return stream_.wr_buf(); };
}

link_scribe::~link_scribe() {
  session_->end(); // no other thread writes to the socket, which closes now
  session_->on_established = nullptr;
  session_->on_want_write = nullptr;
  session_->next_batch = nullptr;
  if (!launched_)
    return;
  tell_down();
  hub_->leave(this);
  record().io = nullptr;
}

void link_scribe::configure_read(caf::io::receive_policy::config how) {
  stream_.configure_read(how);
  if (std::exchange(launched_, true))
    return;
  record().io = this;
  hub_->enter(this);
  hub_->wake.at(deadline_);
  stream_.start(this);
}

void link_scribe::flush() {
  auto& out = stream_.wr_buf();
  session_->collect(out);
  const auto bytes = queued();
  record().backlog = bytes;
  if (bytes > hub_->how.bounds.max_backlog_bytes || session_->over()) {
    out.clear();
    kill(fmt::format("it does not read: {} bytes are queued for it, at most {} may be. Is it stopped or overloaded?", bytes,
                     hub_->how.bounds.max_backlog_bytes));
    return;
  }
  if (!session_->established() || held_)
    return;
  session_->write_out(out);
  const auto batch = out.size();
  record().backlog = queued();
  if (batch == 0)
    return;
  stream_.flush(this);
  if (stream_.wr_buf().empty()) // else an older one is being written
    session_->takes(batch);
}

std::size_t link_scribe::queued() { return stream_.wr_buf().size() + session_->in_flight() + session_->waiting(); }

void link_scribe::hold(bool on) {
  if (!on && !session_->is_late())
    return;
  const caf::intrusive_ptr<link_scribe> keep{this};
  held_ = on;
  session_->hold_out(on);
  if (on)
    session_->hold();
  else
    session_->in_time();
  if (on || record().ended)
    return;
  flush();
  stream_.handle_event(net::operation::read); // the socket may have nothing new to wake it with
}

void link_scribe::delay(const lateness& how) {
  const caf::intrusive_ptr<link_scribe> keep{this};
  if (held_)
    hold(false); // what waits has come
  session_->delay(how);
}

void link_scribe::look_at_late(std::chrono::steady_clock::time_point now) {
  const caf::intrusive_ptr<link_scribe> keep{this};
  if (!record().ended && session_->has_come(now))
    stream_.handle_event(net::operation::read);
}

// From within the broker: the socket dies now, CAF learns it at the next event.
void link_scribe::kill(const std::string& why, errc code) {
  hub_->note_why(record(), why, code);
  session_->end();
  tell_down();
  reset_on_close(stream_.fd());
  ::shutdown(stream_.fd(), SHUT_RDWR);
}

void link_scribe::sever(const std::string& why, bool lost, errc code) {
  const caf::intrusive_ptr<link_scribe> keep{this};
  lost_ = lost;
  kill(why, code);
  io_failure(&stream_.backend(), net::operation::read);
}

void link_scribe::detach_from(caf::io::abstract_broker* broker) {
  if (!draining_) {
    session_->end();
    tell_down();
    // Wakes the stream, which then leaves the loop and closes the socket.
    ::shutdown(stream_.fd(), SHUT_RDWR);
  }
  if (!record().who.node_id.empty())
    forget_spawn_server(*static_cast<caf::io::basp_broker*>(broker), record().who.node_id);
  scribe::detach_from(broker);
}

void link_scribe::graceful_shutdown() {
  // While the node runs, only CAF's reader of BASP asks for this, about what the
  // guard let pass and CAF does not understand. Nobody else would tell of it.
  if (!hub_->closing) {
    kill("what it said is no BASP that CAF understands; is its software whole, and of this version?", errc::untrusted);
    return detach(&stream_.backend(), false), void();
  }
  lost_ = false;
  hub_->note_why(record(), "closed by this node");
  const std::chrono::nanoseconds silent{hub_->now() - record().last_heard};
  // Commands queued for a dead link must not reach the peer when it wakes. And
  // once the node stops, nobody could end a drain that takes too long.
  if (!record().up || silent > hub_->how.bounds.live_within || (hub_->closing && queued() > 0)) {
    kill("");
  } else {
    flush(); // what others have left to this thread
    draining_ = true;
    deadline_ = std::chrono::steady_clock::now() + hub_->how.bounds.drain_within;
    hub_->wake.at(deadline_);
    tell_down();
    stream_.graceful_shutdown();
  }
  detach(&stream_.backend(), false);
}

void link_scribe::look_at_deadline(std::chrono::steady_clock::time_point now) {
  if (now < deadline_ || (record().up && !draining_))
    return;
  deadline_ = std::chrono::steady_clock::time_point::max();
  if (draining_) {
    kill("it did not take what was queued for it");
    return;
  }
  const auto why = fmt::format("no {} handshake within {} ms; is it a node, and not stopped or overloaded?", session_->established() ? "BASP" : "TLS",
                               hub_->how.bounds.handshake_within.count());
  sever(why, true);
}

void link_scribe::tell_down() {
  record().ended = true;
  hub_->close_way(session_);
  auto* told = hub_->how.told;
  if (told == nullptr)
    return;
  auto [code, why] = hub_->end_of(record());
  if (why.empty())
    why = "the connection ended";
  if (std::exchange(told_up_, false)) {
    record().up = false;
    told->link_down(hub_->who(record()), why, lost_);
  } else if (!session_->refusal_was_told() && record().up_since == 0) {
    session_->told_refused();
    hub_->refuse(session_->address(), record().who.name, {code, why});
  }
}

bool link_scribe::consume(caf::execution_unit* context, const void* bytes, std::size_t size) {
  using verdict = basp_guard::verdict;
  using policy = caf::io::receive_policy;
  if (!guard_)
    guard_.emplace(record().who.name, record().who.dialled, hub_->how.bounds.max_frame_bytes,
                   hub_->messages, hub_->own_id);
  switch (guard_->feed(bytes, size)) {
  case verdict::pass: return hand_on(context, bytes, size);
  case verdict::up: return rise(context, bytes, size);
  case verdict::beat: hear_beat(bytes); return true;
  case verdict::drop: stream_.configure_read(policy::exactly(guard_->payload_bytes())); return true;
  case verdict::dropped: stream_.configure_read(policy::exactly(caf::io::basp::header_size)); return true;
  case verdict::cut: break;
  }
  sever(fmt::format("{}. Is its software whole, and of this version? If not, `troupe remove-node {}` keeps it out", guard_->why(),
                    record().who.name), true, errc::untrusted);
  return false;
}

bool link_scribe::rise(caf::execution_unit* context, const void* bytes, std::size_t size) {
  if (auto ok = hub_->raise(record(), guard_->node_id()); !ok) {
    sever(ok.why().context, true, ok.why().code);
    return false;
  }
  told_up_ = true;
  if (auto id = caf::make_uri(guard_->node_id()))
    hub_->open_way(caf::make_node_id(*id), session_);
  if (auto* told = hub_->how.told)
    told->link_up(hub_->who(record()));
  return hand_on(context, bytes, size);
}

bool link_scribe::hand_on(caf::execution_unit* context, const void* bytes, std::size_t size) {
  try { // an exception that leaves the I/O thread ends the process
    return scribe::consume(context, bytes, size);
  } catch (const std::exception& x) {
    sever(fmt::format("its message could not be read: {}", x.what()), true);
    return false;
  }
}

void link_scribe::hear_beat(const void* header) {
  auto& seen = record();
  const auto now = hub_->now();
  const auto heard = beat::from_bytes(header);
  if (heard.tick > seen.peer_tick) {
    seen.peer_tick = heard.tick;
    seen.peer_tick_at = seen.last_heard.load();
  }
  if (const auto took = heard.round_trip(now, last_sent_tick_); took.count() > 0) {
    seen.round_trip = took.count();
    seen.echo_tick = std::max<mono_ns>(seen.echo_tick, heard.echo);
  }
}

void link_scribe::beat_now(mono_ns now) {
  // What is stuck behind a long queue says nothing about the link.
  if (draining_ || record().backlog > hub_->how.bounds.max_backlog_bytes / 2)
    return;
  const mono_ns theirs = record().peer_tick;
  const auto bytes = beat{now, theirs, theirs == 0 ? 0 : now - record().peer_tick_at}.to_bytes();
  last_sent_tick_ = now;
  auto& out = stream_.wr_buf();
  out.insert(out.end(), bytes.begin(), bytes.end());
  flush();
}

} // namespace troupe::cluster
