#include "config/model/house.hpp"
#include "config/schema/bind.hpp"
#include "config/schema/schema.hpp"

namespace troupe::schema {

const section& rule_section() {
  using T = rule_config;
  static const section it{
    "rule",
    "Logic in Lua that reads channels and commands outputs. Troupe records what a run reads and runs "
    "the rule again when that changes; there are no trigger lists.",
    "hall-light",
    {
      {.key = "label",
       .field = field<T>(&T::label),
       .help = "A text for people, shown beside the name.",
       .fallback = "",
       .most = 200,
       .changing = restarts::nothing},
      {.key = "outputs",
       .field = field<T>(&T::outputs),
       .help = "What the rule may command. A command to anything else is refused, so that a slip of "
               "the pen in one rule cannot reach another one's outputs.",
       .fallback = json::array(),
       .most = 256,
       .example = "[\"hall/lamp\"]"},
      {.key = "priority",
       .field = field<T>(&T::priority),
       .help = "Where its commands stand in each output's priority array: 1 wins over all, 16 over "
               "nothing (BACnet clause 19.2). By hand is 8: a number below it overrides people, and "
               "is meant for what protects life and house.",
       .fallback = 10,
       .least = 1,
       .most = 16},
      {.key = "every",
       .field = field<T>(&T::every),
       .help = "Also run periodically; 0s runs only when something that it read has changed. Shorter "
               "costs processor time; conditions on time need none of it, they wake the rule.",
       .fallback = "0s",
       .least = 0,
       .most = 7.0 * 86'400'000},
      {.key = "lease",
       .field = field<T>(&T::lease),
       .help = "How long outputs obey this rule without hearing from it. Shorter is safe sooner when "
               "the rule or its node dies; longer rides over longer pauses.",
       .fallback = "5s",
       .least = 300,
       .most = 86'400'000,
       .limit_why = "renewals come every 100ms, and one lost renewal must not switch an output"},
      {.key = "edge-limit",
       .field = field<T>(&T::edge_limit),
       .help = "How old an edge of an input may be when the rule comes to act on it: after a restart, a "
               "takeover, a link that was cut. Longer acts on more of what happened meanwhile; shorter "
               "keeps a button that was pressed long ago from opening the door now.",
       .fallback = "10s",
       .least = 100,
       .most = 10'000,
       .limit_why = "edges are kept for 10s, and on their way for some milliseconds"},
      {.key = "instructions",
       .field = field<T>(&T::instructions),
       .help = "Lua instructions that one run may take; past them the run is stopped and shown. More "
               "allows longer work, and lets a runaway loop hold a worker longer.",
       .fallback = 200000,
       .least = 1000,
       .most = 100'000'000},
      {.key = "memory",
       .field = field_size<T>(&T::memory_bytes),
       .help = "What the script and its variables may occupy; past it the run is stopped and shown.",
       .fallback = "1MiB",
       .least = 65536,
       .most = 64.0 * 1024 * 1024},
      {.key = "node",
       .field = field<T>(&T::node),
       .help = "Where it runs; empty: the node where it was added. At the node of its outputs "
               "it needs no network; elsewhere they obey it only while the link stands, and for its "
               "lease after that.",
       .fallback = "",
       .most = 64,
       .example = "\"server-1\""},
      {.key = "redundancy",
       .field = field_words<T>(words_of<redundancy>{{"none", redundancy::none},
                                                    {"cold", redundancy::cold},
                                                    {"warm", redundancy::warm},
                                                    {"hot", redundancy::hot}},
                               &T::standby),
       .help = "What happens when its node is gone. none: nothing, the rule belongs to its node. cold: another "
               "node starts it when the first is known to be down, a second or two. warm: two more nodes have it "
               "loaded and take over within its class. hot: as warm, and they run it too, without effect, and raise an "
               "alarm when they would want something else; costs the rule's processor time on each of them. All need "
               "`outputs` or a `witness`: they decide who acts.",
       .fallback = "none"},
      {.key = "class",
       .field = field_text_words<T>({"critical", "fast", "normal", "slow"}, &T::pace),
       .help = "How soon a silent node loses its rule: critical after 80ms, fast 180ms, normal 400ms, slow 2.5s. "
               "A dead process loses it at once in all of them. Shorter needs steady links and an idle processor, "
               "or control moves to and fro.",
       .fallback = "normal"},
      {.key = "nodes",
       .field = field<T>(&T::nodes),
       .help = "Where it is to run, best first. Others come after these. Without it: next to its outputs, then "
               "servers, then as a hash of the names says.",
       .fallback = json::array(),
       .most = 64,
       .example = "[\"server-1\", \"server-2\"]"},
      {.key = "only",
       .field = field<T>(&T::only),
       .help = "Runs on no other node than those in `nodes`, also if all of these are gone.",
       .fallback = false},
      {.key = "labels",
       .field = field<T>(&T::labels),
       .help = "Words that a node must have in the labels of its node.toml, all of them, to run this rule.",
       .fallback = json::array(),
       .most = 16,
       .example = "[\"ups\"]"},
      {.key = "spread",
       .field = field<T>(&T::spread),
       .help = "Rules with the same word avoid each other's nodes, so that one failure does not take them all.",
       .fallback = "",
       .most = 64,
       .example = "\"pumps\""},
      {.key = "witness",
       .field = field<T>(&T::witness),
       .help = "An output that decides where the rule acts, though the rule never sets it. For rules that drive "
               "nothing in this house, a mail or a device that several servers reach.",
       .fallback = "",
       .most = 64,
       .example = "\"hall/witness\""},
      {.key = "partial",
       .field = field<T>(&T::partial),
       .help = "Acts with those of its outputs that it reaches. Without it the rule acts only while it holds all of "
               "them, and they go safe together. With it both sides of a cut may act, each on its outputs.",
       .fallback = false},
      {.key = "hand-back",
       .field = field<T>(&T::hand_back),
       .help = "A better node must be there for so long before the rule goes back to it; 0s: it stays where it is. "
               "Shorter moves more often when a node comes and goes.",
       .fallback = "5m",
       .least = 0,
       .most = 86'400'000},
      {.key = "lua",
       .field = field<T>(&T::lua),
       .help = "The script. Between ''' and ''' nothing needs escaping.",
       .required = true,
       .most = 65536,
       .example = "'''\nset(\"hall/lamp\", on(\"hall/motion\") or held(\"hall/button\", \"2s\"))\n'''",
       .many_lines = true},
    }};
  return it;
}

} // namespace troupe::schema
