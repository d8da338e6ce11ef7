#include "config/model/house.hpp"
#include "config/schema/bind.hpp"
#include "config/schema/schema.hpp"

namespace troupe::schema {

const section& bus_section() {
  using T = bus_config;
  const condition gpio{"driver", {"gpio"}};
  const condition sim{"driver", {"sim"}};
  const condition replay{"driver", {"replay"}};
  static const section it{
    "bus",
    "One single-threaded path to hardware: a gpiochip, the simulated house, a recording. "
    "Channels and counters name the bus that their line is on.",
    "gpio0",
    {
      {.key = "driver",
       .field = field_text_words<T>({"gpio", "sim", "replay"}, &T::driver),
       .help = "What drives the bus: gpio is a chip of the kernel's GPIO character device, sim the "
               "simulated house that ships with Troupe, replay a recording.",
       .required = true,
       .example = "\"gpio\""},
      {.key = "chip",
       .field = field<T>(&T::chip),
       .help = "The gpiochip, by label, name or path. A label survives a change of the order in "
               "which the kernel finds its chips; a name like gpiochip0 may not.",
       .required = true,
       .most = 256,
       .only = {gpio},
       .example = "\"pinctrl-bcm2711\""},
      {.key = "file",
       .field = field<T>(&T::file),
       .help = "The recording to play.",
       .required = true,
       .most = 4096,
       .only = {replay},
       .example = "\"/var/lib/troupe/monday.rec\""},
      {.key = "pace",
       .field = field<T>(&T::pace),
       .help = "How many times faster than recorded; 0 is as fast as possible. Leases, filters and "
               "time-outs run in real time, so a high pace changes what rules make of the input.",
       .fallback = 1,
       .least = 0,
       .most = 1e6,
       .only = {replay}},
      {.key = "seed",
       .field = field<T>(&T::seed),
       .help = "Everything by chance in the simulated house is drawn from it: the same seed is the "
               "same weather, noise and habits.",
       .fallback = 1,
       .least = 0,
       .most = 9007199254740992.0,
       .only = {sim}},
      {.key = "speed",
       .field = field<T>(&T::speed),
       .help = "Model seconds in a real second. More shows a day's heating in minutes; leases and "
               "time-outs still run in real time.",
       .fallback = 1,
       .least = 0.001,
       .most = 100000,
       .only = {sim}},
      {.key = "call-timeout",
       .field = field<T>(&T::call_timeout),
       .help = "A driver call that takes longer is hung: the bus is replaced and its lines are "
               "opened again. Shorter finds a hang sooner; shorter than the hardware's slowest "
               "honest answer replaces a bus that works.",
       .fallback = "1s",
       .least = 10,
       .most = 60'000},
      {.key = "reopen-every",
       .field = field<T>(&T::reopen_every),
       .help = "The pause between tries to open the bus again after its device was lost. Shorter is "
               "back sooner after replugging; longer logs less while it is away.",
       .fallback = "1s",
       .least = 100,
       .most = 3'600'000},
      {.key = "reader-priority",
       .field = field<T>(&T::reader_priority),
       .help = "Real-time priority (SCHED_FIFO) of the thread that takes edges from the kernel; 0 is "
               "a normal thread. More keeps the kernel's buffer from overflowing on a busy machine, "
               "at the cost of everything below it. Needs the right to set it.",
       .fallback = 0,
       .least = 0,
       .most = 99,
       .only = {gpio}},
      {.key = "node",
       .field = field<T>(&T::node),
       .help = "Whose hardware it is; empty: the node where it was added. Channels and counters are "
               "where their bus is. Written, one house.toml serves all nodes; moving a bus stops it "
               "there and starts it here, with everything on it.",
       .fallback = "",
       .most = 64,
       .example = "\"boiler\""},
    }};
  return it;
}

} // namespace troupe::schema
