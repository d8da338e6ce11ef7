#define CAF_SUITE identity_time

#include "tests/unit/identity/test_house.hpp"

#include "cluster/identity/renewal.hpp"
#include "cluster/identity/time_floor.hpp"

#include <openssl/asn1.h>

using namespace troupe;
using namespace troupe::test;

namespace {

constexpr wall_ms from = autumn_2026, until = autumn_2026 + 300 * one_day;

struct time_fixture {
  temp_folder folder;
  std::string path = folder / "clock.floor";
  time_floor open() { return must(time_floor::open(path, from, until)); }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(time_tests, time_fixture)

CAF_TEST(times of certificates go beyond 2038 and 2050) {
  for (wall_ms at : {wall_ms{0}, wall_ms{951'782'400'000}, autumn_2026, wall_ms{2'147'483'648'000}, wall_ms{2'524'608'000'000}, in_2099}) {
    ASN1_TIME* x = ASN1_TIME_new();
    CAF_CHECK(set_asn1(x, at));
    CAF_CHECK_EQUAL(from_asn1(x), at);
    ASN1_TIME_free(x);
  }
  CAF_CHECK_EQUAL(utc_text(951'782'400'000), "2000-02-29 00:00:00 UTC");
  CAF_CHECK_EQUAL(utc_text(in_2099), "2099-01-01 00:00:00 UTC");
  CAF_CHECK_EQUAL(from_http_date("Fri, 20 Nov 2026 19:04:23 GMT"), 1'795'201'463'000);
  CAF_CHECK_EQUAL(from_http_date("yesterday"), 0);
}

CAF_TEST(a board in 1970 judges by its certificates first day) {
  set_clock clock{5'000};
  auto x = open();
  CAF_CHECK_EQUAL(x.now(clock), from);
  must(x.save(clock));
  CAF_CHECK_EQUAL(must(read_text(path)), floor_text(from));
}

CAF_TEST(the floor survives and does not go back with the clock) {
  set_clock clock{from + 10 * one_day};
  auto x = open();
  must(x.save(clock));
  clock.set(5'000);
  CAF_CHECK_EQUAL(open().now(clock), from + 10 * one_day);
}

CAF_TEST(a clock in 2099 is not believed and not written) {
  set_clock clock{in_2099};
  auto x = open();
  must(x.save(clock));
  CAF_CHECK_EQUAL(x.floor(), from);
  // What a version before wrote.
  must(write_text(path, floor_text(in_2099)));
  CAF_CHECK_EQUAL(open().floor(), from);
}

CAF_TEST(the file is written once an hour and at the stop) {
  set_clock clock{from + 1000};
  auto x = open();
  must(x.tick(clock));
  const auto first = must(read_text(path));
  clock.pass(std::chrono::minutes{59});
  must(x.tick(clock));
  CAF_CHECK_EQUAL(must(read_text(path)), first);
  clock.pass(std::chrono::minutes{1});
  must(x.tick(clock));
  CAF_CHECK_EQUAL(must(read_text(path)), floor_text(clock.wall()));
  clock.pass(std::chrono::minutes{1});
  must(x.save(clock));
  CAF_CHECK_EQUAL(must(read_text(path)), floor_text(clock.wall()));
}

CAF_TEST(time passes also on a board that stays in 1970) {
  set_clock clock{5'000};
  auto x = open();
  for (int hour = 0; hour < 24 * 280; ++hour) {
    must(x.tick(clock));
    clock.pass(std::chrono::hours{1});
    clock.set(5'000); // booted again and again, or just broken
  }
  CAF_CHECK_EQUAL(x.floor(), from + 280 * one_day - 3'600'000);
  must(x.save(clock));
  x = open();
  CAF_CHECK_EQUAL(x.floor(), from + 280 * one_day - 3'600'000);
  for (int hour = 0; hour < 24 * 280; ++hour) {
    must(x.tick(clock));
    clock.pass(std::chrono::hours{1});
  }
  CAF_CHECK(x.floor() <= until);
}

CAF_TEST(a renewal is due by the clock or the floor and never after the end) {
  constexpr wall_ms due = from + 200 * one_day;
  struct {
    const char* what;
    wall_ms clock, floor;
    renewal_need is;
  } table[] = {
    {"fresh", from + one_day, from, renewal_need::none},
    {"two thirds are over", due, from, renewal_need::due},
    {"1970, and as much is known to be over", 5'000, due, renewal_need::due},
    {"1970, else", 5'000, due - 1, renewal_need::none},
    {"the last moment", until, from, renewal_need::due},
    {"expired", until + 1, from, renewal_need::ended},
    {"2099", in_2099, from, renewal_need::ended},
  };
  for (const auto& x : table) {
    CAF_MESSAGE(x.what);
    CAF_CHECK(judge_renewal(x.clock, x.floor, until, due) == x.is);
  }
}

CAF_TEST(who signs for itself believes its clock only if nobody and nothing says otherwise) {
  constexpr wall_ms now = until + one_day;
  constexpr wall_ms no = 0; // it answers and says no time
  constexpr auto ten_minutes = clocks_asked_for;
  const auto fine = errc{};
  struct {
    const char* what;
    wall_ms clock, floor;
    bool alone;
    milliseconds asked_for;
    std::map<std::string, wall_ms> said;
    errc is;
  } table[] = {
    {"expired, a peer agrees", now, from, false, {}, {{"b", now}}, fine},
    {"a peer is an hour behind", now, from, false, {}, {{"b", now - one_hour}}, fine},
    {"a peer is two days behind", now, from, false, {}, {{"b", now - 2 * one_day}}, errc::untrusted},
    {"one agrees and one does not", now, from, false, {}, {{"b", now}, {"c", now - 2 * one_day}}, errc::untrusted},
    {"a peer is in 1970 and one agrees", now, from, false, {}, {{"b", 5'000}, {"c", now}}, fine},
    {"a peer is in 1970: nobody said anything", now, until, false, {}, {{"b", 5'000}}, errc::unreachable},
    {"a peer is in 2099: it does not say that ours is right", now, until, false, {}, {{"b", in_2099}}, errc::unreachable},
    {"a peer answers nothing of use", now, until, false, {}, {{"b", no}}, errc::unreachable},
    {"2099 here, a peer says no", in_2099, until, false, {}, {{"b", now}}, errc::untrusted},
    {"2099 here, alone", in_2099, until, true, {}, {}, errc::unreachable},
    {"2099 here, nobody answers for long", in_2099, until, false, ten_minutes, {}, errc::unreachable},
    {"expired at work, nobody answers yet", now, until, false, {}, {}, errc::unreachable},
    {"expired at work, nobody answers for long", now, until, false, ten_minutes, {}, fine},
    {"expired at work, alone", now, until, true, {}, {}, fine},
    {"off for a month, alone", until + 20 * one_day, until - 10 * one_day, true, {}, {}, fine},
    {"off for longer, alone", until + 20 * one_day, until - 11 * one_day, true, {}, {}, errc::unreachable},
    {"off for longer, and a peer agrees", until + 20 * one_day, from, false, {}, {{"b", until + 20 * one_day}}, fine},
    {"due, alone", until - 90 * one_day, until - 90 * one_day, true, {}, {}, fine},
    {"due, nobody answers: there is time", until - 90 * one_day, until - 90 * one_day, false, 100 * ten_minutes, {}, errc::unreachable},
    {"due for long, nobody answers yet", until - 20 * one_day, until - 20 * one_day, false, {}, {}, errc::unreachable},
    {"due for long, nobody answers for long", until - 20 * one_day, until - 20 * one_day, false, ten_minutes, {}, fine},
  };
  for (const auto& x : table) {
    CAF_MESSAGE(x.what);
    const auto got = believe_own_clock({x.clock, x.floor, from, until, x.alone, x.asked_for, x.said});
    CAF_CHECK(got ? x.is == fine : got.why().code == x.is);
    if (!got)
      CAF_MESSAGE(got.why().context);
  }
}

CAF_TEST(a file that holds no time is told) {
  must(write_text(path, "soon\n"));
  CAF_CHECK(refused(time_floor::open(path, from, until), errc::corrupt, "delete it"));
  must(write_text(path, ""));
  CAF_CHECK_EQUAL(open().floor(), from);
}

CAF_TEST(renewal begins at two thirds of a life and leaves a quarter) {
  house_fixture house;
  std::vector<wall_ms> all;
  for (int i = 0; i < 40; ++i) {
    const auto x = house.issue(fmt::format("n{}", i)).leaf;
    const auto at = renew_at(x.from(), x.until(), x.serial());
    const auto life = x.until() - x.from();
    CAF_CHECK(at >= x.from() + life / 3 * 2);
    CAF_CHECK(at <= x.until() - life / 4);
    CAF_CHECK(!needs_renewal(x, at - 1));
    CAF_CHECK(needs_renewal(x, at));
    CAF_CHECK(needs_renewal(x, x.until() + 1));
    all.push_back(at);
  }
  std::sort(all.begin(), all.end());
  CAF_CHECK(all.back() - all.front() > 10 * one_day);
}

CAF_TEST_FIXTURE_SCOPE_END()
