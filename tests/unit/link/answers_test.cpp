// Questions to other nodes, and what they run.
#define CAF_SUITE answers
#include "tests/support/suite.hpp"

#include "cluster/link/calls.hpp"
#include "cluster/link/catalogue.hpp"

#include <thread>

using namespace troupe;
using namespace troupe::cluster;

namespace {

std::vector<std::string> old_book() {
  return std::vector<std::string>(1, "old");
}

far_answer says(std::uint64_t id, const std::string& body) {
  far_answer x;
  x.id = id;
  x.status = 200;
  x.body = body;
  return x;
}

} // namespace

CAF_TEST(an answer ends the wait) {
  calls all;
  const auto id = all.begin("attic");
  CAF_REQUIRE(id);
  all.answered("attic", says(*id, "yes"));
  const auto got = all.wait(*id, milliseconds{0});
  CAF_REQUIRE(got);
  CAF_CHECK_EQUAL(got->body, "yes");
}

CAF_TEST(an answer that nobody waits for says so) {
  calls all;
  const auto id = all.begin("attic");
  CAF_REQUIRE(id);
  CAF_CHECK(all.answered("attic", says(*id, "yes")));
  CAF_CHECK(all.wait(*id, milliseconds{0}));
  CAF_CHECK(!all.answered("attic", says(*id, "again")));
}

CAF_TEST(documents without a letter take room too) {
  catalogue books;
  catalogue_part part;
  part.parts = 100;
  part.revision = 1;
  part.documents.assign(100'000, "");
  for (part.part = 0; part.part < 99; ++part.part)
    CAF_REQUIRE(!books.take("attic", part));
  CAF_CHECK(!books.take("attic", part)); // 10 million strings were not kept
  CAF_CHECK(books.of("attic").empty());
}

CAF_TEST(nobody answers for somebody else) {
  calls all;
  const auto id = all.begin("attic");
  all.answered("shed", says(*id, "forged"));
  const auto got = all.wait(*id, milliseconds{0});
  CAF_REQUIRE(!got);
  CAF_CHECK_EQUAL(got.why().code, errc::timed_out);
}

CAF_TEST(the end of a link ends every wait for it at once) {
  calls all;
  const auto attic = all.begin("attic");
  const auto shed = all.begin("shed");
  std::thread cut{[&] {
    std::this_thread::sleep_for(milliseconds{20});
    all.lost("attic", "reset by peer");
  }};
  const auto got = all.wait(*attic, milliseconds{20000});
  cut.join();
  CAF_REQUIRE(!got);
  CAF_CHECK_EQUAL(got.why().code, errc::unreachable);
  all.answered("shed", says(*shed, "still here"));
  CAF_CHECK(all.wait(*shed, milliseconds{0}));
}

CAF_TEST(a question of an ended link takes none of the next link with it) {
  calls all;
  const auto before = all.begin("attic");
  const auto after = all.begin("attic");
  const auto silent = all.begin("attic");
  const auto answered = all.begin("attic");
  all.answered("attic", says(*answered, "in time"));
  all.lost(*answered, "it ended meanwhile");
  all.lost(*before, "it ended meanwhile");
  const auto got = all.wait(*before, milliseconds{20000});
  CAF_REQUIRE(!got);
  CAF_CHECK_EQUAL(got.why().code, errc::unreachable);
  const auto waits = all.wait(*silent, milliseconds{0});
  CAF_REQUIRE(!waits);
  CAF_CHECK_EQUAL(waits.why().code, errc::timed_out);
  CAF_CHECK(all.answered("attic", says(*after, "done")));
  const auto done = all.wait(*after, milliseconds{0});
  CAF_REQUIRE(done);
  CAF_CHECK_EQUAL(done->body, "done");
  CAF_CHECK(all.wait(*answered, milliseconds{0}));
  all.lost(*before, "again"); // nobody waits for it any more
}

CAF_TEST(I11 questions to one peer are bounded) {
  calls all;
  for (std::size_t i = 0; i < calls::most_of_one_peer; ++i)
    CAF_REQUIRE(all.begin("attic"));
  const auto more = all.begin("attic");
  CAF_REQUIRE(!more);
  CAF_CHECK_EQUAL(more.why().code, errc::over_limit);
  CAF_CHECK(all.begin("shed"));
}

CAF_TEST(a catalogue travels in parts that fit a frame) {
  std::vector<std::string> documents;
  for (int i = 0; i < 1000; ++i)
    documents.emplace_back(std::size_t{1000}, static_cast<char>('a' + i % 26));
  const auto parts = catalogue::cut(7, documents);
  CAF_CHECK_GREATER(parts.size(), 1u);
  catalogue all;
  bool whole = false;
  for (const auto& x : parts) {
    CAF_CHECK(!whole);
    std::size_t bytes = 0;
    for (const auto& document : x.documents)
      bytes += document.size();
    CAF_CHECK_LESS_OR_EQUAL(bytes, catalogue::part_bytes);
    whole = all.take("attic", x);
  }
  CAF_CHECK(whole);
  CAF_CHECK_EQUAL(all.of("attic"), documents);
}

CAF_TEST(half a catalogue replaces nothing) {
  catalogue all;
  CAF_CHECK(all.take("attic", catalogue::cut(1, old_book()).front()));
  const std::vector<std::string> many(300, std::string(2000, 'x'));
  const auto parts = catalogue::cut(2, many);
  CAF_REQUIRE_GREATER(parts.size(), 2u);
  CAF_CHECK(!all.take("attic", parts[0]));
  CAF_CHECK(!all.take("attic", parts[2])); // its link broke in between
  CAF_CHECK_EQUAL(all.of("attic"), old_book());
}

CAF_TEST(a house without documents is told too) {
  catalogue all;
  CAF_CHECK(all.take("attic", catalogue::cut(1, old_book()).front()));
  CAF_CHECK(all.take("attic", catalogue::cut(2, {}).front()));
  CAF_CHECK(all.of("attic").empty());
}
