#pragma once

#include "cluster/replication/frame.hpp"
#include "config/model/time.hpp"

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace troupe::cluster {

/// REPLICATOR: decides what to tell each peer so that all replicas become equal,
/// and takes in what they tell. The rules of docs/replication.md that concern
/// messages are here.
///
/// Pure: frames and time in, frames out; the same class runs in the daemon and
/// in the simulator (I12). Links may lose, repeat and delay frames and may be cut
/// in the middle of anything. Per peer at most `window` pieces are under way;
/// what changes meanwhile is coalesced in the store, so nothing here grows with
/// the number of changes (I11).
///
/// Threads: one at a time; its owner guards it.
class replicator {
public:
  struct options {
    std::string self;     ///< CN
    std::string house;    ///< the cluster's id: peers of another one are refused
    bool archive = false; ///< keeps the journals of all nodes
    unsigned window = 2;  ///< pieces under way to one peer
    std::size_t smallest_piece = 2 << 10;  ///< bytes
    std::size_t largest_piece = 16 << 10;
    std::size_t most_staged = 64u << 20;   ///< bytes kept aside from one peer; more is refused
    unsigned wholes_at_once = 2;           ///< peers that are sent everything at the same time
    milliseconds piece_takes{30};  ///< pieces are made smaller until one takes no longer
    milliseconds pulse_every{250};
    milliseconds hello_every{60'000};
    milliseconds differs_for{1000}; ///< hashes may differ so long before a hello is sent
    milliseconds lost_after{2000};  ///< a piece that nobody confirms
    milliseconds compare_every{60'000}; ///< digests, with one peer after the other
    milliseconds collect_every{1000};
    std::uint64_t told_operations = 100; ///< a catch-up of so many is told when it is done,
    milliseconds told_away{10'000};      ///< or after so long an absence
    milliseconds forget_after{std::chrono::hours{24 * 30}}; ///< who was silent so long is not waited for
  };

  struct outgoing {
    std::string to;
    std::string bytes;
  };
  using frames = std::vector<outgoing>;

  /// How one peer stands; for people.
  struct peer_view {
    std::string name;
    bool linked = false;
    bool compatible = true;     ///< false: see `trouble`
    std::string trouble;
    std::string session;
    storage::version_vector seen;
    storage::version_vector durable;
    bool equal = false;         ///< has all that this node has
    bool sending_all = false;   ///< a whole state is under way to it
    bool receiving_all = false; ///< and from it
    std::uint64_t staged = 0;   ///< bytes kept aside of unfinished runs from it
    unsigned under_way = 0;
    mono_ns heard_at = 0;       ///< its last frame; 0: never in this run
    mono_ns behind_since = 0;   ///< 0: it is not
    std::uint64_t sent_bytes = 0;
    std::uint64_t received_bytes = 0;
    std::uint64_t wholes_sent = 0;
    std::uint64_t repaired = 0; ///< slots that it repaired here
    std::uint64_t lacks = 0;    ///< operations that it has and this node has not heard
    unsigned differing = 0;     ///< buckets that are being repaired with it
    mono_ns compared_at = 0;    ///< its digests of the same state came; 0: never in this run
    storage::clock_quality clock = storage::clock_quality::none; ///< as it says itself, while it is linked
  };

  /// How far this node is with what it missed while it was away, or off.
  struct catch_up {
    std::uint64_t operations = 0; ///< of others, that it lacked when it came back
    std::uint64_t done = 0;
    mono_ns since = 0;
    mono_ns away = 0; ///< how long it had heard of nobody; 0: it has just started
  };

  replicator(storage::replica_port& data, options how);

  /// A link to `peer` stands: frames of it come, and go in order until `unlinked`.
  void linked(const std::string& peer, mono_ns now, frames& out);
  void unlinked(const std::string& peer);
  void receive(const std::string& from, std::string_view bytes, mono_ns now, frames& out);
  /// The store has something that peers have not heard.
  void news(mono_ns now, frames& out);
  /// At least every `pulse_every`.
  void tick(mono_ns now, frames& out);

  /// Compares digests with the next peer, also before it is time.
  void compare(mono_ns now, frames& out);

  [[nodiscard]] std::vector<peer_view> peers() const;
  /// While it catches up.
  [[nodiscard]] std::optional<catch_up> catching_up() const;
  /// One that is done and was not taken yet, if people want to hear of it.
  [[nodiscard]] std::optional<catch_up> take_caught_up() { return std::exchange(caught_up_, {}); }

private:
  struct staged_run {
    std::uint64_t run = 0;
    storage::stream_range so_far;
  };
  struct staged_whole {
    std::uint64_t run = 0;
    std::uint32_t pieces = 0;
    storage::whole_state so_far;
  };
  struct run {
    std::uint64_t id = 0;
    storage::stream_id stream;
    std::uint64_t at = 0; ///< told so far
  };
  struct whole_run {
    std::uint64_t id = 0;
    mono_ns since = 0;
    std::deque<frame::whole> pieces; ///< not sent yet
    storage::version_vector seen;   ///< what the peer has afterwards
  };

  struct peer {
    std::string name;
    bool linked = false;
    bool compatible = true;
    std::string trouble;
    std::optional<storage::stream_id> session; ///< as its hello said
    bool archive = false;
    mono_ns heard_at = 0;

    // What it has, as it said in this session.
    storage::version_vector seen;
    storage::version_vector durable;
    storage::version_vector journals;

    // What goes there.
    storage::version_vector sent; ///< it has or is being sent so much; both kinds of streams
    std::optional<run> current;
    std::optional<whole_run> all;
    bool needs_all = false;       ///< what it misses was collected here
    std::uint64_t pieces_sent = 0;
    std::uint64_t pieces_taken = 0;
    mono_ns moved_at = 0;         ///< last piece sent or confirmed while some are under way
    std::size_t piece_bytes = 0;
    std::deque<mono_ns> sent_at;  ///< of pieces under way

    // What comes from there; dropped when its session ends (R4).
    std::map<storage::stream_id, staged_run> runs;
    std::optional<staged_whole> whole;
    std::size_t staged_bytes = 0;
    std::uint64_t piece_got = 0;  ///< highest number

    // What it knows of this node.
    storage::version_vector told_seen;
    storage::version_vector told_durable;
    storage::version_vector told_journals;
    std::uint64_t told_piece = 0;

    bool hello_due = false;
    bool answer_due = false;      ///< that hello asks for one in return
    mono_ns hello_at = 0;
    mono_ns pulse_at = 0;
    mono_ns differs_since = 0;
    mono_ns behind_since = 0;

    std::uint64_t sent_bytes = 0;
    std::uint64_t received_bytes = 0;
    std::uint64_t wholes_sent = 0;
    std::uint64_t repaired = 0;
    unsigned differing = 0;
    mono_ns compared_at = 0;
    storage::clock_word clock;

    [[nodiscard]] bool talks() const { return linked && compatible && session.has_value(); }
    [[nodiscard]] unsigned under_way() const { return static_cast<unsigned>(pieces_sent - pieces_taken); }
  };

  using state = storage::replica_port::summary;

  void on(peer& from, const frame::hello& x, const state& mine, mono_ns now, frames& out);
  void on(peer& from, frame::range& x, const state& mine, mono_ns now, frames& out);
  void on(peer& from, frame::whole& x, const state& mine, mono_ns now, frames& out);
  void on(peer& from, const frame::taken& x, const state& mine, mono_ns now, frames& out);
  void on(peer& from, const frame::pulse& x, const state& mine, mono_ns now, frames& out);
  void on(peer& from, const frame::digests& x, const state& mine, mono_ns now, frames& out);
  void on(peer& from, const frame::rows& x, const state& mine, mono_ns now, frames& out);
  void on(peer& from, frame::repair& x, const state& mine, mono_ns now, frames& out);

  void send(peer& to, const frame::any& x, frames& out);
  void send_hello(peer& to, const state& mine, mono_ns now, frames& out);
  void send_taken(peer& to, const state& mine, frames& out);
  void send_pieces(peer& to, const state& mine, mono_ns now, frames& out);
  bool send_piece_of_all(peer& to, const state& mine, mono_ns now, frames& out);
  bool send_piece_of_run(peer& to, const state& mine, mono_ns now, frames& out);
  [[nodiscard]] std::optional<storage::stream_id> next_stream(const peer& to, const state& mine) const;
  void begin_all(peer& to, mono_ns now);
  /// @returns its number
  static std::uint64_t count_piece(peer& to, mono_ns now);
  void forget_staged(peer& of);
  void resend(peer& to, const state& mine);
  void compare_counters(const peer& with, const state& mine);
  /// Has this node all of its own earlier streams that the peer has?
  [[nodiscard]] static bool knows_own(const peer& than, const state& mine);
  void collect(const state& mine, mono_ns now);
  [[nodiscard]] static bool wants_journal(const peer& who, const storage::stream_id& of);
  [[nodiscard]] static bool has_all(const peer& who, const state& mine);
  void send_repair(peer& to, const state& mine, std::vector<storage::whole_state::item> slots, frames& out);
  void to_all(const state& mine, mono_ns now, frames& out);
  void begin_catch_up(const storage::version_vector& of, const state& mine, mono_ns away, mono_ns now);
  void look_at_catch_up(const state& mine);

  storage::replica_port& data_;
  const options how_;
  std::map<std::string, peer> peers_; ///< also who is not linked now: its word on what is durable counts
  std::uint64_t runs_ = 0;
  storage::stream_id session_;        ///< of the store; another one when its boot was too low
  mono_ns started_ = 0;
  mono_ns collected_at_ = 0;
  mono_ns compared_at_ = 0;
  std::string compared_with_;
  /// What others had and this node had not when it met them.
  struct {
    storage::version_vector from;
    storage::version_vector to; ///< empty: it does not catch up
    mono_ns since = 0;
    mono_ns away = 0;
  } catch_up_;
  std::optional<catch_up> caught_up_;
};

} // namespace troupe::cluster
