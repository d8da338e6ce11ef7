#pragma once

#include "actors/supervision/house.hpp"
#include "actors/supervision/last_messages.hpp"
#include "actors/supervision/orders.hpp"
#include "actors/supervision/timers.hpp"
#include "actors/supervision/unit.hpp"

#include <caf/all.hpp>

#include <memory>
#include <optional>
#include <string>

namespace troupe::supervision {

/// SHELL: the actor in which a unit lives. When a handler throws, the unit is
/// destroyed and a new one made in its place; address and mailbox survive.
///
/// Every message passes `consume`, CAF's one point for messages, responses
/// and timeouts. So catching, vitals, the last messages, the tap and the
/// fences are in one place, and a unit's handlers are plain CAF handlers:
/// requests, responses, `skip` and promises work as everywhere.
///
/// Every message is counted when it is sent (`enqueue`, on the sender's
/// thread), and past `limits::running_mailbox` the newest is refused.
///
/// While it waits for its restart, messages stay in the mailbox (bounded).
/// Quarantined, it answers requests `errc::quarantined` and drops the rest.
///
/// An answer that a crashed incarnation has promised (`response_promise`) is
/// never given; its requester's timeout tells it.
class shell final : public caf::event_based_actor {
public:
  shell(caf::actor_config& cfg, house& h, std::shared_ptr<cell> c, child_key key,
        caf::actor supervisor);
  ~shell() override;

  const char* name() const override { return "troupe.shell"; }
  using caf::event_based_actor::enqueue;
  void enqueue(caf::mailbox_element_ptr x, caf::execution_unit* host) override;
  caf::invoke_message_result consume(caf::mailbox_element& x) override;
  void on_exit() override;

protected:
  caf::behavior make_behavior() override;

private:
  enum class mode : std::uint8_t { idle, running, waiting, quarantined };

  struct ending {
    end how;
    std::string why;
    std::uint32_t incarnation = 0; ///< 0: the present one
  };

  class context final : public unit_context {
  public:
    explicit context(shell& of) : of_(of) {}
    [[nodiscard]] const std::string& name() const override;
    [[nodiscard]] std::uint32_t incarnation() const override;
    [[nodiscard]] caf::event_based_actor* self() override { return &of_; }
    [[nodiscard]] mono_ns now() const override { return of_.mono(); }
    void arm(int timer, std::chrono::nanoseconds delay) override;
    void cancel(int timer) override { of_.timers_.cancel(timer); }
    [[nodiscard]] bool fenced() const override;

  private:
    shell& of_;
  };

  [[nodiscard]] mono_ns mono() const;
  [[nodiscard]] bool passes(const caf::mailbox_element& x) const;
  void refuse(caf::mailbox_element& x, caf::execution_unit* host);
  caf::invoke_message_result take(caf::mailbox_element& x);
  caf::invoke_message_result handle(caf::mailbox_element& x);
  caf::invoke_message_result leave(caf::mailbox_element& x);
  caf::invoke_message_result keep(caf::mailbox_element& x);
  caf::result<caf::message> unmatched();
  void follow(const order& x, caf::mailbox_element& in);
  template <class F>
  void guarded(caf::mailbox_element& in, F&& f);
  std::optional<ending> begin();
  void start();
  void failed(caf::mailbox_element& in, const std::string& what);
  void end_incarnation();
  void stop(mode next);
  void bury(const ending& of, std::string message, nlohmann::json state, mono_ns born);
  void wake(caf::mailbox_element& in);
  void wake_at(mono_ns at);
  void tell(notice x);
  void depart();

  house& house_;
  const std::size_t room_; ///< a copy: senders come when the house is gone
  const std::size_t more_room_; ///< while it waits
  std::shared_ptr<cell> cell_;
  caf::actor supervisor_;
  child_key key_;
  mode mode_ = mode::idle;
  bool departed_ = false;
  context context_{*this};
  std::unique_ptr<unit> unit_;
  timers timers_;
  last_messages last_;
  std::optional<int> doing_; ///< the timer whose handler runs
};

} // namespace troupe::supervision
