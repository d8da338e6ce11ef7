#include "apps/daemon/reconciler.hpp"

#include "actors/supervision/orders.hpp"
#include "apps/daemon/ask.hpp"

#include <algorithm>

namespace troupe::daemon {

namespace {

using supervision::add_child;
using supervision::child_order;
using supervision::outcome;

/// A stop may take each child's `stop_within`; a start may open a bus.
constexpr std::chrono::seconds step_limit{15};

class reconciler_unit final : public unit {
public:
  reconciler_unit(unit_context& context, services& all, desired& wanted, workshop& makers,
                  std::shared_ptr<running_things> running)
    : context_(context), all_(all), wanted_(wanted), makers_(makers), running_(std::move(running)) {}

  void start() override {
    const auto me = caf::actor_cast<caf::actor_addr>(context_.self());
    feed_ = all_.store.on_change(storage::slot_kind::map, "desired/",
                                 [me](const storage::entry&, bool) {
                                   if (auto whom = caf::actor_cast<caf::actor>(me))
                                     caf::anon_send(whom, reconcile_atom::value);
                                 });
  }

  caf::message_handler messages() override {
    return {[this](reconcile_atom) { return pass(); }};
  }

  nlohmann::json state() const override {
    std::lock_guard lock{running_->mutex};
    return {{"running", running_->documents.size()}, {"passes", passes_}};
  }

private:
  reconciled pass() {
    ++passes_;
    reconciled said;
    std::vector<document> current;
    {
      std::lock_guard lock{running_->mutex};
      current = running_->documents;
    }
    const auto goal = wanted_.documents();
    for (const auto& step : plan(current, goal, true)) {
      const auto is_it = [&](const document& x) { return x.section == step.section && x.name == step.name; };
      const auto now = std::find_if(current.begin(), current.end(), is_it);
      const auto then = std::find_if(goal.begin(), goal.end(), is_it);
      if (step.what == plan_step::kind::change && !step.restarts) {
        makers_.rename(*then);
      } else {
        if (now != current.end() && !take_down(*now, said))
          continue;
        if (then == goal.end()) {
          makers_.forget(*now);
        } else {
          if (now != current.end())
            makers_.leave_bus(*now, &*then);
          begin(*then, said);
        }
      }
      if (now != current.end())
        current.erase(now);
      if (then != goal.end())
        current.push_back(*then);
      std::lock_guard lock{running_->mutex};
      running_->documents = current;
    }
    return said;
  }

  bool take_down(const document& x, reconciled& said) {
    const auto id = workshop::actor_of(x.section, x.name);
    // A thing whose start was refused (a driver that is not allowed) has no actor.
    if (!all_.names.find(id))
      return true;
    auto answer = tell(x, child_order{child_order::kind::remove, id});
    if (answer.code == errc::none || answer.code == errc::not_found)
      return true;
    said.failed.push_back(x.section + " " + x.name + ": cannot stop it: " + answer.text);
    return false;
  }

  void begin(const document& x, reconciled& said) {
    auto spec = makers_.make(x);
    if (!spec) {
      refuse(x, spec.why().context, said);
      return;
    }
    auto answer = tell(x, add_child{std::move(*spec)});
    // Also one whose first start failed is in the tree now, and is retried.
    if (answer.code == errc::none)
      said.done.push_back(x.section + " " + x.name);
    else
      refuse(x, answer.text, said);
  }

  void refuse(const document& x, const std::string& why, reconciled& said) {
    said.failed.push_back(x.section + " " + x.name + ": " + why);
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
  std::shared_ptr<running_things> running_;
  std::shared_ptr<void> feed_;
  std::uint64_t passes_ = 0;
};

} // namespace

make_unit make_reconciler(services& all, desired& wanted, workshop& makers,
                          std::shared_ptr<running_things> running) {
  return [&all, &wanted, &makers, running](unit_context& context) -> std::unique_ptr<unit> {
    return std::make_unique<reconciler_unit>(context, all, wanted, makers, running);
  };
}

} // namespace troupe::daemon
