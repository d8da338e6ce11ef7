#undef CAF_SUITE
#define CAF_SUITE player

#include <caf/test/dsl.hpp>

#include "drivers/replay/player.hpp"

using namespace troupe;
using namespace troupe::drivers::replay;

namespace {

constexpr std::int64_t ms = 1'000'000;

class script final : public event_source {
public:
  explicit script(std::vector<std::int64_t> times) : times_(std::move(times)) {}
  result<std::optional<event>> next() override {
    if (fails_at && at_ == *fails_at)
      return error{errc::corrupt, "torn"};
    if (at_ == times_.size())
      return std::optional<event>{};
    event e;
    e.at = times_[at_];
    e.line = at_++;
    return std::optional{e};
  }
  std::optional<std::size_t> fails_at;

private:
  std::vector<std::int64_t> times_;
  std::size_t at_ = 0;
};

struct played {
  std::size_t line;
  mono_ns at;
  friend bool operator==(const played&, const played&) = default;
};

} // namespace

CAF_TEST(each event comes at its time and pace) {
  struct row {
    double pace;
    std::int64_t origin;
    std::vector<mono_ns> due; // of events at 10, 20, 20 and 35 ms; started at 1000 ms
  };
  const row rows[] = {
    {1, 0, {1010 * ms, 1020 * ms, 1020 * ms, 1035 * ms}},
    {1, 10 * ms, {1000 * ms, 1010 * ms, 1010 * ms, 1025 * ms}},
    {2, 0, {1005 * ms, 1010 * ms, 1010 * ms, 1000 * ms + 17'500'000}},
    {0.1, 0, {1100 * ms, 1200 * ms, 1200 * ms, 1350 * ms}},
  };
  for (const auto& r : rows) {
    script source{{10 * ms, 20 * ms, 20 * ms, 35 * ms}};
    player p{source, r.pace, r.origin};
    p.start(1000 * ms);
    std::vector<mono_ns> heard;
    // The clock stands at each time when something is due, and just before it.
    for (;;) {
      const auto due = p.next_due();
      CAF_REQUIRE(due);
      if (!*due)
        break;
      const auto early = p.play(**due - 1, 100, [](const event&, mono_ns) {});
      CAF_REQUIRE(early);
      CAF_CHECK_EQUAL(*early, 0u);
      CAF_REQUIRE(p.play(**due, 100, [&](const event& e, mono_ns at) {
        CAF_CHECK_EQUAL(e.line, heard.size());
        heard.push_back(at);
      }));
    }
    CAF_CHECK(heard == r.due);
    CAF_CHECK_EQUAL(p.played(), 4u);
    CAF_CHECK_EQUAL(p.position(), 35 * ms - r.origin);
  }
}

CAF_TEST(a late clock plays what was missed in order with the times it was due) {
  script source{{10 * ms, 20 * ms, 30 * ms}};
  player p{source, 1, 0};
  p.start(0);
  std::vector<played> heard;
  CAF_REQUIRE(p.play(25 * ms, 100, [&](const event& e, mono_ns at) { heard.push_back({e.line, at}); }));
  CAF_CHECK(heard == std::vector<played>({{0, 10 * ms}, {1, 20 * ms}}));
}

CAF_TEST(at pace 0 everything is due at once in batches) {
  script source{{10 * ms, 20 * ms, 30 * ms}};
  player p{source, 0, 0};
  p.start(500);
  std::vector<played> heard;
  const auto to = [&](const event& e, mono_ns at) { heard.push_back({e.line, at}); };
  CAF_CHECK_EQUAL(*p.play(700, 2, to), 2u);
  CAF_CHECK_EQUAL(*p.play(800, 2, to), 1u);
  CAF_CHECK_EQUAL(*p.play(900, 2, to), 0u);
  CAF_CHECK(heard == std::vector<played>({{0, 700}, {1, 700}, {2, 800}}));
}

CAF_TEST(a source that fails ends the play with its reason) {
  script source{{10 * ms, 20 * ms}};
  source.fails_at = 1;
  player p{source, 0, 0};
  p.start(0);
  const auto done = p.play(1, 100, [](const event&, mono_ns) {});
  CAF_REQUIRE(!done);
  CAF_CHECK_EQUAL(done.why().context, "torn");
  CAF_CHECK_EQUAL(p.played(), 1u);
}
