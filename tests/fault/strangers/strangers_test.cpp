// Strangers against a real node: whoever cannot prove that he belongs to the
// house is refused with a line that says who, from where, and why.

#define CAF_SUITE strangers
#include "tests/support/suite.hpp"

#include "tests/contract/transport/basp_bytes.hpp"
#include "tests/fault/strangers/pair.hpp"

using namespace troupe::test;

namespace {

std::string hello_of(const std::string& uri) { return basp(1, id_bytes(uri)); }

std::size_t lines_with(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++n;
  return n;
}

} // namespace

CAF_TEST(who is not of the house is refused with name and place and reason) {
  honest_pair house;
  const auto& pki = house.root;
  auto foreign = house.foreign.issue("mallory"), old = pki.issue("mallory", "node", {-200, -100, {}}),
       early = pki.issue("mallory", "node", {1000, 2000, {}}), person = pki.issue("anna", "viewer"),
       ruler = pki.issue("olga", "operator"), own = pki.issue("a"), twin = pki.issue("b"), mallory = pki.issue("mallory"), other = pki.issue("malvolio");
  const struct {
    const char* what;
    const test_leaf* leaf;
    int tls;
    std::string says_first;
    const char* who;
    const char* why;
  } table[] = {
    {"no certificate", nullptr, TLS1_3_VERSION, "", "127.0.0.1", "showed no certificate"},
    {"a foreign authority", &foreign, TLS1_3_VERSION, "", "mallory", "which this node does not trust"},
    {"expired", &old, TLS1_3_VERSION, "", "mallory", "expired on"},
    {"not yet valid", &early, TLS1_3_VERSION, "", "mallory", "is not valid before"},
    {"revoked", &house.revoked, TLS1_3_VERSION, "", "mallory", "was revoked"},
    {"a viewer", &person, TLS1_3_VERSION, "", "anna", "has the role viewer; only nodes may link"},
    {"an operator", &ruler, TLS1_3_VERSION, "", "olga", "has the role operator; only nodes may link"},
    {"our own name", &own, TLS1_3_VERSION, "", "a", "shows our own name a"},
    {"the name of a node that is linked", &twin, TLS1_3_VERSION, "", "b", "already linked with b"},
    {"TLS 1.2", &mallory, TLS1_2_VERSION, "", "127.0.0.1", "does not offer TLS 1.3"},
    {"the node id of another name", &mallory, TLS1_3_VERSION, hello_of("node:b/1"), "mallory", "which is not one of mallory"},
    {"rubbish after TLS", &mallory, TLS1_3_VERSION, std::string(64, '\xee'), "mallory", "a BASP frame of"},
    {"a message before the handshake", &mallory, TLS1_3_VERSION, basp(2, "x", 1), "mallory", "before the handshake"},
    {"a frame of 10 MiB", &other, TLS1_3_VERSION, basp(1, "", 10 << 20), "malvolio", "a BASP frame of 10485760 bytes"},
    {"silence after TLS", &mallory, TLS1_3_VERSION, "", "mallory", "no BASP handshake within"},
  };
  for (const auto& row : table) {
    CAF_MESSAGE(row.what);
    house.pause_for(120ms); // ten a second are told one by one
    raw_link evil{house.port};
    if (evil.greet(row.leaf, row.tls) && !row.says_first.empty())
      evil.say(row.says_first);
    CAF_CHECK(evil.closed());
    // Who is of the house hears our BASP handshake, which comes first; nobody else hears a byte.
    const bool is_of_the_house = (row.leaf == &mallory || row.leaf == &other) && row.tls == TLS1_3_VERSION;
    CAF_CHECK(is_of_the_house || evil.heard().empty());
    // A second link of a name that is linked is refused without a word: honest nodes
    // that dial each other at one moment make one, too.
    if (row.leaf == &twin)
      continue;
    if (!house.logs(row.why))
      CAF_ERROR("not in the log: " << row.why);
    bool whole = false; // one line has all
    std::istringstream log{house.a.log()};
    for (std::string line; std::getline(log, line);)
      whole = whole || (has(line, row.why) && has(line, row.who) && has(line, "refused at 127.0.0.1:"));
    if (!whole)
      CAF_ERROR("name and place do not stand beside: " << row.why << "\n" << house.a.log());
  }
  raw_link plain{house.port};
  plain.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  CAF_CHECK(plain.closed());
  CAF_CHECK(house.logs("plain HTTP"));
  for (const auto& row : table)
    if (row.leaf != &twin && !house.journal_has(row.why))
      CAF_ERROR("not in the journal: " << row.why);
  CAF_CHECK_EQUAL(house.trouble(), "");
}

// 1000 connections that say nothing, from one address and from two hundred.
CAF_TEST(floods of the silent are bounded and told as a sum) {
  honest_pair house;
  for (const bool many : {false, true}) {
    const auto before = house.a.log().size();
    std::vector<std::unique_ptr<raw_link>> flood;
    for (int i = 0; i < 1000; ++i)
      flood.push_back(std::make_unique<raw_link>(house.port, many ? fmt::format("127.7.{}.{}", i / 100, 1 + i % 20).c_str() : "127.0.0.9"));
    CAF_CHECK_EQUAL(house.trouble(), "");
    CAF_CHECK(house.logs("more were refused"));
    // Those for which the kernel had no place in its queue know of nothing.
    std::size_t ended = 0;
    for (auto& one : flood)
      ended += one->ended_by_now() ? 1 : 0;
    CAF_MESSAGE(ended << " of 1000 were ended");
    CAF_CHECK(ended > 700);
    const auto log = house.a.log().substr(before);
    CAF_CHECK(has(log, many ? "not authenticated yet" : "from this address"));
    CAF_MESSAGE(lines_with(log, "refused") << " lines for 1000 connections");
    CAF_CHECK(lines_with(log, "refused") < 120); // 10 a second and sums, for as long as it takes
    CAF_CHECK_EQUAL(house.trouble(), "");
  }
}

CAF_TEST(strangers at the control port are refused there too) {
  honest_pair house;
  auto foreign = house.foreign.issue("eve", "operator"), old = house.root.issue("eve", "operator", {-200, -100, {}}),
       early = house.root.issue("eve", "operator", {1000, 2000, {}}), eve = house.root.issue("eve", "operator");
  const struct {
    const test_leaf* leaf;
    int tls;
    const char* why;
  } table[] = {
    {&foreign, TLS1_3_VERSION, "which this node does not trust"},
    {&old, TLS1_3_VERSION, "expired on"},
    {&early, TLS1_3_VERSION, "is not valid before"},
    {&house.revoked, TLS1_3_VERSION, "was revoked"},
    {&eve, TLS1_2_VERSION, "does not offer TLS 1.3"},
  };
  for (const auto& row : table) {
    raw_link evil{house.control};
    evil.greet(row.leaf, row.tls);
    CAF_CHECK(evil.closed());
    if (!house.logs(row.why))
      CAF_ERROR("not in the log: " << row.why);
  }
  CAF_CHECK(has(house.a.log(), "refused by the control interface at 127.0.0.1:"));
  raw_link plain{house.control};
  plain.say("GET /v1/status HTTP/1.1\r\nHost: a\r\n\r\n");
  CAF_CHECK(plain.closed());
  CAF_CHECK(!has(plain.heard(), "200"));
  raw_link nobody{house.control}; // without a certificate: only enrolment
  CAF_CHECK(nobody.greet(nullptr));
  nobody.say("GET /v1/status HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  CAF_CHECK(nobody.closed());
  CAF_CHECK(has(nobody.heard(), " 401 "));
  auto person = house.root.issue("otto", "viewer");
  raw_link viewer{house.control};
  CAF_CHECK(viewer.greet(&person));
  viewer.say("POST /v1/set/a/lamp HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 14\r\n\r\n{\"value\":true}");
  CAF_CHECK(viewer.closed());
  CAF_CHECK(!has(viewer.heard(), " 200 "));
  std::vector<std::unique_ptr<raw_link>> flood;
  for (int i = 0; i < 1000; ++i)
    flood.push_back(std::make_unique<raw_link>(house.control, "127.0.0.9"));
  CAF_CHECK_EQUAL(house.a.troupe({"status"}).exit, 0);
  CAF_CHECK_EQUAL(house.trouble(), "");
}
