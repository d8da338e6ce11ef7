#include "apps/daemon/placement_unit.hpp"

#include "apps/daemon/machine.hpp"
#include "apps/daemon/reconciler.hpp"
#include "storage/replication.hpp"

#include <atomic>

namespace troupe::daemon {

namespace {

/// The entries of one change, and the links of one fault, come within this.
constexpr std::chrono::milliseconds together{20};
constexpr std::chrono::seconds look_every{1};

class placement_unit final : public unit {
public:
  placement_unit(unit_context& context, services& all, placement_desk& desk)
    : context_(context), all_(all), desk_(desk) {}

  void start() override {
    const auto me = caf::actor_cast<caf::actor_addr>(context_.self());
    const auto ask = [me, asked = asked_](const storage::entry&, bool) {
      if (asked->exchange(true))
        return;
      if (auto whom = caf::actor_cast<caf::actor>(me))
        caf::delayed_anon_send(whom, together, placement_atom::value);
    };
    for (const auto* prefix : {"desired/", storage::member_prefix.data()})
      feeds_.push_back(all_.store.on_change(storage::slot_kind::map, prefix, ask));
    read_again(); // what changed while nobody listened
    look();
  }

  caf::message_handler messages() override {
    return {[this](node_came_atom) {
      // Its rows, and so what it has, come right after its hello.
      context_.arm(1, together);
    },
    [this](placement_atom) {
      read_again();
    }};
  }

  void on_timer(int timer) override {
    if (timer == 1)
      return desk_.node_came();
    look();
  }

private:
  void read_again() {
    asked_->store(false); // before reading: what is written from here on asks again
    if (desk_.refresh())
      all_.names.send("reconciler", reconcile_atom::value);
  }

  void look() {
    if (const auto used = processor_time_used())
      desk_.note_load(*used, context_.now());
    if (desk_.look_after(context_.now()))
      all_.names.send("reconciler", reconcile_atom::value);
    context_.arm(0, look_every);
  }

  unit_context& context_;
  services& all_;
  placement_desk& desk_;
  std::shared_ptr<std::atomic<bool>> asked_ = std::make_shared<std::atomic<bool>>(false);
  std::vector<std::shared_ptr<void>> feeds_;
};

} // namespace

make_unit make_placement(services& all, placement_desk& desk) {
  return [&all, &desk](unit_context& context) -> std::unique_ptr<unit> {
    return std::make_unique<placement_unit>(context, all, desk);
  };
}

} // namespace troupe::daemon
