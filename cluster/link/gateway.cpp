#include "cluster/link/core.hpp"
#include "cluster/link/freshness.hpp"

#include "actors/protocol/command.hpp"
#include "cluster/membership/inspect.hpp"

#include <caf/io/all.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace troupe::cluster {

namespace {

constexpr std::uint64_t say_taken_every = 128;

far_answer refusal(std::uint64_t id, int status, const std::string& code, const std::string& text) {
  far_answer x;
  x.id = id;
  x.status = status;
  x.type = "application/json";
  x.body = nlohmann::json{{"error", {{"code", code}, {"text", text}}}}.dump();
  return x;
}

} // namespace

/// A broker, so that it runs on the I/O thread. It has no state: whoever it is
/// that sent a message is looked up by the link it came through.
caf::actor link::core::spawn_gateway() {
  return system.middleman().spawn_broker([me = shared_from_this()](caf::io::broker* self) -> caf::behavior {
    self->set_default_handler(caf::drop);
    // A frame of a peer must not end the gateway of the node.
    self->set_exception_handler([me](std::exception_ptr& what) -> caf::error {
      try {
        std::rethrow_exception(what);
      } catch (const std::exception& x) {
        me->trouble(me->how.node, fmt::format("the gateway failed: {}", x.what()));
      }
      return caf::sec::runtime_error;
    });
    const auto peer = [me, self]() -> peer_ptr {
      const auto& sender = self->current_sender();
      return sender ? me->linked.find(sender->node()) : nullptr;
    };
    const auto guarded = [me](const peer_ptr& who, auto&& f) {
      if (!who)
        return; // its link ended, or it has not said hello
      try {
        f(*who);
      } catch (const std::exception& why) {
        me->trouble(who->who.name, fmt::format("a message of it could not be taken: {}", why.what()));
      }
    };
    return {
      [me, self](hello& x) {
        try {
          me->on_hello(self->current_sender(), std::move(x));
        } catch (const std::exception& why) {
          me->trouble(me->how.node, fmt::format("a hello could not be taken: {}", why.what()));
        }
      },
      [=](const reading_batch& x) { guarded(peer(), [&](auto& p) { me->on_batch(p, x); }); },
      [=](const batch_taken& x) { guarded(peer(), [&](auto& p) { p.out->taken(x.seq); }); },
      [=](envelope& x) { guarded(peer(), [&](auto& p) { me->on_envelope(p, std::move(x)); }); },
      [=](const envelopes_taken& x) {
        guarded(peer(), [&](auto& p) {
          std::lock_guard lock{p.mutex};
          p.envelopes.taken(x.seq);
        });
      },
      [=](tick_asked) {
        guarded(peer(), [&](auto& p) { me->post(p.gateway, tick_told{me->all.clocks.mono()}); });
      },
      [=](const tick_told& x) {
        guarded(peer(), [&](auto& p) {
          std::lock_guard lock{p.mutex};
          p.tick = x.tick;
          p.tick_at = me->all.clocks.mono();
          me->release_waiting(p);
        });
      },
      [=](far_call& x) {
        const auto who = peer();
        guarded(who, [&](auto&) { me->on_call(who, std::move(x)); });
      },
      [=](far_answer& x) {
        guarded(peer(), [&](auto& p) {
          const auto stream = x.stream;
          // Nobody waits any more, so nobody will ever read or close it.
          if (!me->questions.answered(p.who.name, std::move(x)) && stream != 0)
            me->post(p.gateway, far_close{stream});
        });
      },
      [=](const far_pull& x) {
        const auto who = peer();
        guarded(who, [&](auto&) { me->on_pull(who, x); });
      },
      [=](far_events& x) {
        const auto who = peer();
        guarded(who, [&](auto&) { me->on_events(who, std::move(x)); });
      },
      [=](const far_close& x) { guarded(peer(), [&](auto& p) { me->service.close(p.who.name, x.stream); }); },
      [=](const catalogue_part& x) {
        guarded(peer(), [&](auto& p) {
          if (me->books.take(p.who.name, x) && me->hooks.on_catalogue)
            me->hooks.on_catalogue(p.who.name);
        });
      },
      [=](trust_offer& x) {
        guarded(peer(), [&](auto& p) {
          if (me->hooks.on_trust)
            me->hooks.on_trust(p.who.name, std::move(x));
        });
      },
      [=](membership_message& x) {
        guarded(peer(), [&](auto& p) {
          if (p.commands() && me->hooks.on_letter)
            me->hooks.on_letter(p.who.name, std::move(x));
        });
      },
    };
  });
}

void link::core::on_hello(const caf::strong_actor_ptr& from, hello x) {
  spdlog::debug("hello from {} of {}", x.node, from ? to_string(from->node()) : "nobody");
  if (!from)
    return;
  const auto who = wire.identify(from->node());
  if (!who)
    return; // the link ended while this was under way
  const auto refuse = [&](const std::string& why) {
    trouble(who->name, why);
    wire.drop(who->name, why);
  };
  if (x.protocol != link_protocol)
    return refuse(fmt::format("{} ({}) speaks protocol {} of the links, this node ({}) {}; update the older one",
                              who->name, x.version, x.protocol, how.version, link_protocol));
  if (x.node != who->name)
    return refuse(fmt::format("{} calls itself {} in its hello; its certificate decides", who->name, x.node));
  if (!x.gateway || x.gateway.node() != from->node())
    return refuse(fmt::format("{} names a gateway that is not its own", who->name));
  if (const auto known = linked.find(from->node())) {
    known->tick = x.tick; // a second hello of the same process says nothing new
    return;
  }
  auto fresh = std::make_shared<peer>();
  fresh->who = *who;
  fresh->version = x.version;
  fresh->incarnation = x.incarnation;
  fresh->gateway = x.gateway;
  fresh->node = from->node();
  fresh->since = all.clocks.mono();
  fresh->tick = x.tick;
  fresh->tick_at = fresh->since;
  fresh->out = std::make_unique<feed>(all.live, all.clocks, [this, to = x.gateway](reading_batch batch) {
    post(to, std::move(batch));
  }, [this](const std::string& name) { return incarnation_of(name); });
  if (const auto before = linked.find(who->name))
    lose(before, "a new process of it came", true);
  bool greeted_first = false;
  {
    std::lock_guard lock{mutex};
    greeted_first = greeted.erase(to_string(from->node())) != 0;
    if (linked_count == 0)
      last_grade.clear(); // nobody listened: it is of old times
  }
  if (!greeted_first)
    post(x.gateway, my_hello());
  std::unique_lock in_order{introducing};
  (void)linked.put(fresh);
  ++linked_count;
  std::vector<catalogue_part> book;
  trust_offer trust;
  {
    std::lock_guard lock{mutex};
    book = own_book;
    trust = own_trust;
  }
  for (auto& part : book)
    post(x.gateway, std::move(part));
  if (!trust.authorities.empty())
    post(x.gateway, std::move(trust));
  in_order.unlock();
  if (hooks.on_peer)
    hooks.on_peer(who->name, x.incarnation);
  fresh->out->begin();
}

void link::core::on_batch(peer& from, const reading_batch& x) {
  shown.take(from.who.name, x, from.who.names);
  // Half a window at a time: an answer to each batch would stand in the way of
  // the command that this batch may cause. The rest is said with a breath.
  std::lock_guard lock{from.mutex};
  from.batch_taken = x.seq;
  if (x.seq - from.batch_said >= feed::batches / 2)
    post(from.gateway, batch_taken{from.batch_said = x.seq});
}

void link::core::on_envelope(peer& from, envelope x) {
  bool stale = false;
  {
    std::lock_guard lock{from.mutex};
    from.seq_taken = x.seq;
    if (x.seq - from.seq_said >= say_taken_every)
      post(from.gateway, envelopes_taken{from.seq_said = x.seq});
    stale = !is_fresh(all.clocks.mono(), x.echo, how.fresh_within);
    if (stale)
      ++from.refused_stale;
  }
  if (!from.commands())
    return trouble(from.who.name, fmt::format("may show values and obey, yet sent a message for {}; it was dropped", x.to));
  if (stale)
    return trouble(x.to, fmt::format("a message of node {} for it was older than {} ms when it came, and was dropped as stale: it had "
                                     "waited in a broken link or a stopped process", from.who.name, how.fresh_within.count()));
  // What travels is what rules and operators say to outputs; anything else an
  // actor understands is between it and its own node.
  if (!x.what.match_elements<command>() && !x.what.match_elements<renewal>())
    return trouble(from.who.name, fmt::format("sent {} a message that does not travel between nodes", x.to));
  if (const auto whom = all.names.find(x.to))
    caf::actor_cast<caf::abstract_actor*>(whom)->enqueue(nullptr, caf::make_message_id(), std::move(x.what), nullptr);
}

void link::core::on_call(const peer_ptr& from, far_call x) {
  const auto id = x.id;
  if (!from->commands())
    return post(from->gateway, refusal(id, 403, "permission_denied", "a board asks nothing of other nodes"));
  // Who sent it has been told long ago that nobody answered.
  if (!x.looks() && !is_fresh(all.clocks.mono(), x.echo, how.fresh_within)) {
    const auto why = fmt::format("{} {} of {} at node {} was older than {} ms when it came, and was refused as stale: it had waited in "
                                 "a broken link or a stopped process", x.method, x.path, x.who, from->who.name, how.fresh_within.count());
    trouble(from->who.name, why);
    return post(from->gateway, refusal(id, 504, "timed_out", why));
  }
  service.call(from->who.name, std::move(x), [me = shared_from_this(), to = from->gateway, id](far_answer answer) {
    answer.id = id;
    me->post(to, std::move(answer));
  });
}

void link::core::on_pull(const peer_ptr& from, const far_pull& x) {
  service.pull(from->who.name, x, [me = shared_from_this(), to = from->gateway](far_events events) {
    me->post(to, std::move(events));
  });
}

void link::core::on_events(const peer_ptr& from, far_events x) {
  const reader_key key{from->who.name, x.stream};
  const auto stream = x.stream;
  const bool ended = x.ended;
  std::function<bool(far_events)> sink;
  {
    std::lock_guard lock{mutex};
    const auto found = readers.find(key);
    if (found == readers.end())
      return;
    sink = found->second;
  }
  const bool goes_on = sink(std::move(x)) && !ended;
  bool still_there = true;
  if (!goes_on) {
    std::lock_guard lock{mutex};
    still_there = readers.erase(key) != 0;
  }
  if (goes_on)
    post(from->gateway, far_pull{stream, 64});
  else if (!ended && still_there)
    post(from->gateway, far_close{stream});
}

} // namespace troupe::cluster
