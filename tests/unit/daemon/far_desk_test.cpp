// What other nodes ask of this one, when it has much to do.
#define CAF_SUITE far_desk
#include "tests/support/suite.hpp"

#include "apps/daemon/far_desk.hpp"
#include "tests/support/fake_node/fake_house.hpp"

#include <atomic>
#include <condition_variable>
#include <future>

using namespace troupe;
using namespace std::chrono_literals;
using json = nlohmann::json;

namespace {

class hand_clock final : public clock_source {
public:
  mono_ns mono() const override { return now; }
  wall_ms wall() const override { return 0; }
  std::atomic<mono_ns> now = 1'000'000'000'000;
};

/// Its counters hang until the test lets them go.
class busy_house final : public test::fake_house {
public:
  result<json> count(const control::caller&, const std::string&, const json&) override {
    std::unique_lock lock{gate_};
    ++inside_;
    moved_.notify_all();
    moved_.wait(lock, [this] { return open_; });
    return json{{"accepted", true}};
  }
  result<json> set(const control::caller&, const std::string&, const json&) override {
    ++sets;
    return json{{"accepted", true}};
  }
  bool hold(int calls) {
    std::unique_lock lock{gate_};
    return moved_.wait_for(lock, 10s, [&] { return inside_ >= calls; });
  }
  void let_go() {
    std::lock_guard lock{gate_};
    open_ = true;
    moved_.notify_all();
  }

  std::atomic<int> sets = 0;

private:
  std::mutex gate_;
  std::condition_variable moved_;
  int inside_ = 0;
  bool open_ = false;
};

struct far_desk_fixture {
  hand_clock clock;
  busy_house house;
  daemon::far_desk desk{house, {}, clock, 2000ms};

  ~far_desk_fixture() { house.let_go(); }

  std::future<cluster::far_answer> ask(const std::string& method, const std::string& path, const std::string& body = {}) {
    cluster::far_call x;
    x.method = method;
    x.path = path;
    x.body = body;
    x.who = "anna";
    x.allowed = static_cast<std::uint8_t>(cluster::role::operator_);
    x.echo = clock.mono();
    const auto said = std::make_shared<std::promise<cluster::far_answer>>();
    auto out = said->get_future();
    desk.call("attic", x, [said](cluster::far_answer answer) { said->set_value(std::move(answer)); });
    return out;
  }

  /// All workers for changes hang.
  void fill() {
    for (int i = 0; i < 4; ++i)
      hanging.push_back(ask("POST", "/v1/count/water", R"({"total": 7, "request": "1"})"));
    CAF_REQUIRE(house.hold(4));
  }

  std::vector<std::future<cluster::far_answer>> hanging;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(far_desk_tests, far_desk_fixture)

CAF_TEST(I4 what waited too long at the desk is not done) {
  fill();
  auto late = ask("POST", "/v1/set/boiler/pump", R"({"value": "on"})");
  clock.now += 2'000'000'001;
  auto in_time = ask("POST", "/v1/set/boiler/pump", R"({"value": "off"})");
  house.let_go();
  CAF_REQUIRE(late.wait_for(10s) == std::future_status::ready);
  CAF_REQUIRE(in_time.wait_for(10s) == std::future_status::ready);
  const auto refused = late.get();
  CAF_CHECK_EQUAL(refused.status, 504);
  CAF_CHECK(refused.body.find("timed_out") != std::string::npos);
  CAF_CHECK(refused.body.find("older than 2000 ms") != std::string::npos);
  CAF_CHECK_EQUAL(in_time.get().status, 200);
  CAF_CHECK_EQUAL(house.sets.load(), 1);
}

CAF_TEST(what hangs does not keep others from looking) {
  fill();
  clock.now += 10'000'000'000;
  auto look = ask("GET", "/v1/status");
  CAF_REQUIRE(look.wait_for(10s) == std::future_status::ready);
  CAF_CHECK_EQUAL(look.get().status, 200);
}

CAF_TEST(I11 what waits at the desk is bounded and looking goes on) {
  fill();
  std::vector<std::future<cluster::far_answer>> queued;
  for (std::size_t i = 4; i < daemon::far_desk::most_waiting; ++i)
    queued.push_back(ask("POST", "/v1/set/boiler/pump", R"({"value": "on"})"));
  auto over = ask("POST", "/v1/set/boiler/pump", R"({"value": "on"})");
  CAF_REQUIRE(over.wait_for(10s) == std::future_status::ready);
  CAF_CHECK_EQUAL(over.get().status, 503);
  auto look = ask("GET", "/v1/status");
  CAF_REQUIRE(look.wait_for(10s) == std::future_status::ready);
  CAF_CHECK_EQUAL(look.get().status, 200);
}

CAF_TEST_FIXTURE_SCOPE_END()
