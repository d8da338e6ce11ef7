#undef CAF_SUITE
#define CAF_SUITE names

#include "config/model/names.hpp"

#include <caf/test/dsl.hpp>

#include <string>

using namespace troupe;

CAF_TEST(names can stand in keys and paths and URLs unescaped) {
  for (const auto* x : {"a", "0", "boiler/flow-temp", "a/b/c", "rule_1", "v1.2", "x-", "hall/2nd.lamp"}) {
    CAF_MESSAGE(x);
    CAF_CHECK(is_valid_name(x));
  }
  for (const auto* x : {"", "/", "a/", "/a", "a//b", "-a", ".a", "_a", "a/-b", "a/..", "Hall", "a b",
                        "a\"b", "a\nb", "k\xC3\xBC" "che", "a%2f", "a?b", "a#b"}) {
    CAF_MESSAGE("'" << x << "'");
    CAF_CHECK(!is_valid_name(x));
  }
}

CAF_TEST(a name has a longest length) {
  CAF_CHECK(is_valid_name(std::string(max_name_bytes, 'a')));
  CAF_CHECK(!is_valid_name(std::string(max_name_bytes + 1, 'a')));
}
