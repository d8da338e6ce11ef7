#undef CAF_SUITE
#define CAF_SUITE did_you_mean

#include "config/schema/did_you_mean.hpp"

#include <caf/test/dsl.hpp>

using namespace troupe;

CAF_TEST(a slip of the keyboard finds what was meant) {
  const std::vector<std::string> keys
    = {"poll-every", "stale-after", "min", "max", "min-on", "min-off", "lease", "unit"};
  const struct {
    const char* what;
    const char* word;
    const char* meant;
  } rows[] = {
    {"a letter missing", "leas", "lease"},
    {"a letter too many", "leasee", "lease"},
    {"a wrong letter", "leaze", "lease"},
    {"two exchanged", "laese", "lease"},
    {"an underscore", "poll_every", "poll-every"},
    {"capitals", "Poll-Every", "poll-every"},
    {"several slips in a long word", "stael-aftr", "stale-after"},
    {"a short word", "mim", "min"},
    {"an abbreviation", "stale", "stale-after"},
    {"another", "min-o", "min-on"},
  };
  for (const auto& x : rows) {
    CAF_MESSAGE(x.what);
    CAF_CHECK_EQUAL(did_you_mean(x.word, keys).value_or("nothing"), x.meant);
  }
}

CAF_TEST(nothing is guessed where nothing is near) {
  const std::vector<std::string> keys = {"poll-every", "lease", "a"};
  for (const auto& x : {std::string{}, std::string{"interlock"}, std::string{"z"},
                        std::string{"lease"}, std::string(1000, 'l')}) {
    CAF_MESSAGE("'" << x << "'");
    CAF_CHECK(!did_you_mean(x, keys));
  }
  CAF_CHECK(!did_you_mean("lease", {}));
}
