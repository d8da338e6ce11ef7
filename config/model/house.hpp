#pragma once

#include "config/model/drill.hpp"
#include "config/model/line.hpp"
#include "config/model/value.hpp"

#include <optional>
#include <string>
#include <vector>

// The nouns of house.toml after checking. `config/schema` holds each option
// with unit, default, limits and help; this page holds their types.

namespace troupe {

struct bus_config {
  std::string name;
  std::string driver;            ///< "gpio", "sim", "replay"
  std::string chip;              ///< gpio: chip label, name or path
  std::string file;              ///< replay: the recording
  double pace = 1;               ///< replay: factor; 0 is as fast as possible
  std::uint64_t seed = 1;        ///< sim
  double speed = 1;              ///< sim: model seconds per real second
  milliseconds call_timeout{1000}; ///< a driver call longer than this is hung
  milliseconds reopen_every{1000}; ///< pause between tries after device loss
  int reader_priority = 0;       ///< SCHED_FIFO of the edge reader; 0: normal
  std::string node;              ///< whose hardware it is; empty: where it was added

  friend bool operator==(const bus_config&, const bus_config&) = default;
};

enum class direction : std::uint8_t { input, output };
enum class filter_kind : std::uint8_t { none, median, average };
enum class startup_policy : std::uint8_t { safe, last, hold };

/// What an output shows when the last lease on it has ended.
enum class silence_policy : std::uint8_t { safe, hold };

/// What an output does with a pulse that was decided before the output started,
/// so that nobody can tell whether it was done.
enum class pulse_policy : std::uint8_t { at_most_once, at_least_once };

/// A shorter one a bus may miss, and a longer one is a wish with a lease.
inline constexpr milliseconds shortest_pulse{20};
inline constexpr milliseconds longest_pulse{3'600'000};
/// How long ago one may have been decided that is said again.
inline constexpr milliseconds oldest_pulse{86'400'000};

struct channel_config {
  std::string name;
  std::string bus;
  line_config line;
  direction dir = direction::input;
  value_kind kind = value_kind::digital; ///< digital or analog
  std::string unit;                      ///< after scaling: "°C"
  std::string label;                     ///< for people

  // Inputs.
  milliseconds poll_every{1000};  ///< analog, and digital without edges
  milliseconds stale_after{0};    ///< 0: never stale
  double scale = 1;               ///< value = raw * scale + offset
  double offset = 0;
  std::optional<double> minimum;  ///< outside: bad, out_of_range
  std::optional<double> maximum;
  double dead_band = 0;           ///< smaller changes are not told
  filter_kind filter = filter_kind::none;
  unsigned filter_window = 5;     ///< samples
  std::optional<value> substitute; ///< told as uncertain while bad

  // Outputs.
  value safe = value::digital(false);
  milliseconds lease{5000};       ///< default lease of a command slot
  startup_policy startup = startup_policy::safe;
  silence_policy on_silence = silence_policy::safe;
  pulse_policy pulses = pulse_policy::at_most_once;
  milliseconds min_on{0};
  milliseconds min_off{0};
  double max_slope = 0;           ///< analog units per second; 0: unlimited
  std::vector<std::string> interlock; ///< outputs that must be off while this is on
  std::string read_back;          ///< input channel that must agree
  milliseconds read_back_within{1000};

  friend bool operator==(const channel_config&, const channel_config&) = default;
};

/// A counter's line reports rising edges only: one a pulse.
inline line_config counting_line() {
  line_config x;
  x.edges = edge_kind::rising;
  return x;
}

struct counter_config {
  std::string name;
  std::string bus;
  line_config line = counting_line();
  double pulses_per_unit = 1;
  std::string unit;              ///< of the total: "kWh", "m³"
  std::string label;
  double rate_factor = 1;        ///< rate = units per second * factor
  std::string rate_unit;         ///< "W" with factor 3 600 000 for kWh
  milliseconds rate_window{60000};
  milliseconds stale_after{0};

  friend bool operator==(const counter_config&, const counter_config&) = default;
};

/// What becomes of a rule when the node where it acts is gone.
enum class redundancy : std::uint8_t {
  none, ///< it waits for that node
  cold, ///< another node starts it
  warm, ///< others have it loaded and take over at once
  hot,  ///< as warm, and they run it too and compare what it wants
};

struct rule_config {
  std::string name;
  std::string lua;               ///< the script; runs at every change of what it read
  int priority = 10;             ///< 1 highest .. 16; BACnet priority array slot
  std::string label;
  milliseconds every{0};         ///< also run periodically; 0: only on change
  milliseconds lease{5000};      ///< of its commands
  milliseconds edge_limit{10000}; ///< older edges are not acted on
  std::uint64_t instructions = 200000; ///< budget of one run
  std::size_t memory_bytes = 1 << 20;  ///< budget of the script's state
  std::vector<std::string> outputs;    ///< what it may command
  std::string node;                    ///< where it runs; empty: where it was added
  redundancy standby = redundancy::none; ///< not none: it may run on several nodes
  std::string pace = "normal";         ///< "critical", "fast", "normal", "slow"
  std::vector<std::string> nodes;      ///< preferred, best first
  bool only = false;                   ///< on no others than `nodes`
  std::vector<std::string> labels;     ///< that a node must have
  std::string spread;                  ///< rules with this word avoid each other's nodes
  std::string witness;                 ///< output that says who acts, besides `outputs`
  bool partial = false;                ///< acts with the outputs that it reaches
  milliseconds hand_back{300'000};     ///< a better node must be there for so long; 0: never

  friend bool operator==(const rule_config&, const rule_config&) = default;
};

/// Everything that is desired of one installation.
struct house_config {
  std::vector<bus_config> buses;
  std::vector<channel_config> channels;
  std::vector<counter_config> counters;
  std::vector<rule_config> rules;
  std::vector<drill_config> drills;

  friend bool operator==(const house_config&, const house_config&) = default;
};

/// This machine: node.toml after checking.
struct node_config {
  std::string name = "node";
  std::string data_dir = "/var/lib/troupe";
  std::string socket = "/run/troupe/control.sock";
  std::string socket_group;             ///< group that may connect; empty: owner only
  std::vector<std::string> drivers = {"gpio", "sim", "replay"};
  unsigned worker_threads = 2;
  bool lock_memory = false;             ///< mlockall
  int realtime_priority = 0;            ///< SCHED_FIFO of bus threads; 0: normal
  std::size_t store_memory_bytes = 8u << 20; ///< RocksDB cache and write buffers
  std::uint64_t flash_bytes_per_day = 100u << 20; ///< budget; over it: alarm, slower check points
  milliseconds checkpoint_every{10000}; ///< of counters, ring page
  unsigned journal_events = 20000;      ///< retention, by count
  unsigned journal_days = 30;           ///< retention, by age
  std::string log_level = "info";

  // The cluster. Addresses are "host:port", "[v6]:port" or ":port" (all
  // addresses, both families). Nothing to listen on and no peers: a node alone.
  std::vector<std::string> listen;        ///< for other nodes; "[::]:4710"
  std::vector<std::string> peers;         ///< "name@host:port", several per name allowed
  std::string pki_dir;                    ///< empty: `<data_dir>/pki`
  std::vector<std::string> control_listen; ///< HTTPS for people and for joining; "[::]:4711"
  bool archive = false;                  ///< keeps the journals of all nodes
  bool server = false;                   ///< its disk takes a commit a second
  bool run_first = true;                 ///< before ordinary processes: nice -10
  std::vector<std::string> labels;       ///< what rules may ask of a node
  unsigned capacity = 0;                 ///< roaming rules at most; 0: no limit
  std::string power_domain;              ///< what loses its power together; empty: the one without a name
  std::string profile = "lan";            ///< "lan", "wan", "radio": detection times
  bool discovery = false;                 ///< DNS-SD `_troupe._tcp`
  std::vector<std::string> psk_listen;    ///< for boards without a certificate
  std::string psk_file;                   ///< their names and keys
  unsigned max_half_open = 64;            ///< connections that have not proven who they are
  unsigned max_half_open_per_address = 8;

  friend bool operator==(const node_config&, const node_config&) = default;
};

} // namespace troupe
