#include "actors/store/store_unit.hpp"

#include <algorithm>
#include <limits>

namespace troupe {

namespace {

using store_wake = caf::atom_constant<caf::atom("store-wake")>;

class store_unit final : public unit {
public:
  store_unit(unit_context& context, storage::store& disk) : context_(context), disk_(disk) {}

  ~store_unit() override { disk_.set_wake(nullptr); }

  void start() override {
    const auto me = caf::actor_cast<caf::actor>(context_.self());
    disk_.set_wake([me] { caf::anon_send(me, store_wake::value); });
    work();
  }

  caf::message_handler messages() override {
    return {[this](store_wake) { work(); }};
  }

  void on_timer(int) override { work(); }

  void stop() override {
    disk_.set_wake(nullptr);
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
