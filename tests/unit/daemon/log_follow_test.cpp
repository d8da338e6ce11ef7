#undef CAF_SUITE
#define CAF_SUITE log_follow

#include "apps/daemon/log_follow.hpp"

#include <caf/test/dsl.hpp>

using namespace troupe::daemon;
using nlohmann::json;

namespace {

json row(const std::string& node, int at, int seq = 0, const std::string& text = "x") {
  return {{"node", node}, {"at", at}, {"text", text}, {"seq", seq}};
}

} // namespace

CAF_TEST(what several tell is told once whoever is first) {
  for (const bool writer_first : {true, false}) {
    log_follow all;
    CAF_CHECK(all.is_news(writer_first ? "attic" : "archive", row("attic", 1, 7)));
    CAF_CHECK(!all.is_news(writer_first ? "archive" : "attic", row("attic", 1, 900)));
    CAF_CHECK(all.is_news("archive", row("boiler", 1, 8)));
  }
}

CAF_TEST(what one node tells twice happened twice) {
  log_follow all;
  CAF_CHECK(all.is_news("attic", row("attic", 1, 1)));
  CAF_CHECK(all.is_news("attic", row("attic", 1, 2)));
  CAF_CHECK(!all.is_news("archive", row("attic", 1, 11)));
  CAF_CHECK(!all.is_news("archive", row("attic", 1, 12)));
  CAF_CHECK(all.is_news("archive", row("attic", 1, 13)));
}

CAF_TEST(a node that is back tells again and only what is new of it is told) {
  log_follow all;
  all.knows(row("attic", 1));
  CAF_CHECK(all.is_news("attic", row("attic", 2)));
  all.begin_telling("attic");
  for (int at = 1; at < 5; ++at)
    CAF_CHECK_EQUAL(all.is_news("attic", row("attic", at)), at > 2);
}

CAF_TEST(a time that was found out later makes no second event) {
  log_follow all;
  auto raw = row("attic", 300), corrected = row("attic", 9000);
  raw["uncertain"] = true;
  corrected["told_at"] = 300;
  CAF_CHECK(all.is_news("attic", raw));
  all.begin_telling("attic");
  CAF_CHECK(!all.is_news("attic", corrected));
}

CAF_TEST(I11 a busy writer pushes out its own rows and those of nobody else) {
  log_follow all;
  CAF_CHECK(all.is_news("attic", row("attic", 1)));
  for (std::size_t i = 0; i < 3 * log_follow::remembered; ++i)
    CAF_CHECK(all.is_news("boiler", row("boiler", static_cast<int>(i))));
  CAF_CHECK(!all.is_news("archive", row("attic", 1)));
  // Its last ones are known when it tells them again, those long ago are not.
  all.begin_telling("boiler");
  for (std::size_t i = 1; i <= log_follow::retold; ++i)
    CAF_CHECK(!all.is_news("boiler", row("boiler", static_cast<int>(3 * log_follow::remembered - i))));
  CAF_CHECK(all.is_news("boiler", row("boiler", 0)));
}
