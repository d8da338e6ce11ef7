// When events really were: by what their node learned of the time later.

#undef CAF_SUITE
#define CAF_SUITE journal_clock
#include <caf/test/dsl.hpp>

#include "storage/memory/memory_engine.hpp"
#include "storage/replicated_store.hpp"
#include "storage/journal_log.hpp"
#include "tests/support/store_bench.hpp"
#include "tests/support/times.hpp"

using namespace troupe;
using namespace troupe::storage;
using namespace std::chrono_literals;

namespace {

using test::s;
using test::now;
using test::in_1970;
using enum clock_quality;

const stream_id sender{1, 7, 0x11};
const stream_id sender_before{1, 6, 0x13};
const stream_id other_sender{2, 7, 0x15};

journal_event event(mono_ns mono, wall_ms at, clock_quality clock) {
  journal_event x;
  x.kind = "output";
  x.mono = mono;
  x.at = at;
  x.clock = clock;
  return x;
}

journal_event correlation(mono_ns mono, wall_ms at, clock_quality clock, std::vector<stream_id> earlier = {}) {
  auto x = event(mono, at, clock);
  x.kind = "clock";
  x.correlates = clock_correlation{in_1970, std::move(earlier)};
  return x;
}

} // namespace

CAF_TEST(when an event is shown to have been) {
  struct told {
    stream_id of;
    journal_event x;
  };
  struct row {
    const char* what;
    std::vector<told> words;
    journal_event x;
    wall_ms at;
    bool corrected;
    bool uncertain;
  };
  const auto early = event(100 * s, in_1970, none);
  const std::vector<row> table{
    {"nothing was found out", {}, early, in_1970, false, true},
    {"a good clock needs nothing", {}, event(100 * s, now, ntp), now, false, false},
    {"the time came from peers 50 s later", {{sender, correlation(150 * s, now, peer)}}, early, now - 50'000, true, false},
    {"the time came before", {{sender, correlation(50 * s, now, peer)}}, event(100 * s, now + 50'000, peer), now + 50'000, false, false},
    {"of another start of that node", {{sender_before, correlation(150 * s, now, peer)}}, early, in_1970, false, true},
    {"of a start that names this one", {{{1, 8, 0x17}, correlation(150 * s, now, peer, {sender})}}, early, now - 50'000, true, false},
    {"another node names this one", {{other_sender, correlation(150 * s, now, ntp, {sender})}}, early, in_1970, false, true},
    {"it was right, as was found out", {{sender, correlation(150 * s, in_1970 + 50'000, ntp)}}, early, in_1970, false, false},
    {"of two words the last", {{sender, correlation(150 * s, now + 7000, peer)}, {sender, correlation(160 * s, now, peer)}}, early, now - 60'000, true, false},
    {"in whatever order they come", {{sender, correlation(160 * s, now, peer)}, {sender, correlation(150 * s, now + 7000, peer)}}, early, now - 60'000, true, false},
    {"the better clock before the later one", {{sender, correlation(150 * s, now, ntp)}, {sender, correlation(160 * s, now + 99'000, peer)}}, early, now - 50'000, true, false},
    {"a worse clock than its own corrects nothing", {{sender, correlation(150 * s, now, peer)}}, event(100 * s, now + 9000, ntp), now + 9000, false, false},
    {"a step of an equal one does", {{sender, correlation(150 * s, now, ntp)}}, event(100 * s, now + 9000, ntp), now - 50'000, true, false},
    {"set by nobody knows whom", {{sender, correlation(150 * s, now, none)}}, early, now - 50'000, true, true},
    {"a word without a time", {{sender, correlation(150 * s, 0, ntp)}}, early, in_1970, false, true},
  };
  for (const auto& r : table) {
    CAF_MESSAGE(r.what);
    clock_corrections it;
    for (const auto& w : r.words)
      it.add(w.of, w.x);
    auto x = r.x;
    it.apply(sender, x);
    CAF_CHECK_EQUAL(x.at, r.at);
    CAF_CHECK_EQUAL(x.told_at, r.corrected ? r.x.at : 0);
    CAF_CHECK_EQUAL(x.uncertain, r.uncertain);
    for (const auto& w : r.words)
      it.drop(w.of, w.x);
    CAF_CHECK(it.empty());
  }
}

CAF_TEST(an event that correlates is of version 2 and any other of 1) {
  auto x = correlation(150 * s, now, peer, {sender_before});
  x.subject = "boiler";
  x.text = "the time is known";
  x.who = "anna";
  x.detail = "{}";
  x.level = severity::notice;
  x.story = {{"input", "a", "b", 5}};
  const auto bytes = encode(x);
  CAF_CHECK_EQUAL(static_cast<int>(bytes[0]), 2);
  journal_event back;
  CAF_REQUIRE(decode(bytes, back));
  CAF_CHECK(back == x);
  x.correlates.reset();
  CAF_CHECK_EQUAL(static_cast<int>(encode(x)[0]), 1);
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    journal_event cut;
    CAF_CHECK(!decode(std::string_view{bytes}.substr(0, n), cut));
  }
}

CAF_TEST(an event of an earlier version is read and of a later one shown as such) {
  // docs/formats/journal.md, version 1: alarm, "gap", "store", "x", nobody, no detail.
  constexpr unsigned char version_1[]
    = {1, 4, 3, 'g', 'a', 'p', 5, 's', 't', 'o', 'r', 'e', 1, 'x', 0, 0,
       0, 0, 1, 0xa1, 0xee, 0xd0, 0xd6, 0, 0, 0, 0, 0, 0, 0, 0, 5, 2, 0};
  const std::string bytes(std::begin(version_1), std::end(version_1));
  journal_record record{1, sender, 1, 0, {}, bytes};
  const auto old = record.event();
  CAF_CHECK_EQUAL(old.text, "x");
  CAF_CHECK_EQUAL(old.at, 0x1a1eed0d600);
  CAF_CHECK(old.clock == ntp);
  CAF_CHECK(!old.correlates);
  record.bytes[0] = 3;
  CAF_CHECK_EQUAL(record.event().kind, "unknown");
}

CAF_TEST(a meter is set once the time is known or when nobody has told it for long enough) {
  for (const bool told : {true, false}) {
    const auto disk = std::make_shared<memory_disk>();
    test::hand_clock clock;
    clock.set_wall(in_1970);
    store_options how;
    how.node = "boiler";
    how.synchronised = [] { return false; };
    how.settle_for = milliseconds{5000};
    auto opened = replicated_store::open(make_memory_engine(disk), how, clock);
    CAF_REQUIRE(opened);
    auto it = std::move(*opened);
    const auto set = [&] { return it->set_counter("water", 1000, "r1"); };
    CAF_CHECK(set().why().context.find("what other members know of its counters") != std::string::npos);
    clock.pass(milliseconds{200});
    it->compared_with_a_peer(); // before that peer has said what time it is
    const auto refused = set();
    CAF_REQUIRE(!refused);
    CAF_CHECK(refused.why().code == errc::busy);
    CAF_CHECK_EQUAL(refused.why().context, "water: this node has just started and does not know yet what time it is; try again in 5 s at most");
    CAF_CHECK_EQUAL(it->counter("water").total, 0u);
    if (told) {
      it->heard_clock("attic", {1'790'000'000'000, clock_quality::ntp});
    } else {
      clock.pass(milliseconds{4799});
      CAF_CHECK(set().why().context.ends_with("try again in 1 s at most"));
      clock.pass(milliseconds{1});
    }
    CAF_CHECK(set());
    CAF_CHECK_EQUAL(it->counter("water").total, 1000u);
  }
}

CAF_TEST(a store in 1970 shows what it wrote there at the right time once peers told it and after a restart) {
  const auto disk = std::make_shared<memory_disk>();
  test::hand_clock clock;
  clock.set_wall(in_1970);
  store_options how;
  how.node = "boiler";
  how.synchronised = [] { return false; };
  std::unique_ptr<replicated_store> it;
  const auto open = [&] {
    it.reset();
    auto x = replicated_store::open(make_memory_engine(disk), how, clock);
    CAF_REQUIRE(x);
    it = std::move(*x);
  };
  const auto note = [&](const char* text) {
    journal_event x;
    x.kind = "note";
    x.text = text;
    it->append(std::move(x));
  };
  const auto notes = [&] {
    journal_query q;
    q.kind = "note";
    return it->journal(q);
  };
  open();
  note("early");
  CAF_CHECK(notes().at(0).uncertain);
  CAF_CHECK_EQUAL(notes().at(0).at, in_1970);
  clock.pass(30s);
  it->work();
  it->heard_clock("attic", {now, peer});
  CAF_CHECK(it->stats().clock == peer);
  CAF_CHECK_EQUAL(it->stats().clock_ahead, now - in_1970 - 30'000);
  note("late");
  for (int i = 0; i < 2; ++i) {
    const auto all = notes();
    CAF_REQUIRE_EQUAL(all.size(), 2u);
    CAF_CHECK_EQUAL(all[0].at, now - 30'000);
    CAF_CHECK_EQUAL(all[0].told_at, in_1970);
    CAF_CHECK(!all[0].uncertain);
    CAF_CHECK_EQUAL(all[1].at, now);
    CAF_CHECK_EQUAL(all[1].told_at, 0);
    CAF_CHECK(all[1].clock == peer);
    CAF_CHECK(it->close());
    clock.set_wall(in_1970); // a power cut, and no battery
    open();
  }
  CAF_CHECK(it->stats().clock == none); // nobody has told it again
  CAF_CHECK(it->put(slot_kind::map, "a", "b"));
  CAF_CHECK(it->get(slot_kind::map, "a")->stamp.ms() >= now); // stamps go on from their bound
}

CAF_TEST(a machine that is kept right after a while looks by itself) {
  const auto disk = std::make_shared<memory_disk>();
  test::hand_clock clock;
  clock.set_wall(in_1970);
  bool right = false;
  store_options how;
  how.synchronised = [&] { return right; };
  auto it = replicated_store::open(make_memory_engine(disk), how, clock);
  CAF_REQUIRE(it);
  clock.set_wall(now);
  right = true;
  const auto due = (*it)->work();
  CAF_CHECK(due <= clock.mono() + 5 * s);
  clock.pass(5s);
  (*it)->work();
  CAF_CHECK((*it)->stats().clock == ntp);
  journal_query q;
  q.kind = "clock";
  CAF_REQUIRE_EQUAL((*it)->journal(q).size(), 1u);
  CAF_CHECK((*it)->journal(q).front().correlates.has_value());
}
