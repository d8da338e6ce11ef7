#include "cluster/link/accept.hpp"
#include "cluster/link/core.hpp"

#include "actors/protocol/command.hpp"
#include "actors/protocol/freshness.hpp"
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
        me->complain(*who, fmt::format("a message of it could not be taken: {}", why.what()));
      }
    };
    // What is no sense is not taken, and told with the name of who said it.
    const auto sense = [me](cluster::peer& who, const char* what, const auto& x) {
      auto ok = accept(x);
      if (!ok)
        me->complain(who, fmt::format("a {} of it was dropped: {}. Is its software whole, and of this version?", what, ok.why().context));
      return static_cast<bool>(ok);
    };
    return {
      [me, self](hello& x) {
        try { // what leaves a handler ends the gateway
          me->on_hello(self->current_sender(), std::move(x));
        } catch (const std::exception& why) {
          me->trouble(me->how.node, fmt::format("a hello could not be taken: {}", why.what()));
        }
      },
      [=](reading_batch& x) {
        guarded(peer(), [&](auto& p) {
          me->tell_anew(p);
          if (sense(p, "batch of readings", x))
            me->on_batch(p, std::move(x));
        });
      },
      [=](const batch_taken& x) { guarded(peer(), [&](auto& p) { p.out->taken(x.seq); }); },
      [=](envelope& x) {
        guarded(peer(), [&](auto& p) {
          me->count_envelope(p, x.seq);
          if (sense(p, "message", x))
            me->on_envelope(p, std::move(x));
        });
      },
      [=](ownership_frame& x) {
        guarded(peer(), [&](auto& p) {
          me->count_envelope(p, x.seq);
          if (sense(p, "word about who commands", x))
            me->on_ownership(p, std::move(x));
        });
      },
      [=](const envelopes_taken& x) {
        guarded(peer(), [&](auto& p) {
          p.anew_due |= x.refused;
          me->tell_anew(p);
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
          if (x.tick > p.tick) {
            p.tick = x.tick;
            p.tick_at = me->all.clocks.mono();
          }
          me->release_waiting(p);
        });
      },
      [=](far_call& x) {
        const auto who = peer();
        guarded(who, [&](auto& p) {
          if (sense(p, "question", x))
            me->on_call(who, std::move(x));
          else
            me->post(p.gateway, refusal(x.id, 400, "invalid_argument", accept(x).why().context));
        });
      },
      [=](far_answer& x) {
        guarded(peer(), [&](auto& p) {
          // Who asked waits: it is told, too.
          if (!sense(p, "answer", x))
            x = refusal(x.id, 502, "io_error", accept(x).why().context);
          const auto stream = x.stream;
          // Nobody waits any more, so nobody will ever read or close it.
          if (!me->questions.answered(p.who.name, std::move(x)) && stream != 0)
            me->post(p.gateway, far_close{stream});
        });
      },
      [=](const far_pull& x) {
        const auto who = peer();
        guarded(who, [&](auto& p) {
          if (sense(p, "question", x))
            me->on_pull(who, x);
        });
      },
      [=](far_events& x) {
        const auto who = peer();
        guarded(who, [&](auto& p) {
          if (sense(p, "lot of events", x))
            me->on_events(who, std::move(x));
        });
      },
      [=](const far_close& x) { guarded(peer(), [&](auto& p) { me->service.close(p.who.name, x.stream); }); },
      [=](catalogue_part& x) {
        guarded(peer(), [&](auto& p) {
          if (sense(p, "part of its documents", x))
            me->on_catalogue(p, std::move(x));
        });
      },
      [=](replica_frame& x) {
        guarded(peer(), [&](auto& p) {
          if (sense(p, "frame of its store", x))
            me->on_frame(p, std::move(x));
        });
      },
      [=](trust_offer& x) {
        guarded(peer(), [&](auto& p) {
          if (sense(p, "word about trust", x))
            me->on_trust(p, std::move(x));
        });
      },
      [=](membership_message& x) {
        guarded(peer(), [&](auto& p) {
          if (!sense(p, "letter", x) || !me->hooks.on_letter)
            return;
          auto counts = p.commands() ? std::optional{std::move(x)} : of_a_board(p.who.name, std::move(x));
          if (counts)
            me->hooks.on_letter(p.who.name, std::move(*counts));
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
    tell_refused(*who, why);
    wire.drop(who->name, why);
  };
  if (x.protocol != link_protocol)
    return refuse(fmt::format("{} ({}) speaks protocol {} of the links, this node ({}) {}; update the older one",
                              who->name, quotable(x.version), x.protocol, how.version, link_protocol));
  if (x.node != who->name)
    return refuse(fmt::format("{} calls itself {} in its hello; its certificate decides. Write that name into its node.toml, or give it a certificate of its own", who->name, quotable(x.node)));
  if (auto ok = accept(x); !ok)
    return refuse(fmt::format("{} says hello with something wrong: {}; update it", who->name, ok.why().context));
  if (!x.gateway || x.gateway.node() != from->node())
    return refuse(fmt::format("{} names a gateway that is not its own; is its software whole, and of this version?", who->name));
  if (const auto known = linked.find(from->node())) {
    // A second hello of the same process says nothing new; another one of
    // another process's is none of its own.
    if (x.gateway != known->gateway || x.incarnation != known->incarnation)
      return refuse(fmt::format("{} said hello again, as somebody else; is its software whole, and of this version?", who->name));
    return;
  }
  if (const auto row = hooks.removed ? hooks.removed(who->name) : std::nullopt) {
    // It hears why, so that it dials no more; our hello first, or it takes no letter.
    post(x.gateway, my_hello());
    post(x.gateway, membership_message{membership_message::kind::view, {}, 0, {*row}});
    return refuse(fmt::format("{} was removed from the house by an operator; `troupe approve {}` takes it back", who->name, who->name));
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
  shown.linked(who->name);
  (void)linked.put(fresh);
  ++linked_count;
  std::vector<catalogue_part> book;
  trust_offer trust;
  {
    std::lock_guard lock{mutex};
    book = book_for(*fresh);
    trust = own_trust;
  }
  for (auto& part : book)
    post(x.gateway, std::move(part));
  if (!trust.authorities.empty() && fresh->commands())
    post(x.gateway, std::move(trust));
  in_order.unlock();
  if (hooks.on_peer)
    hooks.on_peer(who->name, x.incarnation);
  fresh->out->begin();
}

/// One row that is wrong takes no other with it, and the peer's window goes on.
void link::core::on_batch(peer& from, reading_batch x) {
  error first{errc::none, ""};
  const auto wrong = std::erase_if(x.rows, [&](const far_row& row) {
    auto ok = accept(row);
    if (!ok && first.code == errc::none)
      first = ok.why();
    return !ok;
  });
  if (wrong > 0)
    complain(from, fmt::format("{} readings of it are not shown; the first: {}", wrong, first.context));
  const auto refused = shown.take(from.who.name, x, from.commands() ? nullptr : &from.who.names);
  if (refused.over > 0)
    complain(from, fmt::format("{} readings of it are not shown: more than {} names, or {} MiB, of one node. Divide what it runs over two nodes", refused.over,
                               mirror::most_names, mirror::most_bytes >> 20));
  if (refused.foreign > 0)
    complain(from, fmt::format("{} readings of it are not shown, for their names are not its own; the first is {}. What a board "
                               "may show stands behind its key, in the file of pre-shared keys", refused.foreign, refused.first));
  // Half a window at a time: an answer to each batch would stand in the way of
  // the command that this batch may cause. The rest is said with a breath.
  std::lock_guard lock{from.mutex};
  from.batch_taken = x.seq;
  if (x.seq - from.batch_said >= feed::batches / 2)
    post(from.gateway, batch_taken{from.batch_said = x.seq});
}

/// Looks at all its rows, so not at its every word.
void link::core::tell_anew(peer& from) {
  const auto now = all.clocks.mono();
  if (!from.anew_due || now - from.anew_at < breath)
    return;
  from.anew_due = false;
  from.anew_at = now;
  shown.refused_by(from.who.name);
}

/// Also what is not taken is counted, or the peer's window would close.
void link::core::count_envelope(peer& from, std::uint64_t seq) {
  std::lock_guard lock{from.mutex};
  // Numbers that jump are wrong; the peer's own window is what suffers.
  if (seq <= from.seq_taken || seq - from.seq_taken > peer::envelopes_under_way)
    return;
  from.seq_taken = seq;
  if (seq - from.seq_said >= say_taken_every)
    post(from.gateway, envelopes_taken{from.seq_said = seq});
}

void link::core::on_envelope(peer& from, envelope x) {
  if (!from.commands())
    return complain(from, fmt::format("it may show values and obey, yet sent a message for {}; it was dropped", x.to));
  if (!is_fresh(all.clocks.mono(), x.echo, how.fresh_within)) {
    {
      std::lock_guard lock{from.mutex};
      ++from.refused_stale;
    }
    complain(from, fmt::format("a message of it for {} was older than {} ms when it came, and was dropped: it had "
                                 "waited in a broken link or a stopped process", x.to, how.fresh_within.count()));
    // Its rules think that it came, and would renew what they had told before it.
    std::lock_guard lock{from.mutex};
    post(from.gateway, envelopes_taken{from.seq_said = from.seq_taken, true});
    return;
  }
  const auto whom = all.names.find(x.to);
  if (!whom)
    return;
  // How long it was under way at most: an output must not take what led to it for younger.
  if (x.what.pulse.count() > 0)
    x.what.age += milliseconds{(all.clocks.mono() - x.echo) / 1'000'000 + 1};
  auto what = x.renews ? caf::make_message(renewal{x.what.output, x.what.source}) : caf::make_message(std::move(x.what));
  caf::actor_cast<caf::abstract_actor*>(whom)->enqueue(nullptr, caf::make_message_id(), std::move(what), nullptr);
}

/// A node speaks for its own controllers and its own outputs only, and a board
/// for its outputs.
void link::core::on_ownership(peer& from, ownership_frame x) {
  using word = ownership_word;
  const auto& what = x.what;
  const bool to_output = what.word == word::ask || what.word == word::claim || what.word == word::renew
                         || what.word == word::release;
  const bool among_controllers = what.word == word::prepare || what.word == word::ready;
  if ((to_output || among_controllers) && (!from.commands() || what.by.node != from.who.name))
    return complain(from, fmt::format("it spoke for a controller of node {} at {}; it was dropped", what.by.node, x.to));
  if (!to_output && !among_controllers && !from.owns(what.output))
    return complain(from, fmt::format("it spoke for the output {}, which is not its own; it was dropped", what.output));
  if (to_output ? what.output != x.to : what.source != x.to)
    return complain(from, fmt::format("its word for {} is about another one; it was dropped", x.to));
  if (const auto whom = all.names.find(x.to))
    caf::actor_cast<caf::abstract_actor*>(whom)->enqueue(nullptr, caf::make_message_id(), caf::make_message(std::move(x.what)), nullptr);
}

void link::core::on_call(const peer_ptr& from, far_call x) {
  const auto id = x.id;
  if (!from->commands()) {
    complain(*from, fmt::format("it may show values and obey, yet asked '{} {}'; it was told 403", x.method, quotable(x.path)));
    return post(from->gateway, refusal(id, 403, "permission_denied", "a board asks nothing of other nodes; ask as an operator, or give it a certificate (`troupe join`)"));
  }
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

void link::core::on_catalogue(peer& from, catalogue_part x) {
  std::string first;
  const auto foreign = from.commands() ? 0 : std::erase_if(x.documents, [&](const auto& text) {
    const auto name = hooks.name_of ? hooks.name_of(text) : std::string{};
    const bool is_foreign = name.empty() || !from.owns(name);
    if (is_foreign && first.empty())
      first = quotable(name);
    return is_foreign;
  });
  if (foreign > 0)
    complain(from, fmt::format("{} documents of it are not kept, for their names are not its own; the first is '{}'. What a board may show "
                               "stands behind its key, in the file of pre-shared keys: name its buses, channels and rules so", foreign, first));
  bool over = false;
  const bool whole = books.take(from.who.name, x, &over);
  if (over)
    complain(from, fmt::format("documents of it are not kept: more than {} MiB of one node. What it showed before stays. Divide what it runs "
                               "over two nodes, or `troupe remove-node {}`", catalogue::most_bytes >> 20, from.who.name));
  if (whole && hooks.on_catalogue)
    hooks.on_catalogue(from.who.name);
}

void link::core::on_frame(peer& from, replica_frame x) {
  if (!from.commands())
    return complain(from, "it may show values and obey, yet sent a frame for the replicated store; it was dropped. Boards with a "
                          "pre-shared key have no part in it; give it a certificate (`troupe join`)");
  if (hooks.on_frame)
    hooks.on_frame(from.who.name, std::move(x.bytes));
}

void link::core::on_trust(peer& from, trust_offer x) {
  if (!from.commands())
    return complain(from, "it may show values and obey, yet told whom to trust; it was dropped. Boards have keys and no "
                          "certificates; is its software whole, and of this version?");
  if (hooks.on_trust)
    hooks.on_trust(from.who.name, std::move(x));
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
