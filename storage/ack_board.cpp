#include "storage/ack_board.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>

namespace troupe::storage {

namespace {

/// What `usual` writers need not know: the write is as safe as without peers.
status open_end(ack need, const std::string& why) {
  if (need == ack::usual)
    return {};
  return error{errc::timed_out, "stored on this node; " + why};
}

} // namespace

bool ack_board::confirmed(waiter& x, const std::string& peer, const version_vector& durable) {
  if (durable.at(x.of) < x.seq)
    return false;
  if (x.need != ack::all)
    return true;
  std::erase(x.missing, peer);
  return x.missing.empty();
}

template <class F>
ack_board::told ack_board::take_if(F finished_as) {
  told out;
  std::erase_if(waiting_, [&](waiter& x) {
    std::optional<status> how = finished_as(x);
    if (how)
      out.push_back({std::move(x.done), std::move(*how)});
    return how.has_value();
  });
  return out;
}

ack_board::told ack_board::add(on_durable done, ack need, const stream_id& of, std::uint64_t seq,
                               mono_ns until, const std::vector<std::string>& members) {
  told out;
  if (need == ack::local || (need == ack::usual && linked_.empty()) || (need == ack::all && members.empty())) {
    out.push_back({std::move(done), {}});
    return out;
  }
  if (waiting_.size() >= most) {
    out.push_back({std::move(done), open_end(need, fmt::format("{} writers wait for other members already", most))});
    return out;
  }
  waiting_.push_back({std::move(done), need, of, seq, until, members});
  auto& x = waiting_.back();
  for (const auto& [peer, durable] : linked_)
    if (confirmed(x, peer, durable)) {
      out.push_back({std::move(x.done), {}});
      waiting_.pop_back();
      break;
    }
  return out;
}

ack_board::told ack_board::acknowledged(const std::string& peer, const version_vector& durable) {
  linked_[peer] = durable; // may be less than before, when it was restored
  if (waiting_.empty())
    return {};
  return take_if([&](waiter& x) { return confirmed(x, peer, durable) ? std::optional{status{}} : std::nullopt; });
}

ack_board::told ack_board::unreachable(const std::string& peer) {
  linked_.erase(peer);
  if (!linked_.empty())
    return {};
  return take_if([&](const waiter& x) {
    return x.need == ack::all ? std::nullopt : std::optional{open_end(x.need, "no other member is linked")};
  });
}

ack_board::told ack_board::late(mono_ns now) {
  return take_if([&](const waiter& x) -> std::optional<status> {
    if (now < x.until)
      return {};
    std::string who;
    for (const auto& name : x.missing)
      who += (who.empty() ? "" : ", ") + name;
    return open_end(x.need, x.need == ack::all ? "not confirmed in time by " + who
                                               : "no other member has confirmed it in time");
  });
}

mono_ns ack_board::due() const {
  auto first = std::numeric_limits<mono_ns>::max();
  for (const auto& x : waiting_)
    first = std::min(first, x.until);
  return first;
}

} // namespace troupe::storage
