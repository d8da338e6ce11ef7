#pragma once

#include "cluster/link/link.hpp"
#include "config/model/lending_mutex.hpp"

#include <map>
#include <set>

namespace troupe::cluster {

/// What is no hurry is done so often.
inline constexpr mono_ns breath = 1'000'000'000;

/// The inside of a LINK, shared with its gateway. `link.cpp`: what others ask
/// of it; `gateway.cpp`: what peers tell.
struct link::core final : storage::watcher, std::enable_shared_from_this<link::core> {
  core(caf::actor_system& system, transport& w, services& a, far_service& s, link_hooks h, options o);

  // --- link.cpp ---
  void on_change(const std::string& name) noexcept override;
  [[nodiscard]] bool is_news(const std::string& name, const std::optional<storage::live_table::row>& row);
  [[nodiscard]] hello my_hello() const;
  [[nodiscard]] std::uint32_t incarnation_of(const std::string& name) const;
  void release_waiting(peer& to);
  template <class T>
  void send_fresh(peer& to, T what, std::deque<peer::waits<T>>& waiting);
  void lose(const peer_ptr& x, const std::string& why, bool lost);
  void end_readers(const std::string& node);
  void end_reader(const std::string& node, std::uint64_t stream);
  void trouble(const std::string& subject, const std::string& text) const;
  /// About what a peer does: so many a second, then their number.
  void complain(peer& about, const std::string& text) const;
  /// How many of its complaints were not told one by one. Sums come at most once
  /// a second for a peer, so that no other bound need keep any of them back.
  void tell_sum(const std::string& subject, std::uint64_t unsaid, const char* of_what) const;
  void tell_sums(mono_ns now);

  /// To a peer's gateway, in the name of ours, so that it knows who speaks. Leaves on this thread.
  template <class T>
  void post(const caf::actor& to, T&& what) const {
    std::shared_lock lock{gateway_mutex};
    if (gateway && to)
      wire.send(gateway, to, caf::make_message(std::forward<T>(what)));
  }

  void tell_early_end(const peer_identity& who, const std::string& why);
  void tell_refused(const peer_identity& who, const std::string& why);
  /// What of our own documents `to` is shown. Under `mutex`.
  [[nodiscard]] std::vector<catalogue_part> book_for(const peer& to) const;

  // --- gateway.cpp ---
  [[nodiscard]] caf::actor spawn_gateway();
  void on_hello(const caf::strong_actor_ptr& from, hello x);
  void on_batch(peer& from, reading_batch x);
  void tell_anew(peer& from);
  void count_envelope(peer& from, std::uint64_t seq);
  void on_envelope(peer& from, envelope x);
  void on_ownership(peer& from, ownership_frame x);
  void on_call(const peer_ptr& from, far_call x);
  void on_catalogue(peer& from, catalogue_part x);
  void on_frame(peer& from, replica_frame x);
  void on_trust(peer& from, trust_offer x);
  void on_pull(const peer_ptr& from, const far_pull& x);
  void on_events(const peer_ptr& from, far_events x);

  caf::actor_system& system;
  transport& wire;
  services& all;
  far_service& service;
  const link_hooks hooks;
  const options how;

  mutable std::shared_mutex gateway_mutex;
  caf::actor gateway;

  peers linked;
  std::atomic<std::size_t> linked_count{0};
  calls questions;
  catalogue books;
  mirror shown;

  /// Held while a peer is told who we are: so that nobody hears an older
  /// catalogue after a newer one, or none.
  lending_mutex introducing; // the I/O thread takes it, too, and it is held while catalogues are written

  /// A peer that sends nonsense in a loop must not flood the journal.
  static constexpr unsigned troubles_per_second = 40; ///< more than one peer has, or it could hide others
  mutable std::mutex trouble_mutex; ///< of the four
  mutable mono_ns trouble_since = 0;
  mutable unsigned troubles = 0;
  mutable std::uint64_t troubles_unsaid = 0;

  using reader_key = std::pair<std::string, std::uint64_t>;
  std::mutex mutex; ///< of what follows
  std::map<std::string, mono_ns> greeted; ///< CAF node ids whose hello is awaited
  std::map<reader_key, std::function<bool(far_events)>> readers;
  std::vector<catalogue_part> own_book;
  std::vector<std::string> own_documents; ///< the same, uncut
  trust_offer own_trust;
  refusal_meter early_ends{peer::complaints_per_second};
  std::unordered_map<std::string, std::pair<quality, reason>> last_grade;
  mono_ns breathed_at = 0;
};

} // namespace troupe::cluster
