#pragma once

#include "actors/supervision/fault.hpp"

#include <caf/all.hpp>

#include <chrono>
#include <optional>
#include <string>

namespace troupe::daemon {

/// Asks an actor and waits for its answer: for threads that may wait, so never
/// for event-based actors.
/// @returns `not_found` for a null handle, `timed_out` after `limit`, else what
///          the actor says.
template <class Answer, class... Ts>
result<Answer> ask(caf::actor_system& system, const caf::actor& whom, const std::string& name,
                   std::chrono::milliseconds limit, Ts&&... xs) {
  if (!whom)
    return error{errc::not_found, "nobody is called '" + name + "'; `troupe ps` lists the names"};
  caf::scoped_actor self{system};
  std::optional<result<Answer>> out;
  self->request(whom, limit, std::forward<Ts>(xs)...)
    .receive([&](Answer& x) { out.emplace(std::move(x)); },
             [&](const caf::error& x) {
               auto why = supervision::from_caf(x);
               if (why.code == errc::timed_out)
                 why.context = "'" + name + "' did not answer within " + std::to_string(limit.count())
                               + " ms; `troupe ps` shows what it does";
               else if (x == caf::sec::request_receiver_down)
                 why = {errc::closed, "'" + name + "' ended before it answered; `troupe log` tells why, and its "
                                        "supervisor starts it again"};
               else if (x == caf::sec::unexpected_message)
                 why = {errc::unsupported, "'" + name + "' does not understand that; `troupe get "
                                             + name + "` shows what it is"};
               out.emplace(std::move(why));
             });
  return std::move(*out);
}

} // namespace troupe::daemon
