#pragma once

#include "config/model/result.hpp"
#include "config/model/time.hpp"
#include "storage/version_vector.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace troupe::storage {

/// Where a write must be safe before its writer is told so.
enum class ack : std::uint8_t {
  usual, ///< documents: as `peer` while a member is linked, else as `local`; state: `local`
  local, ///< survives a power cut of this node
  peer,  ///< and one other member has it durable
  all,   ///< and every member has
};

/// Told once: success, or what is open.
using on_durable = std::function<void(const status&)>;

/// Who waits for other members to make a write durable. Pure; the store asks.
class ack_board {
public:
  struct finished {
    on_durable done;
    status how;
  };
  using told = std::vector<finished>;

  static constexpr std::size_t most = 10000; ///< that wait; more are told at once, as if it were late

  /// The write is durable here.
  /// @param members names of the others, for `ack::all`
  /// @returns those that need not wait
  told add(on_durable done, ack need, const stream_id& of, std::uint64_t seq, mono_ns until,
           const std::vector<std::string>& members);

  told acknowledged(const std::string& peer, const version_vector& durable);
  told unreachable(const std::string& peer);
  told late(mono_ns now);
  /// When to ask for `late`; nothing if nobody waits.
  [[nodiscard]] mono_ns due() const;

private:
  struct waiter {
    on_durable done;
    ack need;
    stream_id of;
    std::uint64_t seq;
    mono_ns until;
    std::vector<std::string> missing; ///< of `all`: who has not confirmed
  };
  static bool confirmed(waiter& x, const std::string& peer, const version_vector& durable);
  template <class F>
  told take_if(F finished_as);

  std::map<std::string, version_vector> linked_; ///< what each linked member has said
  std::vector<waiter> waiting_;
};

} // namespace troupe::storage
