#pragma once

#include "actors/bus/output_cell.hpp"
#include "actors/bus/port.hpp"
#include "config/model/house.hpp"
#include "drivers/bus.hpp"

#include <any>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace troupe {

class bus_session;
class caretaker;

/// What a channel wants of a line.
struct input_wish {
  line_config line;
  value_kind kind = value_kind::digital;
  milliseconds poll_every{0};   ///< 0: edges only
  std::size_t ring_edges = 256; ///< 0: counts only

  friend bool operator==(const input_wish&, const input_wish&) = default;
};

struct output_wish {
  line_config line;
  value_kind kind = value_kind::digital;
  value safe;
  std::optional<value> initial; ///< none: start-up policy hold
  bool keep_at_stop = false;
};

/// The meeting point of one bus and its channels. It outlives the actors on
/// both sides: a channel that crashes finds its port or cell as it left it, a
/// bus actor that crashes finds its open driver, one that was replaced finds
/// who is attached. Attaching, changing or removing one line touches no other.
///
/// Threads: any; short locks, and never while a driver is called.
class bus_desk : public std::enable_shared_from_this<bus_desk> {
public:
  explicit bus_desk(std::string name, const clock_source& clocks = system_clocks());
  ~bus_desk();
  bus_desk(const bus_desk&) = delete;
  bus_desk& operator=(const bus_desk&) = delete;

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  /// Whether its readings come from the simulator and say so. Known from
  /// `make_bus` on.
  [[nodiscard]] bool simulated() const noexcept { return simulated_.load(); }
  void set_simulated(bool x) noexcept { simulated_.store(x); }
  [[nodiscard]] const clock_source& clocks() const noexcept { return clocks_; }

  // --- the channels' side ---
  /// Attaches or re-attaches. The port of that name is the same as before, so
  /// its counts go on; if the wish changed, the bus opens the line anew.
  std::shared_ptr<input_port> attach_input(const std::string& name, const input_wish& wish,
                                           waker who);
  /// As above. `wish.initial` counts only if the line is not open yet.
  std::shared_ptr<output_cell> attach_output(const std::string& name,
                                             const output_wish& wish, waker who);
  /// Hot remove: an output is driven to its safe state, then the line is
  /// released. Forgets the keepsake too.
  void detach(const std::string& name);
  /// The channel's actor stops, the line stays wanted: nobody is woken.
  void leave(const std::string& name);
  /// The output of that name obeys nobody until its channel asks again.
  void force_safe(const std::string& name);

  /// Wakes the bus; one message however often it is called.
  void nudge();
  /// As above: the cell of that name has something to write.
  void nudge(const std::string& name);

  /// Something that shall survive the unit that makes it, until `detach`.
  /// Made with its default when it is first asked for.
  template <class T>
  std::shared_ptr<T> keepsake(const std::string& name) {
    std::lock_guard lock{mutex_};
    auto& slot = keepsakes_[name];
    if (auto* known = std::any_cast<std::shared_ptr<T>>(&slot))
      return *known;
    auto fresh = std::make_shared<T>();
    slot = fresh;
    return fresh;
  }

  // --- the bus's side ---
  /// One attached line as the bus sees it.
  struct attachment {
    std::string name;
    std::uint64_t revision = 0; ///< changes when the line must be opened anew
    std::shared_ptr<input_port> port;   ///< exactly one of port and cell
    std::shared_ptr<output_cell> cell;
    line_config line;
    value_kind kind = value_kind::digital;
    milliseconds poll_every{0};
  };
  /// Never changed once made: the desk and the session share it.
  using shared_attachment = std::shared_ptr<const attachment>;

  /// Makes the caller the bus actor of this desk and fences every earlier one.
  [[nodiscard]] std::uint64_t take_over(waker who);
  [[nodiscard]] bool is_current(std::uint64_t epoch) const noexcept {
    return epoch_.load(std::memory_order_acquire) == epoch;
  }
  [[nodiscard]] std::size_t size() const;
  /// A line that was attached, set up anew or detached.
  struct change {
    std::string name;
    shared_attachment wanted; ///< as it is now; null: detached
  };
  /// What changed since the last call, so that adding one line costs the bus
  /// one look. With `all`, everything that is attached: for a session that
  /// begins, which has no line of its own yet.
  /// @returns none if the caller's epoch is over: a successor needs them.
  struct changes {
    std::vector<change> lines;
    bool all = false; ///< whoever is not among them is detached
  };
  [[nodiscard]] std::optional<changes> take_changes(std::uint64_t epoch, bool all);
  /// The cells that were nudged since the last call; allows the next wake-up.
  [[nodiscard]] std::vector<std::string> take_nudges();
  /// A fenced bus actor may have written: every output is written again.
  void disturbed();
  /// The bus as a whole is away: every line says so.
  void trouble(const error& why);

  // --- the open driver; it outlives the bus actor that opened it ---
  void park(std::shared_ptr<bus_session> session);
  /// The parked session, unless a call hangs in it: then it is let go, and is
  /// destroyed by whoever hangs there when the call returns after all.
  [[nodiscard]] std::shared_ptr<bus_session> adopt();
  [[nodiscard]] std::shared_ptr<bus_session> session() const;
  /// The bus actor of this epoch is gone; until the next `take_over` a thread
  /// of the desk keeps dead-man duty (I5).
  void unattended(std::uint64_t epoch);

private:
  /// Changed names kept beyond those attached; past it the bus looks at all.
  static constexpr std::size_t most_gone = 1024;

  [[nodiscard]] std::vector<shared_attachment> attachments() const;
  struct place {
    shared_attachment what;
    bool nudged = false;
  };
  void put(const std::string& name, attachment x); ///< with the lock held
  void note_change(const std::string& name);       ///< with the lock held

  std::string name_;
  std::atomic<bool> simulated_{false};
  const clock_source& clocks_;
  std::atomic<std::uint64_t> epoch_{0};
  mutable std::mutex mutex_;
  std::map<std::string, place> lines_;
  std::uint64_t revision_ = 0;       ///< the newest given to an attachment
  std::set<std::string> changed_;    ///< since the bus last took them
  bool all_changed_ = false;
  std::map<std::string, std::any> keepsakes_;
  std::vector<std::string> nudged_;
  bool woken_ = false;
  waker bus_;
  std::shared_ptr<bus_session> session_;
  std::unique_ptr<caretaker> caretaker_; ///< made when first needed
};

} // namespace troupe
