#include "apps/daemon/reconciler.hpp"

#include "actors/supervision/orders.hpp"
#include "apps/daemon/ask.hpp"

#include <algorithm>
#include <atomic>
#include <utility>

namespace troupe::daemon {

namespace {

using supervision::add_child;
using supervision::child_order;
using supervision::outcome;

/// A stop may take each child's `stop_within`; a start may open a bus.
constexpr std::chrono::seconds step_limit{15};

/// A reason that may pass (a supervisor that just restarts) needs no operator.
constexpr std::chrono::seconds retry_refused{30};

/// The entries of one change are written within this. A pass that sees half of
/// it would open a renamed channel while the old name still holds the line.
constexpr std::chrono::milliseconds change_complete{50};

using refusals = running_things::refusals;

class reconciler_unit final : public unit {
public:
  reconciler_unit(unit_context& context, services& all, desired& wanted, workshop& makers, placement_desk& placing,
                  std::shared_ptr<running_things> running)
    : context_(context), all_(all), wanted_(wanted), makers_(makers), placing_(placing), running_(std::move(running)) {}

  void start() override {
    const auto me = caf::actor_cast<caf::actor_addr>(context_.self());
    // A change writes many entries: they share one pass, and it sees them all.
    feed_ = all_.store.on_change(storage::slot_kind::map, wanted_.prefix(),
                                 [me, asked = asked_](const storage::entry&, bool) {
                                   if (asked->exchange(true))
                                     return;
                                   if (auto whom = caf::actor_cast<caf::actor>(me))
                                     caf::delayed_anon_send(whom, change_complete, reconcile_atom::value);
                                 });
    // What was asked of a predecessor that crashed is done now.
    caf::anon_send(caf::actor_cast<caf::actor>(me), reconcile_atom::value);
  }

  caf::message_handler messages() override {
    return {[this](reconcile_atom) { return pass(); }};
  }

  void on_timer(int) override { (void)pass(); }

  nlohmann::json state() const override {
    std::lock_guard lock{running_->mutex};
    return {{"running", running_->documents.size()}, {"refused", running_->refused.size()}, {"passes", passes_}};
  }

private:
  reconciled pass() {
    ++passes_;
    asked_->store(false); // before reading: what is written from here on asks again
    std::vector<document> current;
    refusals refused;
    {
      std::lock_guard lock{running_->mutex};
      current = running_->documents;
      refused = running_->refused;
    }
    (void)placing_.refresh();
    auto goal = placing_.hosted(wanted_.documents());
    std::erase_if(goal, [](const document& x) { return x.section == "drill"; }); // no actor: drill_schedule reads them
    settle(refused, current, goal);
    for (const auto& step : plan(current, goal, true)) {
      const auto is_it = [&](const document& x) { return x.section == step.section && x.name == step.name; };
      const auto now = std::find_if(current.begin(), current.end(), is_it);
      const auto then = std::find_if(goal.begin(), goal.end(), is_it);
      bool runs = then != goal.end();
      if (step.what == plan_step::kind::change && !step.restarts) {
        makers_.rename(*then);
      } else {
        if (now != current.end() && !take_down(*now, refused))
          continue;
        if (then == goal.end()) {
          forget(*now);
        } else {
          const auto before = refused.find(title(*then));
          if (now != current.end())
            makers_.leave_bus(*now, &*then);
          else if (before != refused.end())
            makers_.leave_bus(before->second.what, &*then);
          runs = begin(*then, refused);
        }
      }
      if (now != current.end())
        current.erase(now);
      if (runs)
        current.push_back(*then);
      std::lock_guard lock{running_->mutex};
      running_->documents = current;
      running_->refused = refused;
    }
    if (!refused.empty())
      context_.arm(0, retry_refused);
    reconciled said;
    for (const auto& [what, x] : refused)
      said.failed[what] = x.why;
    std::lock_guard lock{running_->mutex};
    running_->refused = std::move(refused);
    return said;
  }

  /// Drops refusals that are over: things that run by now, and things that
  /// nobody wants any more.
  void settle(refusals& refused, const std::vector<document>& current, const std::vector<document>& goal) {
    const auto among = [](const std::vector<document>& all, const std::string& what) {
      return std::any_of(all.begin(), all.end(), [&](const document& x) { return title(x) == what; });
    };
    std::erase_if(refused, [&](const auto& x) {
      const auto& [what, refusal] = x;
      if (among(current, what)) {
        const auto row = all_.names.lookup(workshop::actor_of(refusal.what.section, refusal.what.name));
        return row && row->life && row->life->state.load() == run_state::running;
      }
      if (among(goal, what))
        return false;
      forget(refusal.what);
      return true;
    });
  }

  /// What moved to another node keeps its state there.
  void forget(const document& x) {
    const bool roams = x.section == "rule" && placing_.is_wanted(x.name);
    makers_.forget(x, roams || wanted_.has_elsewhere(x.section, x.name));
  }

  static std::string title(const document& x) { return x.section + " " + x.name; }

  bool take_down(const document& x, refusals& refused) {
    const auto id = workshop::actor_of(x.section, x.name);
    auto answer = tell(x, child_order{child_order::kind::remove, id});
    if (answer.code == errc::none || answer.code == errc::not_found)
      return true;
    refuse(x, "cannot stop it: " + answer.text, refused);
    return false;
  }

  /// @returns whether the thing is in the tree now.
  bool begin(const document& x, refusals& refused) {
    auto spec = makers_.make(x);
    if (!spec) {
      refuse(x, spec.why().context, refused);
      return false;
    }
    const auto id = spec->id;
    auto answer = tell(x, add_child{std::move(*spec)});
    if (answer.code == errc::none) {
      refused.erase(title(x));
      return true;
    }
    refuse(x, answer.text, refused);
    // One whose first start failed, or takes long, is in the tree, and its
    // supervisor tries again; a second one of that name would be refused.
    const auto there = all_.names.lookup(id);
    return there && there->parent == workshop::supervisor_of(x.section);
  }

  void refuse(const document& x, const std::string& why, refusals& refused) {
    auto& slot = refused[title(x)];
    slot.what = x;
    if (std::exchange(slot.why, why) == why)
      return; // told already
    slot.since = all_.clocks.wall();
    storage::journal_event event;
    event.level = storage::severity::alarm;
    event.kind = "config";
    event.subject = x.name;
    event.text = x.section + " " + x.name + " does not run: " + why;
    all_.store.append(std::move(event));
  }

  template <class Order>
  outcome tell(const document& x, Order what) {
    const auto supervisor = workshop::supervisor_of(x.section);
    auto answer = ask<outcome>(context_.self()->system(), all_.names.find(supervisor), supervisor,
                               step_limit, std::move(what));
    if (!answer)
      return {answer.why().code, answer.why().context};
    return *answer;
  }

  unit_context& context_;
  services& all_;
  desired& wanted_;
  workshop& makers_;
  placement_desk& placing_;
  std::shared_ptr<running_things> running_;
  std::shared_ptr<std::atomic<bool>> asked_ = std::make_shared<std::atomic<bool>>(false);
  std::shared_ptr<void> feed_;
  std::uint64_t passes_ = 0;
};

} // namespace

make_unit make_reconciler(services& all, desired& wanted, workshop& makers, placement_desk& placing,
                          std::shared_ptr<running_things> running) {
  return [&all, &wanted, &makers, &placing, running](unit_context& context) -> std::unique_ptr<unit> {
    return std::make_unique<reconciler_unit>(context, all, wanted, makers, placing, running);
  };
}

} // namespace troupe::daemon
