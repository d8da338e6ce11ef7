#pragma once

#include "actors/supervision/alarm_summary.hpp"
#include "actors/supervision/core.hpp"
#include "actors/supervision/house.hpp"
#include "actors/supervision/orders.hpp"
#include "actors/supervision/timers.hpp"

#include <caf/all.hpp>

#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace troupe::supervision {

/// One place of the tree that is to be: a spec and, for a supervisor, the list
/// of its children. It outlives the supervisor's actor, so that children that
/// were added later are there again after the supervisor's own restart.
/// Threads: the supervisor that it belongs to; before its start and after its
/// end the one above.
struct branch {
  std::shared_ptr<const child_spec> spec;
  std::vector<std::shared_ptr<branch>> kids;
};

/// Moves the children of a spec into branches of their own.
std::shared_ptr<branch> grow(child_spec spec);

/// SUPERVISOR: carries out what `core` decides for one list of children.
///
/// Messages: add_child, child_order (both answer `outcome`); the rest is
/// INTERNAL. Ends when its children are gone: with no reason after an ordered
/// stop, else with the reason of its failure; its own supervisor decides then.
class supervisor final : public caf::event_based_actor {
public:
  /// @param above null for the root, which also looks after everybody (the
  /// sweep) and calls `ended` with the reason of its end, empty if ordered.
  supervisor(caf::actor_config& cfg, house& h, std::shared_ptr<branch> of,
             std::shared_ptr<cell> c, child_key key, caf::actor above,
             std::function<void(const std::string&)> ended = {});
  ~supervisor() override;

  const char* name() const override { return "troupe.supervisor"; }
  caf::invoke_message_result consume(caf::mailbox_element& x) override;
  void on_exit() override;

protected:
  caf::behavior make_behavior() override;

private:
  struct waiter {
    child_order::kind what;
    caf::typed_response_promise<outcome> answer;
  };
  struct place {
    std::shared_ptr<branch> of;
    std::shared_ptr<cell> life;
    caf::actor actor;
    bool quarantined = false;
    mono_ns failed_at = 0; ///< 0: not waiting for a restart
    std::vector<waiter> waiters;
  };

  [[nodiscard]] mono_ns mono() const;
  [[nodiscard]] const std::string& own_id() const { return branch_->spec->id; }

  // What comes in.
  void start();
  void stop();
  void on(const notice& x);
  void on_started(child_key k, place& p);
  void on_ended(child_key k, place& p, const notice& x);
  void on_hung(child_key k, place& p, const std::string& why);
  void on_down(const caf::down_msg& x);
  caf::result<outcome> on(const add_child& x);
  caf::result<outcome> on(const child_order& x);
  void wake();

  // What is done.
  void work();
  void perform(const action& x);
  void occupy(child_key k, place& p);
  void vacate(place& p);
  void abandon(child_key k, place& p, const std::string& why);
  void quarantine(child_key k, place& p, const std::string& why);
  void forget(child_key k, place& p);
  void tell_above();
  void arm(int timer, mono_ns at);
  void answer(place& p, std::initializer_list<child_order::kind> which, const outcome& with);
  void enlist(child_key k, std::shared_ptr<branch> of);
  void told_quarantine(place& p, bool entered);

  void depart();

  // The root's round.
  void sweep();
  void look_at_mailbox(cell& x);

  house& house_;
  std::shared_ptr<branch> branch_;
  std::shared_ptr<cell> cell_;
  child_key key_;
  caf::actor above_;
  std::function<void(const std::string&)> ended_;
  core core_;
  alarm_summary alarms_;
  timers timers_;
  std::map<child_key, place> places_;
  std::unordered_map<std::string_view, child_key> keys_; ///< the names lie in the branches
  std::unordered_map<caf::actor_id, child_key> by_actor_;
  std::string failure_;
  mono_ns pinged_at_ = 0;
  bool departed_ = false;
  bool started_ = false;
  bool told_started_ = false;
};

/// Makes the actor of a place and writes it into directory and roster, before
/// anybody can have a message handled by it. It does nothing until it gets an
/// `order::start`; messages wait.
caf::actor spawn_place(caf::event_based_actor* by, house& h, const std::shared_ptr<branch>& of,
                       const std::shared_ptr<cell>& c, child_key key);

} // namespace troupe::supervision
