#undef CAF_SUITE
#define CAF_SUITE replicator
#include <caf/test/dsl.hpp>

#include "tests/support/store_room.hpp"

#include "storage/backup/restore.hpp"
#include "storage/backup/writer.hpp"
#include "storage/layout.hpp"

using namespace troupe;
using namespace troupe::storage;
using namespace std::chrono_literals;
using test::frame::hello;
using test::frame::pulse;
using test::frame::range;
using test::frame::taken;
using test::frame::whole;

namespace {

namespace frame = cluster::frame;

struct fixture : test::store_room {
  /// `a` has written so many documents of 100 bytes, on its own.
  void much(unsigned n) {
    for (unsigned i = 0; i < n; ++i)
      put("a", "doc/" + std::to_string(100 + i), std::string(100, 'x') + std::to_string(i));
  }
  test::replicator::options small_pieces(const std::string& name) {
    auto how = usual(name);
    how.smallest_piece = how.largest_piece = 500;
    return how;
  }
  /// `b` holds everything of a that a has.
  bool has_all_of_a() { return seen("b", session("a")) == seen("a", session("a")); }
  std::size_t documents(const std::string& at) { return all[at].store->list(slot_kind::map, "doc/").size(); }
  /// A peer of `a` that is not in the room: it says what the test lets it say.
  stream_id stranger = {99, 1, 4};
  void greet_as_stranger() {
    use("a", [&](auto& r, auto& out) { r.linked("evil", clock.mono(), out); });
    hello x;
    x.session = stranger;
    x.house = "house";
    hear("a", "evil", x);
  }
};

range piece(const stream_id& session, std::uint64_t number, std::uint64_t run, const stream_id& of, std::uint64_t after,
            std::uint64_t upto, bool last, std::size_t bytes = 10) {
  range x;
  x.session = session;
  x.number = number;
  x.run = run;
  slot s;
  s.seq = upto;
  s.payload = std::string(bytes, 'x');
  x.range_ = {of, after, upto, last, {{"doc/" + std::to_string(upto), s}}};
  return x;
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(replicator_tests, fixture)

CAF_TEST(I2 two stores that meet become equal and then say little) {
  open("a");
  open("b");
  put("a", "light/hall", "on");
  put("b", "light/attic", "off");
  link("a", "b");
  pass(1s);
  CAF_CHECK(equal("a", "b"));
  CAF_CHECK_EQUAL(text("b", "light/hall"), "on");
  CAF_CHECK_EQUAL(text("a", "light/attic"), "off");
  CAF_CHECK(view("a", "b").equal);
  CAF_CHECK_EQUAL(view("a", "b").behind_since, 0);
  said.clear();
  pass(10s);
  CAF_CHECK(frames<range>().empty());
  CAF_CHECK(frames<whole>().empty());
  CAF_CHECK(frames<hello>().empty());
  CAF_CHECK_EQUAL(frames<pulse>("a", "b").size(), 40u);
}

CAF_TEST(I2 what one heard reaches who has no link to its writer) {
  open("a");
  open("b");
  open("c");
  link("a", "b");
  link("b", "c");
  put("a", "light/hall", "on");
  pass(200ms);
  CAF_CHECK_EQUAL(text("c", "light/hall"), "on");
  CAF_CHECK(equal("a", "c"));
}

CAF_TEST(a stream in pieces counts when its last piece has come and not before) {
  open("a", small_pieces("a"));
  open("b");
  much(40);
  bool last_is_lost = true;
  lost = [&](const flight& f) {
    const auto x = frame::decode(f.bytes);
    const auto* r = std::get_if<range>(&*x);
    return last_is_lost && r && r->range_.last;
  };
  link("a", "b");
  pass(1s);
  CAF_CHECK(frames<range>("a", "b").size() > 5u);
  CAF_CHECK_EQUAL(seen("b", session("a")), 0u);
  CAF_CHECK_EQUAL(documents("b"), 0u);
  CAF_CHECK(view("b", "a").staged > 0u);
  last_is_lost = false;
  pass(5s);
  CAF_CHECK(has_all_of_a());
  CAF_CHECK_EQUAL(documents("b"), 40u);
  CAF_CHECK_EQUAL(view("b", "a").staged, 0u);
}

CAF_TEST(a run whose sender died in its middle leaves nothing behind) {
  open("a", small_pieces("a"));
  open("b");
  much(40);
  all["a"].store->work();
  link("a", "b");
  carry(9);
  CAF_REQUIRE(view("b", "a").staged > 0u);
  open("a", small_pieces("a")); // it starts anew
  CAF_CHECK_EQUAL(view("b", "a").staged, 0u);
  CAF_CHECK_EQUAL(documents("b"), 0u);
  link("a", "b");
  pass(1s);
  CAF_CHECK(equal("a", "b"));
  CAF_CHECK_EQUAL(documents("b"), 40u);
}

CAF_TEST(a run goes on from where a hello in its middle says) {
  open("a", small_pieces("a"));
  open("b");
  much(60);
  link("a", "b");
  carry(12);
  CAF_REQUIRE(view("b", "a").staged > 0u);
  // b says once more what it has, as after a doubt.
  hello x;
  x.session = session("b");
  x.house = "house";
  const auto pieces = frames<range>("a", "b");
  const auto staged = view("b", "a").staged;
  x.runs = {{session("a"), pieces.front().run, pieces[pieces.size() - 2].range_.upto}};
  hear("a", "b", x);
  pass(5s);
  CAF_CHECK(has_all_of_a());
  CAF_CHECK_EQUAL(documents("b"), 60u);
  CAF_CHECK(staged > 0u);
  for (const auto& r : frames<range>("a", "b"))
    if (r.range_.stream == session("a") && r.range_.after > 0)
      CAF_CHECK_EQUAL(r.run, pieces.front().run);
}

CAF_TEST(a lost piece is sent again and a gap is never taken in) {
  open("a", small_pieces("a"));
  open("b");
  much(40);
  unsigned pieces = 0;
  lost = [&](const flight& f) { return is<range>(f) && ++pieces == 3; };
  link("a", "b");
  carry();
  CAF_CHECK(pieces > 3u);
  CAF_CHECK_EQUAL(documents("b"), 0u);
  pass(5s);
  CAF_CHECK(has_all_of_a());
  CAF_CHECK_EQUAL(documents("b"), 40u);
}

CAF_TEST(a confirmation that was lost does not stop the link) {
  open("a", small_pieces("a"));
  open("b");
  much(40);
  unsigned confirmations = 0;
  lost = [&](const flight& f) { return is<taken>(f) && ++confirmations < 4; };
  link("a", "b");
  pass(10s);
  CAF_CHECK(has_all_of_a());
  CAF_CHECK(view("a", "b").equal);
}

CAF_TEST(I11 at most a window of pieces is under way however much there is to say) {
  for (const unsigned window : {1u, 2u, 5u}) {
    said.clear();
    auto how = small_pieces("a");
    how.window = window;
    open("a", how);
    open("b");
    much(40);
    lost = [](const flight& f) { return is<taken>(f); };
    link("a", "b");
    for (int i = 0; i < 20; ++i) {
      put("a", "doc/again", std::to_string(i) + std::string(100, 'y'));
      pass(50ms);
      CAF_CHECK(view("a", "b").under_way <= window);
    }
    CAF_CHECK_EQUAL(frames<range>("a", "b").size(), window);
    said.clear();
    lost = [](const flight&) { return false; };
    pass(10s);
    CAF_CHECK(has_all_of_a());
    cut("a", "b");
    all.clear();
  }
}

CAF_TEST(I11 many changes of one entry while a peer is slow are told as one) {
  open("a");
  open("b");
  link("a", "b");
  pass(1s);
  lost = [](const flight& f) { return is<taken>(f); };
  for (int i = 0; i < 1000; ++i) {
    put("a", "light/hall", std::to_string(i));
    carry();
  }
  said.clear();
  lost = [](const flight&) { return false; };
  pass(5s);
  CAF_CHECK_EQUAL(text("b", "light/hall"), "999");
  std::size_t slots = 0;
  for (const auto& r : frames<range>("a", "b"))
    slots += r.range_.slots.size();
  CAF_CHECK(slots <= 4u);
}

CAF_TEST(I11 what is kept aside of a peer is bounded whatever it sends) {
  auto how = usual("a");
  how.most_staged = 10'000;
  open("a", how);
  greet_as_stranger();
  for (std::uint64_t i = 1; i <= 1000; ++i) { // a run without an end
    hear("a", "evil", piece(stranger, i, 1, stranger, i - 1, i, false, 500));
    CAF_REQUIRE(view("a", "evil").staged <= 10'000u);
  }
  CAF_CHECK(view("a", "evil").trouble.find("in one run") != std::string::npos);
  for (std::uint32_t i = 0; i < 1000; ++i) { // many runs without an end
    const stream_id of{99, 2 + i, 4};
    hear("a", "evil", piece(stranger, 1001 + i, 2 + i, of, 0, 1, false, 500));
    CAF_REQUIRE(view("a", "evil").staged <= 10'000u);
  }
  whole x; // everything, without an end
  x.session = stranger;
  x.to = session("a");
  x.run = 9000;
  slot s;
  s.seq = 1;
  s.payload = std::string(500, 'x');
  x.part.items = {{"doc/1", stranger, s, false}};
  for (x.piece = 0; x.piece < 1000; ++x.piece) {
    x.number = 3000 + x.piece;
    hear("a", "evil", x);
    CAF_REQUIRE(view("a", "evil").staged <= 10'000u);
  }
  CAF_CHECK_EQUAL(documents("a"), 0u);
}

CAF_TEST(who is behind what was collected is sent everything and shows nothing that was erased) {
  auto how = usual("a");
  how.forget_after = 1s;
  open("a", how);
  open("b");
  belongs("a");
  belongs("b");
  link("a", "b");
  put("a", "doc/1", "old");
  pass(1s);
  CAF_REQUIRE(text("b", "doc/1") == "old");
  cut("a", "b");
  CAF_REQUIRE(all["a"].store->erase(slot_kind::map, "doc/1"));
  put("a", "doc/2", "new");
  pass(5s); // a waits no longer for b
  CAF_REQUIRE(!all["a"].store->summarize().collected.empty());
  link("a", "b");
  pass(1s);
  CAF_CHECK_EQUAL(view("a", "b").wholes_sent, 1u);
  CAF_CHECK_EQUAL(text("b", "doc/1"), "-");
  CAF_CHECK_EQUAL(text("b", "doc/2"), "new");
  CAF_CHECK(equal("a", "b"));
}

CAF_TEST(everything in pieces counts when all have come and not before) {
  auto how = small_pieces("a");
  how.forget_after = 1s;
  open("a", how);
  open("b");
  belongs("a");
  belongs("b");
  link("a", "b");
  pass(1s);
  cut("a", "b");
  much(40);
  CAF_REQUIRE(all["a"].store->erase(slot_kind::map, "doc/100"));
  pass(5s);
  bool last_is_lost = true;
  lost = [&](const flight& f) {
    const auto x = frame::decode(f.bytes);
    const auto* w = std::get_if<whole>(&*x);
    return last_is_lost && w && w->last;
  };
  const auto before = seen("b", session("a"));
  link("a", "b");
  pass(1s);
  CAF_CHECK(frames<whole>("a", "b").size() > 5u);
  CAF_CHECK(view("b", "a").receiving_all);
  CAF_CHECK_EQUAL(documents("b"), 0u);
  CAF_CHECK_EQUAL(seen("b", session("a")), before);
  last_is_lost = false;
  pass(10s);
  CAF_CHECK_EQUAL(documents("b"), 39u);
  CAF_CHECK(equal("a", "b"));
}

CAF_TEST(everything that was meant for an earlier life of a node is passed over) {
  open("a");
  greet_as_stranger();
  whole x;
  x.session = stranger;
  x.to = {1, 2, 4}; // not this one
  x.number = x.run = 1;
  x.last = true;
  x.part.seen.raise(stranger, 5);
  hear("a", "evil", x);
  CAF_CHECK_EQUAL(seen("a", stranger), 0u);
  x.to = session("a");
  hear("a", "evil", x);
  CAF_CHECK_EQUAL(seen("a", stranger), 5u);
}

CAF_TEST(a frame of an earlier life of a peer changes nothing and is asked about) {
  open("a");
  greet_as_stranger();
  said.clear();
  const stream_id earlier{99, 0, 6};
  hear("a", "evil", piece(earlier, 1, 1, earlier, 0, 1, true));
  CAF_CHECK_EQUAL(seen("a", earlier), 0u);
  pass(1s);
  const auto asked = frames<hello>("a", "evil");
  CAF_REQUIRE(!asked.empty());
  CAF_CHECK(asked.front().answer);
}

CAF_TEST(a range that begins after what is held changes nothing and is asked about) {
  open("a");
  greet_as_stranger();
  said.clear();
  hear("a", "evil", piece(stranger, 1, 1, stranger, 3, 4, true));
  CAF_CHECK_EQUAL(seen("a", stranger), 0u);
  CAF_CHECK_EQUAL(documents("a"), 0u);
  pass(1s);
  CAF_CHECK(!frames<hello>("a", "evil").empty());
  hear("a", "evil", piece(stranger, 2, 2, stranger, 0, 2, true));
  hear("a", "evil", piece(stranger, 3, 3, stranger, 2, 4, true));
  CAF_CHECK_EQUAL(documents("a"), 2u);
}

CAF_TEST(pieces complete only their own run and only where it ended) {
  open("a");
  greet_as_stranger();
  hear("a", "evil", piece(stranger, 1, 5, stranger, 0, 2, false));
  hear("a", "evil", piece(stranger, 2, 6, stranger, 2, 4, true)); // of another run
  CAF_CHECK_EQUAL(seen("a", stranger), 0u);
  hear("a", "evil", piece(stranger, 3, 5, stranger, 3, 4, true)); // not where it ended
  CAF_CHECK_EQUAL(seen("a", stranger), 0u);
  hear("a", "evil", piece(stranger, 4, 5, stranger, 2, 4, true));
  CAF_CHECK_EQUAL(seen("a", stranger), 4u);
  CAF_CHECK_EQUAL(documents("a"), 2u);
}

CAF_TEST(another house is refused and told so and gets nothing) {
  open("a");
  auto how = usual("b");
  how.house = "next door";
  open("b", how);
  put("a", "doc/1", "ours");
  link("a", "b");
  pass(5s);
  CAF_CHECK(!view("a", "b").compatible);
  CAF_CHECK(view("a", "b").trouble.find("next door") != std::string::npos);
  CAF_CHECK(view("b", "a").trouble.find("another house") != std::string::npos);
  CAF_CHECK(frames<range>().empty());
  CAF_CHECK_EQUAL(text("b", "doc/1"), "-");
}

CAF_TEST(who speaks only later versions is refused with the way out) {
  open("a");
  put("a", "doc/1", "ours");
  use("a", [&](auto& r, auto& out) { r.linked("evil", clock.mono(), out); });
  hello x;
  x.session = stranger;
  x.house = "house";
  x.oldest = x.newest = frame::newest_protocol + 1;
  hear("a", "evil", x);
  CAF_CHECK(!view("a", "evil").compatible);
  CAF_CHECK(view("a", "evil").trouble.find("upgrade") != std::string::npos);
  CAF_CHECK(frames<range>("a", "evil").empty());
  x.oldest = frame::newest_protocol; // it speaks ours too
  hear("a", "evil", x);
  CAF_CHECK(view("a", "evil").compatible);
  CAF_CHECK(!frames<range>("a", "evil").empty());
}

CAF_TEST(unknown frames are passed over and rubbish is told of and the link goes on) {
  open("a");
  greet_as_stranger();
  auto unknown = encode(pulse{stranger, 1, 2, 3, {}});
  unknown[1] = 77;
  use("a", [&](auto& r, auto& out) { r.receive("evil", unknown, clock.mono(), out); });
  CAF_CHECK_EQUAL(view("a", "evil").trouble, "");
  use("a", [&](auto& r, auto& out) { r.receive("evil", std::string("\1\1short"), clock.mono(), out); });
  CAF_CHECK(view("a", "evil").trouble.find("no sense") != std::string::npos);
  hear("a", "evil", piece(stranger, 1, 1, stranger, 0, 1, true));
  CAF_CHECK_EQUAL(documents("a"), 1u);
}

CAF_TEST(I2 an entry of a kind that only a later version reads is passed on) {
  open("a");
  open("b");
  link("a", "b");
  pass(1s);
  greet_as_stranger();
  auto x = piece(stranger, 1, 1, stranger, 0, 1, true);
  x.range_.slots.front().content.kind = static_cast<slot_kind>(77);
  x.range_.slots.front().content.flags = 0x42;
  x.range_.slots.front().content.schema = 9;
  hear("a", "evil", x);
  pass(1s);
  CAF_CHECK(equal("a", "b"));
  const auto there = all["b"].store->range(stranger, 0, 1000);
  CAF_REQUIRE(there.slots.size() == 1);
  CAF_CHECK(there.slots.front() == x.range_.slots.front());
  open("b"); // and rests on its disk
  CAF_CHECK(all["b"].store->range(stranger, 0, 1000).slots == there.slots);
}

CAF_TEST(I1 a write that asks for a peer waits until the disk of one has it) {
  open("a");
  open("b").works = false;
  link("a", "b");
  pass(200ms);
  test::outcomes told;
  put("a", "doc/1", "safe", told.next(), ack::peer);
  put("a", "doc/2", "safe", told.next(), ack::local);
  pass(200ms);
  CAF_CHECK_EQUAL(text("b", "doc/1"), "safe"); // in RAM
  CAF_CHECK_EQUAL(told.good(), 1u);
  all["b"].works = true;
  pass(200ms);
  CAF_CHECK_EQUAL(told.good(), 2u);
  open("b");
  CAF_CHECK_EQUAL(text("b", "doc/1"), "safe");
}

CAF_TEST(journals go to archives and back to who wrote them and to nobody else) {
  open("a");
  open("b");
  auto how = usual("c");
  how.archive = true;
  open("c", how);
  link("a", "b");
  link("a", "c");
  journal_event x;
  x.text = "off -> on";
  all["a"].store->append(x);
  pass(2s);
  const auto texts = [&](const std::string& at) {
    std::size_t n = 0;
    for (const auto& e : all[at].store->journal({}))
      n += e.text == "off -> on" ? 1 : 0;
    return n;
  };
  CAF_CHECK_EQUAL(texts("b"), 0u);
  CAF_CHECK_EQUAL(texts("c"), 1u);
  all["a"].disk = std::make_shared<memory_disk>(); // a gets a new disk
  open("a");
  CAF_CHECK_EQUAL(texts("a"), 0u);
  link("a", "c");
  pass(2s);
  CAF_CHECK_EQUAL(texts("a"), 1u);
}

CAF_TEST(a slot that rotted on a disk is found by its digest and repaired and told) {
  open("a");
  open("b");
  link("a", "b");
  put("a", "doc/1", "true");
  pass(1s);
  all["b"].store->set_news({});
  CAF_REQUIRE(all["b"].store->close());
  for (const auto& [key, value] : all["b"].disk->content(family::slot))
    if (const auto at = layout::parse_slot_key(key); at && at->key == "doc/1") {
      auto x = *decode_slot(value);
      x.payload = "falx";
      all["b"].disk->tamper(family::slot, key, encode(x));
    }
  open("b");
  CAF_REQUIRE(text("b", "doc/1") == "falx");
  link("a", "b");
  pass(1s);
  use("a", [&](auto& r, auto& out) { r.compare(clock.mono(), out); });
  pass(200ms);
  CAF_CHECK(equal("a", "b"));
  CAF_CHECK_EQUAL(text("b", "doc/1"), text("a", "doc/1"));
  CAF_CHECK_EQUAL(text("b", "doc/1"), "true");
  CAF_CHECK_EQUAL(view("b", "a").repaired, 1u);
  bool told = false;
  for (const auto& e : all["b"].store->journal({}))
    told = told || (e.level == severity::alarm && e.text.find("diverged") != std::string::npos);
  CAF_CHECK(told);
}

CAF_TEST(a node whose disk was replaced gets all back and goes on as a later stream) {
  open("a");
  open("b");
  belongs("a");
  belongs("b");
  link("a", "b");
  put("a", "doc/1", "of a");
  pass(1s);
  open("a");
  belongs("a");
  all["a"].store->work();
  open("a");
  belongs("a"); // its boots have grown
  link("a", "b");
  pass(1s);
  const auto boot = session("a").boot;
  all["a"].disk = std::make_shared<memory_disk>();
  open("a");
  link("a", "b");
  pass(2s);
  CAF_CHECK_EQUAL(text("a", "doc/1"), "of a");
  CAF_CHECK(session("a").boot > boot);
  CAF_CHECK(equal("a", "b"));
}

CAF_TEST(I3 what a node counts alone after it was restored from an old backup is not lost in a sum of its later life) {
  open("a");
  open("b");
  belongs("a");
  belongs("b");
  link("a", "b");
  all["a"].store->counted("gas", 10);
  put("a", "doc/1", "old");
  pass(2s);
  const auto saved = all["a"].store->take_snapshot();
  std::uint64_t total = 10;
  for (int i = 0; i < 6; ++i) { // later lives, the first of which are summed
    open("a");
    belongs("a");
    link("a", "b");
    pass(6s);
    all["a"].store->counted("gas", 10);
    total += 10;
    pass(2s);
  }
  CAF_CHECK(all["a"].store->erase(slot_kind::map, "doc/1"));
  pass(2s);
  CAF_REQUIRE_EQUAL(all["b"].store->counter("gas").total, total);
  const auto boot = session("a").boot;
  cut("a", "b");

  auto disk = std::make_shared<memory_disk>();
  auto into = make_memory_engine(disk);
  CAF_REQUIRE(into->open(access::read_write));
  backup::restoring work{*into, "a"};
  backup::reader from{work.taker()};
  backup::writer bytes{saved, "1"};
  for (auto x = bytes.next(); !x.empty(); x = bytes.next())
    CAF_REQUIRE(from.feed(x));
  CAF_REQUIRE(from.finish());
  CAF_REQUIRE(work.finish(*from.found().begins));
  CAF_REQUIRE(into->close());
  all["a"].disk = disk;
  for (int i = 0; i < 2; ++i) { // alone, and started twice
    open("a");
    CAF_CHECK(session("a").boot < boot);
    all["a"].store->counted("gas", 5);
    pass(2s);
  }
  CAF_CHECK_EQUAL(text("a", "doc/1"), "old"); // it knows no better yet
  link("a", "b");
  pass(10s);
  CAF_CHECK(equal("a", "b"));
  CAF_CHECK(session("a").boot > boot);
  for (const auto* node : {"a", "b"}) {
    CAF_CHECK_EQUAL(text(node, "doc/1"), "-");
    CAF_CHECK_EQUAL(all[node].store->counter("gas").total, total + 10);
  }
}

CAF_TEST(a member without a link is behind since the first thing that it did not hear) {
  open("a");
  open("b");
  put("a", "one", "1");
  link("a", "b");
  pass(1s);
  cut("a", "b");
  pass(2s);
  CAF_CHECK_EQUAL(view("a", "b").behind_since, 0); // it has all that there is
  put("a", "two", "2");
  pass(200ms);
  const auto since = view("a", "b").behind_since;
  CAF_CHECK(since != 0 && clock.mono() - since <= 200'000'000);
  put("a", "three", "3");
  pass(5s);
  CAF_CHECK_EQUAL(view("a", "b").behind_since, since);
  link("a", "b");
  pass(1s);
  CAF_CHECK_EQUAL(view("a", "b").behind_since, 0);
  CAF_CHECK(view("a", "b").equal);
}

CAF_TEST(who was away shows how far it is and tells once when it is done) {
  open("a", small_pieces("a"));
  open("b");
  link("a", "b");
  pass(1s);
  CAF_CHECK(!all["b"].talker->take_caught_up()); // it had missed next to nothing
  cut("a", "b");
  pass(20s);
  much(60);
  link("a", "b");
  carry(8);
  const auto begun = all["b"].talker->catching_up();
  CAF_REQUIRE(begun);
  CAF_CHECK_EQUAL(begun->operations, 60u);
  CAF_CHECK(begun->done < 60);
  carry(20);
  const auto later = all["b"].talker->catching_up();
  CAF_REQUIRE(later);
  CAF_CHECK(later->done > begun->done && later->done < 60); // also of what is kept aside
  CAF_CHECK(!all["b"].talker->take_caught_up());
  pass(1s);
  CAF_CHECK(!all["b"].talker->catching_up());
  const auto done = all["b"].talker->take_caught_up();
  CAF_REQUIRE(done);
  CAF_CHECK_EQUAL(done->operations, 60u);
  CAF_CHECK(done->away >= 20'000'000'000);
  CAF_CHECK(!all["b"].talker->take_caught_up());
  CAF_CHECK(!all["a"].talker->take_caught_up()); // it was not away
  CAF_CHECK_EQUAL(view("b", "a").lacks, 0u);
}

CAF_TEST(a link that was gone for a moment is not worth a word) {
  open("a");
  open("b");
  link("a", "b");
  pass(1s);
  cut("a", "b");
  pass(1s);
  put("a", "one", "1");
  link("a", "b");
  pass(1s);
  CAF_CHECK(equal("a", "b"));
  CAF_CHECK(!all["b"].talker->take_caught_up());
}

CAF_TEST_FIXTURE_SCOPE_END()
