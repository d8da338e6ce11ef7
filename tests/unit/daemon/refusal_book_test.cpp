#define CAF_SUITE refusal_book
#include "tests/support/suite.hpp"

#include "apps/daemon/refusal_book.hpp"
#include "apps/daemon/trust_inbox.hpp"

#include <fmt/format.h>

using namespace troupe;
using namespace troupe::daemon;

namespace {

constexpr mono_ns sec = 1'000'000'000, minute = 60 * sec;

struct refusal_book_fixture {
  refusal_book book;
  mono_ns now = 5 * sec;
  refusal_book::lines told;
  int port = 40'000;

  void knock(const std::string& who = "mallory", const std::string& why = "certificate expired on 2026-01-01") {
    auto x = book.note(who, fmt::format("10.0.0.7:{}", ++port), "refused", why, now);
    told.insert(told.end(), x.begin(), x.end());
  }
  /// A node that dials every ten seconds.
  void knock_for(mono_ns length) {
    for (const auto end = now + length; now < end; now += 10 * sec)
      knock();
  }
  void look() {
    auto x = book.look(now);
    told.insert(told.end(), x.begin(), x.end());
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(refusals, refusal_book_fixture)

CAF_TEST(who dials for ever is told once and then as a sum at growing distances) {
  knock();
  CAF_REQUIRE_EQUAL(told.size(), 1u);
  CAF_CHECK_EQUAL(told[0].text, "refused at 10.0.0.7:40001: certificate expired on 2026-01-01");
  knock_for(30 * sec);
  CAF_CHECK_EQUAL(told.size(), 1u);
  knock_for(1 * minute);
  CAF_REQUIRE_EQUAL(told.size(), 2u);
  CAF_CHECK_EQUAL(told[1].text, "refused at 10.0.0.7 7 times more within 1 min: certificate expired on 2026-01-01");
  knock_for(9 * minute);
  CAF_CHECK_EQUAL(told.size(), 2u);
  knock_for(2 * minute);
  CAF_CHECK_EQUAL(told.size(), 3u);
  knock_for(24 * 60 * minute); // a day: at 1 h, 6 h more
  CAF_CHECK_EQUAL(told.size(), 5u);
  knock_for(10 * 24 * 60 * minute);
  CAF_CHECK(told.size() >= 14 && told.size() <= 16); // then daily
}

CAF_TEST(the end is told once and only of what was told as a sum or could have been) {
  knock("single");
  knock();
  knock();
  now += 4 * minute;
  look();
  CAF_CHECK_EQUAL(told.size(), 2u);
  now += 2 * minute;
  look();
  look();
  CAF_REQUIRE_EQUAL(told.size(), 3u);
  CAF_CHECK(told[2].over);
  CAF_CHECK_EQUAL(told[2].subject, "mallory");
  CAF_CHECK_EQUAL(told[2].text, "was not refused any more for 6 min, after 2 times at 10.0.0.7: certificate expired on 2026-01-01");
  knock(); // a new story
  CAF_CHECK_EQUAL(told.size(), 4u);
}

CAF_TEST(who is let in is told so with what it was) {
  knock();
  knock();
  knock("eve");
  const auto good = book.let_in("mallory");
  CAF_REQUIRE_EQUAL(good.size(), 1u);
  CAF_CHECK(good[0].over);
  CAF_CHECK_EQUAL(good[0].text, "is linked now; it was refused at 10.0.0.7 2 times: certificate expired on 2026-01-01");
  CAF_CHECK(book.let_in("mallory").empty());
  CAF_CHECK(book.let_in("eve").empty());
}

CAF_TEST(another reason is news and another number is none) {
  knock("mallory", "it does not read: 8388668 bytes");
  knock("mallory", "it does not read: 9999 bytes");
  knock("mallory", "showed no certificate");
  knock("eve", "showed no certificate");
  CAF_CHECK_EQUAL(told.size(), 3u);
}

CAF_TEST(I11 a crowd of strangers fills no memory) {
  for (int i = 0; i < 10'000; ++i)
    knock(fmt::format("{}", std::string(static_cast<std::size_t>(i % 500) + 1, 'x')), "no"), ++now;
  now += 10 * minute;
  CAF_CHECK_LESS_OR_EQUAL(book.look(now).size(), refusal_book::most);
}

CAF_TEST(a revocation is looked at at once and a flood of offers now and then) {
  trust_inbox in;
  const auto offer = [](int i) { return cluster::trust_offer{"roots", std::to_string(i)}; };
  CAF_CHECK_EQUAL(in.put("evil", offer(0), now).look_in.count(), 0);
  CAF_CHECK_EQUAL(in.take("evil", now)->revoked, "0");
  CAF_CHECK(!in.take("evil", now));
  int told_sums = 0, unread = 0;
  for (int i = 1; i <= 1000; ++i) {
    now += 1'000'000; // a thousand a second
    const auto said = in.put("evil", offer(i), now);
    CAF_CHECK_EQUAL(said.look_in.count(), 2000 - i);
    told_sums += said.unread > 0 ? 1 : 0;
    unread += static_cast<int>(said.unread);
  }
  CAF_CHECK_EQUAL(told_sums, 1); // the rest with the next, a minute later
  CAF_CHECK_EQUAL(unread, static_cast<int>(trust_inbox::told_after));
  CAF_CHECK_EQUAL(in.put("honest", offer(1), now).look_in.count(), 0); // who waits for nobody
  CAF_CHECK_EQUAL(in.take("evil", now)->revoked, "1000");             // the newest
  now += minute + sec;
  CAF_CHECK_EQUAL(in.put("evil", offer(1), now).unread, 989u);
  CAF_CHECK_EQUAL(in.put("nobody", offer(1), now).unread, 0u);
}

CAF_TEST_FIXTURE_SCOPE_END()
