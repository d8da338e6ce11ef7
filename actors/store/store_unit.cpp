#include "actors/store/store_unit.hpp"

#include <algorithm>
#include <limits>

namespace troupe {

namespace {

using store_wake = caf::atom_constant<caf::atom("store-wake")>;

class store_unit final : public unit {
public:
  store_unit(unit_context& context, storage::store& disk) : context_(context), disk_(disk) {}

  void start() override {
    // Never taken back: a predecessor that hung in the disk ends after its
    // successor has begun, and would take back the successor's. The address
    // alone keeps nobody alive.
    const auto me = caf::actor_cast<caf::actor_addr>(context_.self());
    disk_.set_wake([me] {
      if (auto whom = caf::actor_cast<caf::actor>(me))
        caf::anon_send(whom, store_wake::value);
    });
    work();
  }

  caf::message_handler messages() override {
    return {[this](store_wake) { work(); }};
  }

  void on_timer(int) override { work(); }

  void stop() override {
    work();
    disk_.checkpoint_now();
    work();
  }

  nlohmann::json state() const override {
    const auto s = disk_.stats();
    return {{"entries", s.entries},   {"pending", s.pending_ops},
            {"commits", s.commits},   {"degraded", s.degraded},
            {"stream", s.stream},     {"last_commit_us", s.last_commit_us}};
  }

private:
  void work() {
    const auto next = disk_.work();
    if (next == std::numeric_limits<mono_ns>::max())
      return;
    context_.arm(0, std::chrono::nanoseconds{std::max<mono_ns>(next - context_.now(), 0)});
  }

  unit_context& context_;
  storage::store& disk_;
};

} // namespace

make_unit make_store_unit(storage::store& disk) {
  return [&disk](unit_context& context) -> std::unique_ptr<unit> {
    return std::make_unique<store_unit>(context, disk);
  };
}

} // namespace troupe
