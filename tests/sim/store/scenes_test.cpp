#undef CAF_SUITE
#define CAF_SUITE store_scenes
#include <caf/test/dsl.hpp>

#include "storage/counter_state.hpp"
#include "storage/read.hpp"
#include "storage/replica.hpp"
#include "tests/support/store_room.hpp"

#include <algorithm>

using namespace troupe;
using namespace troupe::storage;
using namespace std::chrono_literals;

// What the simulator found while the store was made, each with the fewest steps
// that show it.

namespace {

struct fixture : test::store_room {
  wall_ms first_lost_time_stamps_ahead = 0;

  void count(const std::string& at, std::uint64_t in_this_life) { all[at].store->counted("water", in_this_life); }
  std::uint64_t raw(const std::string& at) { return all[at].store->counter("water").raw; }
  std::uint64_t total(const std::string& at) { return all[at].store->counter("water").total; }
  bool set(const std::string& at, std::uint64_t to) {
    return static_cast<bool>(all[at].store->set_counter("water", to, "r" + std::to_string(to)));
  }
  void new_disk(const std::string& of) { all[of].disk = std::make_shared<memory_disk>(); }
  std::shared_ptr<memory_disk> copy_of_disk(const std::string& of) {
    const auto& from = *all[of].disk;
    auto out = std::make_shared<memory_disk>();
    batch everything;
    for (std::size_t f = 0; f < family_count; ++f)
      for (auto& [key, value] : from.content(static_cast<family>(f)))
        everything.put(static_cast<family>(f), key, value);
    out->apply(everything, true);
    out->write_ring("ring", 0, from.ring("ring"));
    return out;
  }
  /// `of` starts, says that it is a member, counts so many pulses and makes all of it durable.
  void life(const std::string& of, std::uint64_t pulses, const std::vector<std::string>& with = {}) {
    open(of);
    belongs(of);
    for (const auto& peer : with)
      link(of, peer);
    count(of, pulses);
    pass(3s);
  }
  /// a counts 5 pulses: b has heard of them, and the disk of a not.
  void count_heard_only_by_b() {
    open("b");
    belongs("b");
    open("a");
    belongs("a");
    all["a"].store->work();
    link("a", "b");
    pass(200ms);
    count("a", 5);
    pass(400ms);
    CAF_REQUIRE_EQUAL(raw("b"), 5u);
  }
  /// `copy` is put back as the disk of a; its meter is set to 1000 there and counts 5 pulses
  /// before it meets b.
  void set_on(const std::shared_ptr<memory_disk>& copy, milliseconds then) {
    all["a"].disk = copy;
    open("a");
    pass(6s); // long enough alone
    CAF_REQUIRE(set("a", 1000));
    count("a", 5);
    pass(1s);
    link("a", "b");
    pass(then);
  }
  /// The disk of a is put back twice. b knows the first time that is lost, which counted 20 and 20; c
  /// the second one, which set the meter and started once more, as often as the first one had.
  void put_back_twice(const std::vector<std::string>& meets) {
    for (const auto* peer : {"b", "c"}) {
      open(peer);
      belongs(peer);
    }
    life("a", 10, {"b", "c"});
    const auto copy = copy_of_disk("a"), another = copy_of_disk("a");
    all["a"].clock.skew = first_lost_time_stamps_ahead;
    for (int i = 0; i < 2; ++i)
      life("a", 20, {"b"});
    CAF_REQUIRE_EQUAL(raw("b"), 50u);
    all["a"].clock.skew = 0;
    all["a"].disk = copy;
    open("a");
    link("a", "c");
    pass(6s);
    CAF_REQUIRE(set("a", 1000));
    count("a", 5);
    pass(1s);
    life("a", 7, {"c"});
    CAF_REQUIRE_EQUAL(total("c"), 1012u);
    all["a"].disk = another;
    open("a");
    count("a", 3);
    for (const auto& peer : meets) {
      link("a", peer);
      pass(5s);
    }
    life("a", 0, {"b", "c"});
    for (const auto* at : {"a", "b", "c"}) {
      CAF_CHECK_EQUAL(total(at), 1015u);
      CAF_CHECK_EQUAL(raw(at), 65u);
    }
    count("a", 4);
    pass(3s);
    for (const auto* at : {"a", "b", "c"})
      CAF_CHECK_EQUAL(total(at), 1019u);
  }
  std::size_t slots(const std::string& at) {
    const auto all_here = all[at].store->whole({}).items;
    return static_cast<std::size_t>(
      std::count_if(all_here.begin(), all_here.end(), [](const auto& x) { return x.content.kind == slot_kind::ctr; }));
  }
  /// The sums in the slots of the counter, by who holds them.
  std::size_t sums(const std::string& at) {
    std::size_t n = 0;
    for (const auto& x : all[at].store->whole({}).items) {
      counter_state state;
      if (x.content.kind == slot_kind::ctr && decode_counts(x.content.payload, state))
        for (const auto& d : state.disks)
          n += d.upto > 0 ? 1 : 0;
    }
    return n;
  }
};

stream_id stream(unsigned x) { return {x, 1, 2 * x}; }

void take(replica& to, unsigned of, std::initializer_list<unsigned> seen, const std::string& text) {
  slot x;
  x.seq = 1;
  x.payload = text;
  for (const auto other : seen)
    x.ctx.raise(stream(other), 1);
  if (!to.take(stream_range{stream(of), 0, 1, true, {{"doc", x}}}))
    CAF_FAIL("a gap");
}

std::string shown(const replica& x) {
  std::string out;
  if (const auto* set = x.find(slot_kind::map, "doc"))
    for (const auto& s : siblings(*set))
      out += (out.empty() ? "" : " ") + std::string{s.payload};
  return out;
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(store_scenes_tests, fixture)

/// w21 replaced w19, which had replaced w15; where w21 was written the context of w19
/// was pruned already. One node still waits for w15's writer.
CAF_TEST(I2 what stood between two documents is collected and the first one does not come back) {
  replica a, b;
  take(a, 1, {}, "w15");
  take(a, 2, {1}, "w19");
  take(a, 3, {2}, "w21");
  version_vector stable; // w15 is not everywhere
  stable.raise(stream(2), 1);
  stable.raise(stream(3), 1);
  a.collect(stable);
  CAF_CHECK_EQUAL(shown(a), "w21");
  take(b, 1, {}, "w15"); // and here only that is
  b.take(a.whole(b.seen()));
  CAF_CHECK_EQUAL(shown(b), "w21");
  stable.raise(stream(1), 1);
  a.collect(stable);
  b.collect(stable);
  CAF_CHECK_EQUAL(shown(a), "w21");
  CAF_CHECK_EQUAL(shown(b), "w21");
}

/// a holds all three, and tells of the third first: what a run has not completed yet is told
/// again from its beginning. Nobody has collected anything.
CAF_TEST(I2 a document that stands on a pruned one replaces what that had replaced also where it is told first) {
  replica a;
  take(a, 1, {}, "w15");
  take(a, 2, {1}, "w19");
  take(a, 3, {2}, "w21");
  const auto tells = [&](replica& to, unsigned of) {
    CAF_REQUIRE(to.take(a.range(stream(of), 0, 1 << 20)).has_value());
  };
  for (const auto& order : {std::vector{1u, 3u}, {3u, 1u}, {1u, 3u, 2u}, {3u, 2u, 1u}}) {
    replica b;
    for (const auto of : order)
      tells(b, of);
    CAF_CHECK_EQUAL(shown(b), "w21");
  }
}

CAF_TEST(I3 a start that only a member who is away knows of is not summed without it) {
  count_heard_only_by_b();
  for (int i = 0; i < 5; ++i)
    life("a", 1); // with the link cut
  CAF_CHECK_EQUAL(raw("a"), 5u); // the first five pulses are not known here
  CAF_CHECK_EQUAL(sums("a"), 0u);
  link("a", "b");
  pass(5s);
  CAF_CHECK_EQUAL(raw("a"), 10u);
  CAF_CHECK_EQUAL(raw("b"), 10u);
  life("a", 0, {"b"});
  CAF_CHECK(sums("a") > 0u); // now it may
  CAF_CHECK_EQUAL(raw("a"), 10u);
  CAF_CHECK_EQUAL(raw("b"), 10u);
}

CAF_TEST(I3 a board without its database sums nothing that it knows only from its ring) {
  count_heard_only_by_b();
  for (int i = 0; i < 3; ++i)
    life("a", 1); // with the link cut
  all["a"].disk->wipe(); // the ring is left
  for (int i = 0; i < 3; ++i)
    life("a", 1); // and nothing says that there ever was a b
  CAF_CHECK_EQUAL(raw("a"), 6u);
  CAF_CHECK_EQUAL(sums("a"), 0u);
  link("a", "b");
  pass(5s);
  CAF_CHECK_EQUAL(raw("a"), 11u);
  CAF_CHECK_EQUAL(raw("b"), 11u);
}

CAF_TEST(I3 a new disk sums nothing before it has run for long enough in all) {
  new_disk_sums_after = 8s;
  open("c");
  belongs("c");
  for (int i = 0; i < 4; ++i)
    life("a", 2, {"c"}); // of 3 s; that it has run rests on its disk with its counters, after 1 s
  CAF_CHECK_EQUAL(sums("a"), 0u);
  for (int i = 0; i < 8; ++i)
    life("a", 2, {"c"});
  CAF_CHECK(sums("a") > 0u);
  CAF_CHECK_EQUAL(raw("a"), 24u);
  CAF_CHECK_EQUAL(raw("c"), 24u);
}

/// The disk of a is lost twice; what was counted on the first one was before the meter
/// was set on the second, although neither knew of the other and a counts no more.
CAF_TEST(I3 a meter set on a disk that is lost excludes what an older disk counted) {
  open("b");
  life("a", 7, {"b"});
  cut("a", "b");
  new_disk("a");
  open("c");
  open("a");
  link("a", "c");
  pass(1s);
  CAF_REQUIRE(set("a", 1000));
  pass(3s);
  new_disk("a");
  open("a");
  link("a", "b");
  link("a", "c");
  pass(3s);
  for (const auto* at : {"a", "c"})
    CAF_CHECK_EQUAL(total(at), 1000u);
}

CAF_TEST(I3 what a board counted before it knew its earlier starts is summed once) {
  open("b");
  belongs("b");
  for (int i = 0; i < 3; ++i)
    life("a", 10, {"b"});
  CAF_REQUIRE_EQUAL(raw("b"), 30u);
  new_disk("a");
  life("a", 4); // alone: it believes that this is its first start
  CAF_CHECK_EQUAL(raw("a"), 4u);
  link("a", "b");
  std::uint64_t most = 0;
  for (int i = 0; i < 100; ++i) {
    pass(50ms);
    most = std::max({most, raw("a"), raw("b")});
  }
  CAF_CHECK_EQUAL(raw("a"), 34u);
  CAF_CHECK_EQUAL(raw("b"), 34u);
  count("a", 6);
  pass(3s);
  for (int i = 0; i < 4; ++i)
    life("a", 1, {"b"});
  CAF_CHECK(most <= 34u);
  CAF_CHECK(sums("a") > 0u);
  CAF_CHECK_EQUAL(raw("a"), 40u);
  CAF_CHECK_EQUAL(raw("b"), 40u);
}

/// c knows a sum of the starts that are lost; b is new, and knows what a counted after its disk
/// was put back, under the number of a start that is in that sum.
CAF_TEST(I3 a sum of a time that is lost does not swallow what was counted since under the same start) {
  open("b");
  open("c");
  belongs("b");
  belongs("c");
  link("b", "c");
  for (int i = 0; i < 2; ++i)
    life("a", 10, {"b", "c"});
  const auto copy = copy_of_disk("a");
  for (int i = 0; i < 4; ++i)
    life("a", 10, {"b", "c"});
  CAF_REQUIRE(sums("c") > 0u);
  CAF_REQUIRE_EQUAL(raw("c"), 60u);
  cut("b", "c");
  new_disk("b");
  open("b");
  all["a"].disk = copy;
  life("a", 50, {"b"});
  CAF_CHECK_EQUAL(raw("b"), 70u); // one reader, from here on
  link("b", "c");
  auto last = raw("b");
  for (int i = 0; i < 100; ++i) {
    pass(50ms);
    CAF_CHECK(raw("b") >= last);
    last = raw("b");
  }
  for (const auto* at : {"a", "b", "c"})
    CAF_CHECK_EQUAL(raw(at), 110u);
  open("a"); // nor does it know any more what it counted itself
  link("a", "b");
  link("a", "c");
  count("a", 1);
  pass(3s);
  for (const auto* at : {"a", "b", "c"})
    CAF_CHECK_EQUAL(raw(at), 111u);
}

/// As where no machine has the time: stamps go on from a bound, and that was put back as well.
CAF_TEST(I3 a meter set on a copy that was put back excludes the lost time although its stamps are later) {
  open("b");
  belongs("b");
  life("a", 10, {"b"});
  const auto copy = copy_of_disk("a");
  all["a"].clock.skew = 3'600'000;
  for (int i = 0; i < 2; ++i)
    life("a", 20, {"b"});
  CAF_REQUIRE_EQUAL(raw("b"), 50u);
  all["a"].clock.skew = 0;
  set_on(copy, 3s);
  for (const auto* at : {"a", "b"}) {
    CAF_CHECK_EQUAL(total(at), 1005u);
    CAF_CHECK_EQUAL(raw(at), 55u);
  }
}

/// The copy is older than the first link: what the disk before it had counted comes with the word
/// of the lost time alone.
CAF_TEST(I3 a meter set on a copy that was put back excludes what was learned of an older disk and lost again) {
  open("b");
  belongs("b");
  life("a", 7, {"b"});
  new_disk("a");
  life("a", 2);
  const auto copy = copy_of_disk("a");
  link("a", "b");
  pass(5s);
  CAF_REQUIRE_EQUAL(raw("b"), 9u);
  set_on(copy, 5s);
  for (const auto* at : {"a", "b"})
    CAF_CHECK_EQUAL(total(at), 1005u);
}

/// Between the lost time and the copy there was another disk, which tells of both.
CAF_TEST(I3 a meter set on a copy that was put back excludes the lost time also by the word of another disk) {
  open("b");
  belongs("b");
  life("a", 10, {"b"});
  const auto copy = copy_of_disk("a");
  for (int i = 0; i < 3; ++i)
    life("a", 20, {"b"});
  new_disk("a");
  life("a", 3, {"b"});
  CAF_REQUIRE_EQUAL(raw("b"), 73u);
  set_on(copy, 5s);
  for (const auto* at : {"a", "b"})
    CAF_CHECK_EQUAL(total(at), 1005u);
}

CAF_TEST(I3 a meter set between two copies that were put back excludes the first time that is lost) {
  put_back_twice({"b", "c"});
}

CAF_TEST(I3 a meter set between two copies that were put back and told first excludes the first time that is lost) {
  put_back_twice({"c", "b"});
}

/// And then that disk breaks: the new one finds two lines of it at its peers.
CAF_TEST(I3 a meter set on a copy that was put back and lost as well excludes the first time that is lost) {
  for (const auto* peer : {"b", "c"}) {
    open(peer);
    belongs(peer);
  }
  life("a", 10, {"b"});
  const auto copy = copy_of_disk("a");
  for (int i = 0; i < 2; ++i)
    life("a", 20, {"b"});
  CAF_REQUIRE_EQUAL(raw("b"), 50u);
  all["a"].disk = copy;
  open("a");
  link("a", "c");
  pass(6s);
  CAF_REQUIRE(set("a", 1000));
  count("a", 5);
  pass(1s);
  life("a", 7, {"c"});
  CAF_REQUIRE_EQUAL(total("c"), 1012u);
  new_disk("a");
  life("a", 3, {"b", "c"});
  life("a", 0, {"b", "c"});
  for (const auto* at : {"a", "b", "c"}) {
    CAF_CHECK_EQUAL(total(at), 1015u);
    CAF_CHECK_EQUAL(raw(at), 65u);
  }
}

/// As after a power cut, where stamps go on from a bound, or a clock that was wrong then.
CAF_TEST(I3 a meter set between two copies that were put back excludes the first lost time also if its stamps are later) {
  first_lost_time_stamps_ahead = 3'600'000;
  put_back_twice({"b", "c"});
}

CAF_TEST(I3 a meter set between two copies that were put back and told first excludes the first lost time also if its stamps are later) {
  first_lost_time_stamps_ahead = 3'600'000;
  put_back_twice({"c", "b"});
}

/// Which starts again before it hears of the time that is lost: nothing but the lines tells then that a copy was put back.
CAF_TEST(I3 a meter set on a copy that was put back excludes the lost time of which only a later start hears) {
  open("b");
  belongs("b");
  life("a", 10, {"b"});
  life("a", 10, {"b"});
  const auto copy = copy_of_disk("a");
  all["a"].clock.skew = 3'600'000;
  open("a"); // counts nothing, so nobody hears of this start
  pass(1s);
  life("a", 20, {"b"});
  CAF_REQUIRE_EQUAL(raw("b"), 40u);
  all["a"].clock.skew = 0;
  all["a"].disk = copy;
  open("a");
  pass(6s); // long enough alone
  CAF_REQUIRE(set("a", 1000));
  count("a", 5);
  pass(3s);
  life("a", 4, {"b"});
  pass(3s);
  for (const auto* at : {"a", "b"}) {
    CAF_CHECK_EQUAL(total(at), 1009u);
    CAF_CHECK_EQUAL(raw(at), 49u);
  }
}

/// And what told of the first lost time was collected before its node hears of the mark.
CAF_TEST(I3 a meter set between two copies that were put back excludes a lost time of which a later slot tells) {
  for (const auto* peer : {"b", "c"}) {
    open(peer);
    belongs(peer);
  }
  life("a", 10, {"b", "c"});
  const auto copy = copy_of_disk("a"), another = copy_of_disk("a");
  all["a"].clock.skew = 3'600'000;
  for (int i = 0; i < 2; ++i)
    life("a", 20, {"b"});
  all["a"].clock.skew = 0;
  all["a"].disk = copy;
  open("a");
  link("a", "c");
  pass(6s);
  CAF_REQUIRE(set("a", 1000));
  count("a", 5);
  pass(1s);
  CAF_REQUIRE(all["b"].store->erase(slot_kind::map, std::string{member_prefix} + "c")); // nobody waits for it
  all["a"].disk = another;
  life("a", 3, {"b"});
  pass(5s);
  CAF_REQUIRE_EQUAL(slots("a"), 1u);
  link("a", "c");
  pass(5s);
  for (const auto* at : {"a", "b", "c"}) {
    CAF_CHECK_EQUAL(total(at), 1008u);
    CAF_CHECK_EQUAL(raw(at), 58u);
  }
}

/// A start on the copy hears of the lost time, the next one of the meter that was set in it.
CAF_TEST(I3 a meter set in a time that is lost shows what was counted since the copy was put back) {
  open("b");
  belongs("b");
  life("a", 10, {"b"});
  const auto copy = copy_of_disk("a");
  open("a");
  link("a", "b");
  pass(1s);
  CAF_REQUIRE(set("a", 1000));
  count("a", 5);
  pass(3s);
  CAF_REQUIRE_EQUAL(total("b"), 1005u);
  all["a"].disk = copy;
  life("a", 7); // alone
  open("a");
  count("a", 3);
  link("a", "b");
  pass(5s);
  for (const auto* at : {"a", "b"}) {
    CAF_CHECK_EQUAL(raw(at), 25u);
    CAF_CHECK_EQUAL(total(at), 1015u);
  }
}

CAF_TEST(I3 the meter of a board with a new disk is set when others have told what they know) {
  open("b");
  belongs("b");
  for (int i = 0; i < 2; ++i)
    life("a", 10, {"b"});
  new_disk("a");
  open("a");
  count("a", 3);
  CAF_CHECK(!set("a", 1000)); // nobody has told yet
  link("a", "b");
  pass(1s);
  CAF_CHECK_EQUAL(total("a"), 23u);
  CAF_CHECK(set("a", 1000));
  pass(1s);
  CAF_CHECK_EQUAL(total("a"), 1000u);
  CAF_CHECK_EQUAL(total("b"), 1000u);
  count("a", 5);
  pass(1s);
  CAF_CHECK_EQUAL(total("a"), 1002u);
  CAF_CHECK_EQUAL(total("b"), 1002u);
}

CAF_TEST(I3 the meter of a board with a new disk that nobody answers excludes what is told later) {
  open("b");
  belongs("b");
  for (int i = 0; i < 2; ++i)
    life("a", 10, {"b"});
  new_disk("a");
  open("a");
  count("a", 3);
  pass(6s); // long enough alone
  CAF_CHECK(set("a", 1000));
  count("a", 5);
  pass(1s);
  CAF_CHECK_EQUAL(total("a"), 1002u);
  link("a", "b");
  pass(3s);
  CAF_CHECK_EQUAL(total("a"), 1002u);
  CAF_CHECK_EQUAL(total("b"), 1002u);
  CAF_CHECK_EQUAL(raw("b"), 25u);
}

/// b knows of the first start of a, c of the second.
CAF_TEST(I3 a setting that learns of earlier starts from one peer after the other excludes them all) {
  open("b");
  open("c");
  life("a", 7, {"b"});
  cut("a", "b");
  life("a", 9, {"c"});
  cut("a", "c");
  new_disk("a");
  open("a");
  count("a", 3);
  pass(6s);
  CAF_CHECK(set("a", 1000));
  count("a", 4);
  pass(1s);
  link("a", "b");
  pass(3s);
  CAF_CHECK_EQUAL(total("a"), 1001u);
  count("a", 6);
  link("a", "c");
  pass(3s);
  CAF_CHECK_EQUAL(total("a"), 1003u);
  CAF_CHECK_EQUAL(total("b"), 1003u);
  CAF_CHECK_EQUAL(total("c"), 1003u);
}

/// c is new itself; b, who was away, knows of two earlier starts of a.
CAF_TEST(I3 a setting on a new disk outlives a restart before earlier starts are told) {
  open("b");
  for (int i = 0; i < 2; ++i)
    life("a", 10, {"b"});
  new_disk("a");
  open("c");
  open("a");
  link("a", "c");
  pass(1s);
  CAF_REQUIRE(set("a", 1000)); // c has answered, and knows nothing
  count("a", 3);
  pass(3s);
  life("a", 4, {"c"});
  CAF_CHECK_EQUAL(total("a"), 1007u);
  link("a", "b");
  pass(3s);
  for (const auto* at : {"a", "b"}) {
    CAF_CHECK_EQUAL(total(at), 1007u);
    CAF_CHECK_EQUAL(raw(at), 27u);
  }
  count("a", 6);
  pass(3s);
  for (const auto* at : {"a", "b", "c"})
    CAF_CHECK_EQUAL(total(at), 1009u);
}

CAF_TEST(two machines under one name both have an alarm and nothing is lost) {
  open("b");
  open("a");
  open("twin", usual("a"));
  pass(70s);
  link("a", "b");
  link("twin", "b");
  const auto alarms = [&](const std::string& at) {
    int n = 0;
    for (const auto& x : all[at].store->journal({}))
      n += x.text.find("another machine runs under the name 'a'") != std::string::npos;
    return n;
  };
  for (int i = 1; i <= 5; ++i) {
    count("a", static_cast<std::uint64_t>(i));
    count("twin", static_cast<std::uint64_t>(2 * i));
    CAF_CHECK_EQUAL(alarms("a") + alarms("twin"), 0);
    pass(2s);
  }
  count("a", 6);
  count("twin", 12);
  pass(2s);
  CAF_CHECK_EQUAL(alarms("a"), 1);
  CAF_CHECK_EQUAL(alarms("twin"), 1);
  CAF_CHECK_EQUAL(alarms("b"), 0);
  for (const auto* at : {"a", "b", "twin"})
    CAF_CHECK_EQUAL(raw(at), 18u);
  // Nor do they outbid each other with ever new streams.
  const auto streams = [&] { return all["b"].store->summarize().seen.items().size(); };
  const auto before = streams();
  CAF_CHECK(before < 60);
  for (int i = 7; i <= 12; ++i) {
    count("a", static_cast<std::uint64_t>(i));
    count("twin", static_cast<std::uint64_t>(2 * i));
    pass(2s);
  }
  CAF_CHECK_EQUAL(streams(), before);
  CAF_CHECK_EQUAL(raw("b"), 36u);
}

CAF_TEST(an event of a node whose clock is years behind is kept at the archive) {
  open("a");
  all["a"].clock.skew = -clock.wall() + 60'000; // 1970
  open("a");
  auto how = usual("c");
  how.archive = true;
  open("c", how);
  link("a", "c");
  journal_event x;
  x.subject = "hall/lamp";
  x.text = "off -> on";
  all["a"].store->append(x);
  pass(5s);
  for (int i = 0; i < 200; ++i) { // the archive looks what is too old
    all["c"].store->append({});
    pass(50ms);
  }
  journal_query about;
  about.subject = "hall/lamp";
  CAF_REQUIRE_EQUAL(all["c"].store->journal(about).size(), 1u);
  CAF_CHECK(all["c"].store->journal(about).front().at < 100'000); // and says when it was, there
}

/// It began at the bound, two minutes ahead, and so won against what others said after it.
CAF_TEST(a start that knows of a clock years ahead stamps with its own) {
  open("a");
  open("b");
  all["b"].clock.skew = 400LL * 86'400'000;
  open("b");
  link("a", "b");
  put("b", "doc/1", "from next year");
  pass(1s);
  CAF_REQUIRE_EQUAL(text("a", "doc/1"), "from next year");
  open("a");
  put("a", "doc/2", "now");
  const auto* mine = static_cast<const slot*>(nullptr);
  const auto held = all["a"].store->whole({});
  for (const auto& x : held.items)
    if (x.key == "doc/2")
      mine = &x.content;
  CAF_REQUIRE(mine);
  CAF_CHECK(mine->stamp.ms() <= clock.wall() + 1000);
}

/// b restarts so fast that a has not noticed the end of the link.
CAF_TEST(I2 a link of which only one end knows that it is new goes on) {
  open("a");
  open("b");
  link("a", "b");
  put("a", "doc/1", "before");
  pass(1s);
  open("b"); // both ends are cut here
  use("a", [&](auto& r, auto& out) { r.linked("b", clock.mono(), out); });
  links = {{"a", "b"}, {"b", "a"}};
  wire.clear(); // what a said at its beginning found nobody
  put("a", "doc/2", "while b was away");
  pass(1s);
  use("b", [&](auto& r, auto& out) { r.linked("a", clock.mono(), out); });
  put("b", "doc/3", "after");
  pass(3s);
  CAF_CHECK_EQUAL(text("b", "doc/2"), "while b was away");
  CAF_CHECK_EQUAL(text("a", "doc/3"), "after");
  CAF_CHECK(equal("a", "b"));
}

CAF_TEST_FIXTURE_SCOPE_END()
