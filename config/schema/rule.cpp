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
