#undef CAF_SUITE
#define CAF_SUITE announcement

#include "cluster/discovery/announcement.hpp"
#include "cluster/discovery/discovery.hpp"

#include <caf/test/dsl.hpp>

using namespace troupe::cluster;

namespace {

const std::string house = "0123456789abcdef";
using strings = std::vector<std::string>;

} // namespace

CAF_TEST(what one node says another one reads) {
  const announcement boiler{"boiler", "0.1.0", house};
  CAF_CHECK_EQUAL(txt_of(boiler), strings({"txtvers=1", "name=boiler", "version=0.1.0", "house=" + house}));
  CAF_CHECK(read_txt(txt_of(boiler)) == boiler);
}

CAF_TEST(what anybody says is read with care) {
  const auto h = "house=" + house;
  const struct {
    const char* what;
    strings txt;
    const char* name; ///< null: passed over
    const char* version;
  } rows[] = {
    {"as it should be", {"txtvers=1", "name=attic", "version=2", h}, "attic", "2"},
    {"in another order, with more", {h, "colour=red", "name=attic", "flag", "txtvers=1"}, "attic", ""},
    {"loud keys", {"TXTVERS=1", "Name=attic", "House=" + house}, "attic", ""},
    {"the first counts", {"txtvers=1", "name=attic", "name=boiler", h}, "attic", ""},
    {"a newer format", {"txtvers=2", "name=attic", h}, nullptr, ""},
    {"no format", {"name=attic", h}, nullptr, ""},
    {"no name", {"txtvers=1", h}, nullptr, ""},
    {"no name for a node", {"txtvers=1", "name=a/b", h}, nullptr, ""},
    {"a name to fool a terminal", {"txtvers=1", "name=a\x1b[2J", h}, nullptr, ""},
    {"a name that is too long", {"txtvers=1", "name=" + std::string(65, 'a'), h}, nullptr, ""},
    {"no house", {"txtvers=1", "name=attic"}, nullptr, ""},
    {"a short house", {"txtvers=1", "name=attic", "house=0123"}, nullptr, ""},
    {"a house in capitals", {"txtvers=1", "name=attic", "house=0123456789ABCDEF"}, nullptr, ""},
    {"a version to fool a terminal", {"txtvers=1", "name=attic", "version=\x1b[2J", h}, "attic", ""},
    {"a long version", {"txtvers=1", "name=attic", "version=" + std::string(65, '1'), h}, "attic", ""},
    {"nothing", {}, nullptr, ""},
  };
  for (const auto& x : rows) {
    CAF_MESSAGE(x.what);
    const auto it = read_txt(x.txt);
    CAF_CHECK_EQUAL(it.has_value(), x.name != nullptr);
    if (it && x.name)
      CAF_CHECK(*it == (announcement{x.name, x.version, house}));
  }
}

CAF_TEST(an instance is a DNS label and differs where nodes do) {
  CAF_CHECK_EQUAL(instance_of({"boiler", "1", house}), "boiler 01234567");
  const auto other_house = instance_of({"boiler", "1", "f123456789abcdef"});
  CAF_CHECK_NOT_EQUAL(other_house, instance_of({"boiler", "1", house}));
  // 54 bytes of name fit, and not one more.
  const std::string fits(54, 'a');
  CAF_CHECK_EQUAL(instance_of({fits, "1", house}), fmt::format("{} 01234567", fits));
  const auto one = instance_of({fits + "a1", "1", house});
  const auto other = instance_of({fits + "a2", "1", house});
  CAF_CHECK_EQUAL(one.size(), 63u);
  CAF_CHECK_EQUAL(other.size(), 63u);
  CAF_CHECK_NOT_EQUAL(one, other);
}

CAF_TEST(what cannot be announced is refused at once) {
  const auto with = [](std::string name, std::string of, bool told) {
    discovery::options how;
    how.name = std::move(name);
    how.house = std::move(of);
    if (told) {
      how.on_found = [](const auto&, const auto&) {};
      how.on_lost = [](const auto&) {};
      how.on_trouble = [](const auto&) {};
    }
    const auto it = discovery::start(std::move(how));
    return it ? std::string{} : troupe::to_string(it.why());
  };
  CAF_CHECK_EQUAL(with("a/b", house, true),
                  "invalid_argument: discovery: the node's name is \"a/b\"; one word of a-z 0-9 - _ . is wanted");
  CAF_CHECK_EQUAL(with("a", "", true),
                  "invalid_argument: discovery: the house is \"\"; the first 16 hex digits of the root's SHA-256 "
                  "are wanted, in lower case");
  CAF_CHECK_EQUAL(with("a", house, false),
                  "invalid_argument: discovery: on_found, on_lost and on_trouble must all be given");
}
