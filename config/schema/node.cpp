#include "config/model/house.hpp"
#include "config/schema/bind.hpp"
#include "config/schema/schema.hpp"

namespace troupe::schema {

const section& node_section() {
  using T = node_config;
  constexpr auto node = restarts::node;
  static const section it{
    "node",
    "This machine: who it is, where it keeps its data, what it may use. The house itself is in "
    "house.toml and is the same wherever it runs.",
    "",
    {
      {.key = "name",
       .field = field<T>(&T::name),
       .help = "The node's name among the nodes of the house: one word of a-z 0-9 - _ . that begins "
               "with a letter or digit. Its stored streams carry it: changing it makes a new node.",
       .fallback = "node",
       .most = 64,
       .changing = node,
       .example = "\"boiler\""},
      {.key = "data-dir",
       .field = field<T>(&T::data_dir),
       .help = "Where totals, settings and the journal rest. Put it on a disk that survives power "
               "cuts, not on tmpfs.",
       .fallback = "/var/lib/troupe",
       .most = 4096,
       .changing = node},
      {.key = "socket",
       .field = field<T>(&T::socket),
       .help = "The unix socket on which `troupe` reaches the node.",
       .fallback = "/run/troupe/control.sock",
       .most = 107,
       .limit_why = "the kernel's limit for socket paths",
       .changing = node},
      {.key = "socket-group",
       .field = field<T>(&T::socket_group),
       .help = "A system group whose members may connect too, and with that command everything; "
               "empty: only the owner and root.",
       .fallback = "",
       .most = 32,
       .changing = node,
       .example = "\"operators\""},
      {.key = "listen",
       .field = field<T>(&T::listen),
       .help = "Where other nodes reach this one: \"host:port\", \"[v6]:port\", or \":port\" for every "
               "address of both families. Empty: nobody can dial this node, but it may dial peers. "
               "More addresses reach more networks, and show the door to each of them.",
       .fallback = json::array(),
       .most = 16,
       .changing = node,
       .example = "[\":4710\"]"},
      {.key = "peers",
       .field = field<T>(&T::peers),
       .help = "Nodes to dial: \"name@host:port\", where the name is that in the peer's certificate; "
               "another one at that address is refused. One name may stand at several addresses, which "
               "are tried in turn. One side of each pair is enough; both are found sooner.",
       .fallback = json::array(),
       .most = 256,
       .changing = node,
       .example = "[\"server-1@10.0.0.2:4710\", \"attic@attic.local:4710\"]"},
      {.key = "archive",
       .field = field<T>(&T::archive),
       .help = "Keep the journals of all nodes here too, so that what happened at a node can be told while "
               "it is away, or after its disk was lost. For servers; it costs their disk what all nodes "
               "append, within journal-events and journal-days.",
       .fallback = false,
       .changing = node},
      {.key = "server",
       .field = field<T>(&T::server),
       .help = "This machine's disk takes a commit every second, as an SSD does and an SD card does not. "
               "It then makes what nodes of other power domains count durable within a second, and they "
               "write their own check points once a minute. Costs it a commit a second while pulses come, 0.4 "
               "to 1 GB a day: give it flash-per-day = \"4GiB\".",
       .fallback = false,
       .changing = node},
      {.key = "run-first",
       .field = field<T>(&T::run_first),
       .help = "Runs before ordinary processes of this machine where that is allowed: its actors and links in real time "
               "(SCHED_RR 1 and 2), the rest at nice -10, so that a backup or a build beside it does not look like a node "
               "that hangs. At rest the threads of an event then share the first processor it may use. A thread that leaves "
               "nothing to others loses that until it rests. A service gives the right with "
               "LimitNICE=-10 and LimitRTPRIO=2. Left alone where somebody has chosen a priority already.",
       .fallback = true,
       .changing = node},
      {.key = "labels",
       .field = field<T>(&T::labels),
       .help = "Words about this node that a rule may ask for with its own `labels`, so that it runs only where it "
               "can: \"modem\", \"ups\", \"attic\".",
       .fallback = json::array(),
       .most = 32,
       .changing = node,
       .example = "[\"ups\"]"},
      {.key = "capacity",
       .field = field<T>(&T::capacity),
       .help = "How many rules that may run on several nodes this one takes before others are preferred; 0: no limit.",
       .fallback = 0,
       .least = 0,
       .most = 10'000,
       .changing = node},
      {.key = "power-domain",
       .field = field<T>(&T::power_domain),
       .help = "What this machine loses its power together with: nodes of one name hang on one supply. All "
               "that name none are one domain. Give a server on a battery its own, and every node that hangs "
               "on that battery the same: a wrong name means pulses that are lost when that supply ends.",
       .fallback = "",
       .most = 64,
       .changing = node,
       .example = "\"ups\""},
      {.key = "profile",
       .field = field_text_words<T>({"lan", "wan", "radio"}, &T::profile),
       .help = "How patient this node is with silent peers: lan finds a dead one in a fraction of a "
               "second, wan rides over a slow line, radio over one that drops packets for seconds. A "
               "quicker one takes over sooner, and calls a slow peer suspect more often. TCP gives a "
               "link up when nothing was acknowledged for 10 s (lan), 32 s (wan) or 40 s (radio): four "
               "times what it takes to call a node down, so that the detector decides and not TCP. A new "
               "link has 3 s (lan), 12 s (wan) or 15 s (radio) for each step: TCP's connection (1.1 s in "
               "lan), TLS's handshake, the first words.",
       .fallback = "lan",
       .changing = node},
      {.key = "discovery",
       .field = field<T>(&T::discovery),
       .help = "Announce this node on the local network and look for others of the same house (DNS-SD, "
               "_troupe._tcp, through avahi-daemon). What is found waits for an operator's approval. "
               "Saves writing peers; tells everybody on the network that the node is there.",
       .fallback = false,
       .changing = node},
      {.key = "control-listen",
       .field = field<T>(&T::control_listen),
       .help = "Where people, scripts and joining boards reach this node over HTTPS, written as in "
               "listen. Empty: only the unix socket. More addresses serve more networks, and show the "
               "door to each of them.",
       .fallback = json::array(),
       .most = 16,
       .changing = node,
       .example = "[\":4711\"]"},
      {.key = "pki-dir",
       .field = field<T>(&T::pki_dir),
       .help = "Where the node's certificate, its key and the authorities that it trusts are; empty: "
               "pki in data-dir. Who can read the key can be this node.",
       .fallback = "",
       .most = 4096,
       .changing = node,
       .example = "\"/etc/troupe/pki\""},
      {.key = "psk-listen",
       .field = field<T>(&T::psk_listen),
       .help = "Where boards without a certificate reach this node with a pre-shared key, written as "
               "in listen, at a port of its own. Such a board may show and drive only what is its own. "
               "Empty: none can.",
       .fallback = json::array(),
       .most = 16,
       .changing = node,
       .example = "[\":4712\"]"},
      {.key = "psk-file",
       .field = field<T>(&T::psk_file),
       .help = "Names and pre-shared keys of boards without a certificate. Keep it readable for the "
               "node alone: who can read it can be any of them.",
       .fallback = "",
       .most = 4096,
       .changing = node,
       .example = "\"/etc/troupe/boards.psk\""},
      {.key = "max-half-open",
       .field = field<T>(&T::max_half_open),
       .help = "Connections that have not yet proven who they are; more are closed at once. More lets "
               "more nodes come back at the same moment after a power cut; each takes memory until "
               "its deadline, and strangers can fill them.",
       .fallback = 64,
       .unit = "connections",
       .least = 4,
       .most = 4096,
       .changing = node},
      {.key = "max-half-open-per-address",
       .field = field<T>(&T::max_half_open_per_address),
       .help = "The same from one address, so that one stranger cannot take all. Less holds a flood "
               "off better; fewer than the nodes behind one router makes them wait for each other.",
       .fallback = 8,
       .unit = "connections",
       .least = 1,
       .most = 4096,
       .changing = node},
      {.key = "drivers",
       .field = field<T>(&T::drivers),
       .help = "What buses of this node may use. Leaving out sim and replay on a real plant makes "
               "sure that no invented value is ever acted on.",
       .fallback = json::array({"gpio", "sim", "replay"}),
       .most = 32,
       .changing = node,
       .example = "[\"gpio\"]"},
      {.key = "worker-threads",
       .field = field<T>(&T::worker_threads),
       .help = "Threads that run channels and rules; buses and the store have their own. More helps "
               "only with more cores, and each costs about 200 kB.",
       .fallback = 2,
       .least = 1,
       .most = 64,
       .changing = node},
      {.key = "lock-memory",
       .field = field<T>(&T::lock_memory),
       .help = "Keep the program in RAM (mlockall), so that paging never delays an output. Costs its "
               "whole size in RAM and needs the right to lock it.",
       .fallback = false,
       .changing = node},
      {.key = "realtime-priority",
       .field = field<T>(&T::realtime_priority),
       .help = "Real-time priority (SCHED_FIFO) of the bus threads; 0 is normal. More keeps outputs "
               "punctual on a busy machine, at the cost of everything below it. Needs the right.",
       .fallback = 0,
       .least = 0,
       .most = 99,
       .changing = node},
      {.key = "store-memory",
       .field = field_size<T>(&T::store_memory_bytes),
       .help = "RAM for the store's cache and write buffers. More writes less to flash, because more "
               "changes of one value meet in memory; the present values are in RAM beside it.",
       .fallback = "8MiB",
       .least = 1024 * 1024,
       .most = 4.0 * 1024 * 1024 * 1024,
       .changing = node},
      {.key = "flash-per-day",
       .field = field_size<T>(&T::flash_bytes_per_day),
       .help = "What may be written to the disk in a day. Past it an alarm is raised and check points "
               "come more slowly. Less makes an SD card last longer; less than the house needs means "
               "older check points after a power cut.",
       .fallback = "100MiB",
       .least = 1024 * 1024,
       .most = 1024.0 * 1024 * 1024 * 1024,
       .changing = node},
      {.key = "checkpoint-every",
       .field = field<T>(&T::checkpoint_every),
       .help = "How often totals of counters are saved while pulses arrive. Shorter misses fewer "
               "pulses in a power cut and costs flash. While a server in another power-domain has what is "
               "counted on its disk, it is 60 s.",
       .fallback = "10s",
       .least = 100,
       .most = 3'600'000,
       .changing = node},
      {.key = "journal-events",
       .field = field<T>(&T::journal_events),
       .help = "How many events the journal keeps; older ones go first. One takes about 300 bytes.",
       .fallback = 20000,
       .unit = "events",
       .least = 100,
       .most = 10'000'000,
       .changing = node},
      {.key = "journal-days",
       .field = field<T>(&T::journal_days),
       .help = "How long the journal keeps an event, if journal-events leaves room.",
       .fallback = 30,
       .unit = "days",
       .least = 1,
       .most = 3650,
       .changing = node},
      {.key = "log-level",
       .field = field_text_words<T>({"trace", "debug", "info", "warning", "error"}, &T::log_level),
       .help = "The least important message that is still logged. debug and trace are for hunting a "
               "fault and fill the system's log.",
       .fallback = "info",
       .changing = node},
    }};
  return it;
}

} // namespace troupe::schema
