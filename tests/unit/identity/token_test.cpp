#define CAF_SUITE identity_token

#include "tests/unit/identity/test_house.hpp"

#include "cluster/identity/token_book.hpp"

using namespace troupe;
using namespace troupe::test;

namespace {

const std::string some_root(64, 'a');
constexpr milliseconds hour{3'600'000};

token sample(const std::string& name = "boiler", role allowed = role::node) {
  return must(make_token(name, allowed, some_root, autumn_2026, hour));
}

struct token_fixture {
  temp_folder folder;
  std::string path = folder / "tokens.json";
  token_book book{path};

  token mint() {
    const auto x = sample();
    must(book.add(record_of(x), autumn_2026));
    return x;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(token_tests, token_fixture)

CAF_TEST(a token reads as it was written) {
  for (auto& name : {std::string{"a"}, std::string{"boiler"}, std::string(64, 'b')})
    for (auto allowed : {role::node, role::operator_, role::viewer}) {
      const auto x = sample(name, allowed);
      CAF_CHECK(must(token_from(to_text(x))) == x);
    }
  CAF_CHECK(to_text(sample()).starts_with("troupe1-"));
  CAF_CHECK_NOT_EQUAL(sample().secret, sample().secret);
}

CAF_TEST(the worked example of the format page) {
  token x{"boiler", role::node, some_root, 1'795'000'000'000, 1'795'003'600'000, std::string(16, '\x42')};
  const std::string page = "troupe1-BGr9hsBq_ZTQqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqpCQkJCQkJCQkJCQkJCQkJCYm9pbGVyi8rMTg";
  CAF_CHECK_EQUAL(to_text(x), page);
}

CAF_TEST(no letter of a token can be wrong or missing) {
  const auto text = to_text(sample());
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto wrong = text;
    wrong[i] = wrong[i] == 'x' ? 'y' : 'x';
    CAF_CHECK(!token_from(wrong));
    CAF_CHECK(!token_from(text.substr(0, i)));
  }
  CAF_CHECK(!token_from(text + "A"));
  CAF_CHECK(!token_from(text + " "));
  CAF_CHECK(refused(token_from("troupe2-abc"), errc::invalid_argument, "version"));
  CAF_CHECK(refused(token_from("hello"), errc::invalid_argument, "troupe1-"));
  CAF_CHECK(!token_from("troupe1-" + std::string(100'000, 'A')));
}

CAF_TEST(tokens that are not made) {
  CAF_CHECK(refused(make_token("Boiler", role::node, some_root, autumn_2026, hour), errc::invalid_argument, "one word"));
  CAF_CHECK(refused(make_token("boiler", role::board, some_root, autumn_2026, hour), errc::invalid_argument, "role"));
  CAF_CHECK(refused(make_token("boiler", role::node, some_root, autumn_2026, milliseconds{1}), errc::invalid_argument, "1 minute"));
  CAF_CHECK(refused(make_token("boiler", role::node, some_root, autumn_2026, 24 * 8 * hour), errc::invalid_argument, "7 days"));
}

CAF_TEST(the server keeps no secret) {
  const auto x = mint();
  const auto text = must(read_text(path));
  CAF_CHECK(text.find(x.secret) == std::string::npos);
  CAF_CHECK(text.find(to_text(x)) == std::string::npos);
  CAF_CHECK(text.find(secret_hash(x)) != std::string::npos);
  CAF_CHECK_NOT_EQUAL(secret_hash(x).substr(0, 16), id_of(x));
}

CAF_TEST(a token is good for one key only and for that until it expires) {
  const auto x = mint();
  CAF_CHECK(!must(book.take(x, "key 1", autumn_2026 + 1)).retaken);
  CAF_CHECK(refused(book.take(x, "key 2", autumn_2026 + 2), errc::untrusted, "used already"));
  // The answer was lost; the same board asks again, also after a restart.
  token_book reopened{path};
  CAF_CHECK(must(reopened.take(x, "key 1", autumn_2026 + 3)).retaken);
  CAF_CHECK(refused(reopened.take(x, "key 2", autumn_2026 + 4), errc::untrusted, "used already"));
  CAF_CHECK(refused(reopened.take(x, "key 1", autumn_2026 + 2 * one_hour), errc::untrusted, "expired on"));
}

CAF_TEST(five wrong secrets make a token void) {
  const auto x = mint();
  // Who guesses a secret does not hit the id; this is somebody who saw the id
  // in a file, so the record is made to have the id of another secret.
  auto forged = sample();
  auto record = record_of(x);
  record.id = id_of(forged);
  must(book.add(record, autumn_2026));
  for (unsigned left = 5; left-- > 0;)
    CAF_CHECK(refused(book.take(forged, "key", autumn_2026 + 1), errc::untrusted, fmt::format("{} tries left", left)));
  CAF_CHECK(refused(book.take(forged, "key", autumn_2026 + 1), errc::untrusted, "void"));
  token_book reopened{path};
  CAF_CHECK(refused(reopened.take(forged, "key", autumn_2026 + 1), errc::untrusted, "void"));
  CAF_CHECK(static_cast<bool>(reopened.take(x, "key", autumn_2026 + 1)));
}

CAF_TEST(a token that was changed on its way is refused) {
  auto x = mint();
  x.allowed = role::operator_;
  CAF_CHECK(refused(book.take(x, "key", autumn_2026), errc::untrusted, "changed"));
  x.allowed = role::node;
  x.name = "attic";
  CAF_CHECK(refused(book.take(x, "key", autumn_2026), errc::untrusted, "changed"));
}

CAF_TEST(unknown and expired tokens) {
  CAF_CHECK(refused(book.take(sample(), "key", autumn_2026), errc::untrusted, "no such token"));
  const auto x = mint();
  CAF_CHECK(refused(book.take(x, "key", autumn_2026 + one_hour + 1), errc::untrusted, "expired"));
  CAF_CHECK(static_cast<bool>(book.take(x, "key", autumn_2026 + one_hour)));
}

CAF_TEST(houses of used tokens do not outgrow the file) {
  std::vector<token> all;
  for (int i = 0; i < 6; ++i) {
    all.push_back(sample());
    auto record = record_of(all.back());
    record.house = std::string(200 * 1024, '"'); // two characters each in the file
    must(book.add(record, autumn_2026));
    CAF_CHECK_EQUAL(must(book.take(all.back(), "key", autumn_2026)).house.size(), 200u * 1024);
  }
  token_book reopened{path};
  CAF_CHECK_EQUAL(must(reopened.all()).size(), 6u);
  // An answer may be lost: the newest still have theirs, the oldest joins without.
  CAF_CHECK_EQUAL(must(reopened.take(all.back(), "key", autumn_2026)).house.size(), 200u * 1024);
  CAF_CHECK_EQUAL(must(reopened.take(all.front(), "key", autumn_2026)).house, "");
  const auto next = sample();
  must(reopened.add(record_of(next), autumn_2026 + 2 * one_hour));
  for (auto& x : must(reopened.all()))
    CAF_CHECK_EQUAL(x.house, ""); // expired
}

CAF_TEST(a book that is too large says what to do) {
  must(write_text(path, std::string(9 << 20, ' ')));
  CAF_CHECK(refused(book.all(), errc::over_limit, "Delete it, then mint"));
}

CAF_TEST(a thousand used tokens are kept and then the oldest forgotten) {
  std::vector<token_record> many(token_book::max_kept + 10, record_of(sample()));
  auto list = nlohmann::json::array();
  for (auto& x : many)
    list.push_back({{"id", x.id}, {"hash", x.hash}, {"name", x.name}, {"role", "node"}, {"minted", x.minted}, {"expires", x.expires},
                    {"replace", false}, {"house", ""}, {"minted_by", "anna"}, {"wrong", 0}, {"used_by", "key"}});
  must(write_text(path, nlohmann::json{{"version", 1}, {"tokens", list}}.dump()));
  const auto x = mint();
  CAF_CHECK_EQUAL(must(book.all()).size(), token_book::max_kept);
  CAF_CHECK(static_cast<bool>(book.take(x, "key", autumn_2026)));
}

CAF_TEST(the book has a bound and forgets what ended a day ago) {
  for (std::size_t i = 0; i < token_book::max_open; ++i)
    mint();
  CAF_CHECK(refused(book.add(record_of(sample()), autumn_2026), errc::over_limit, "64 tokens"));
  const auto later = autumn_2026 + 2 * one_day;
  auto fresh = must(make_token("attic", role::node, some_root, later, hour));
  must(book.add(record_of(fresh), later));
  CAF_CHECK_EQUAL(must(book.all()).size(), 1u);
  auto large = record_of(fresh);
  large.house = std::string(token_book::max_house_bytes + 1, 'x');
  CAF_CHECK(refused(book.add(large, later), errc::over_limit, "troupe apply"));
}

CAF_TEST_FIXTURE_SCOPE_END()
