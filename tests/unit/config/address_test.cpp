#undef CAF_SUITE
#define CAF_SUITE address

#include "config/model/address.hpp"

#include <caf/test/dsl.hpp>

using namespace troupe;

namespace {

const std::string long_label(64, 'a');
const std::string long_name = [] {
  std::string x;
  while (x.size() < 254)
    x += "abcdefg.";
  return x + "abc";
}();

} // namespace

CAF_TEST(addresses are read as people write them) {
  const struct {
    std::string written;
    address_use use;
    net_address is;
    std::string shown; ///< empty: as written
  } rows[] = {
    {"boiler:4710", address_use::dial, {"boiler", 4710}, ""},
    {"Boiler.Local.:4710", address_use::dial, {"boiler.local", 4710}, "boiler.local:4710"},
    {"raspberry_pi-2.lan:1", address_use::dial, {"raspberry_pi-2.lan", 1}, ""},
    {"10.0.0.7:65535", address_use::dial, {"10.0.0.7", 65535}, ""},
    {"[::1]:4710", address_use::dial, {"::1", 4710}, ""},
    {"[2001:0DB8:0:0::7]:4710", address_use::dial, {"2001:db8::7", 4710}, "[2001:db8::7]:4710"},
    {"[fe80::1%eth0]:4710", address_use::dial, {"fe80::1%eth0", 4710}, ""},
    {"[fe80::1%br-lan.2]:4710", address_use::dial, {"fe80::1%br-lan.2", 4710}, ""},
    {":4710", address_use::listen, {"", 4710}, ""},
    {":0", address_use::listen, {"", 0}, ""},
    {"[::]:4710", address_use::listen, {"::", 4710}, ""},
    {"0.0.0.0:4710", address_use::listen, {"0.0.0.0", 4710}, ""},
    {"127.0.0.1:0", address_use::listen, {"127.0.0.1", 0}, ""},
    {"localhost:04710", address_use::listen, {"localhost", 4710}, "localhost:4710"},
  };
  for (const auto& x : rows) {
    CAF_MESSAGE(x.written);
    const auto it = read_net_address(x.written, x.use);
    CAF_CHECK_EQUAL(it.trouble, "");
    CAF_CHECK_EQUAL(it.is.host, x.is.host);
    CAF_CHECK_EQUAL(it.is.port, x.is.port);
    CAF_CHECK_EQUAL(to_string(it.is), x.shown.empty() ? x.written : x.shown);
    // What is shown can be read again, and is the same.
    CAF_CHECK(read_net_address(to_string(it.is), x.use).is == it.is);
  }
}

CAF_TEST(every slip in an address has its way out) {
  const auto listen = address_use::listen;
  const auto dial = address_use::dial;
  const auto names = "Names have parts of a-z 0-9 - _, joined by dots; IPv6 goes in brackets.";
  const struct {
    std::string written;
    address_use use;
    std::string trouble;
    std::string way_out;
  } rows[] = {
    {"", listen, "which is empty", "Write \":4710\", or remove it."},
    {"", dial, "which is empty", "Remove it."},
    {"boiler", dial, "which has no port", "Write \"boiler:4710\"."},
    {"boiler:", dial, "which has no port", "Write \"boiler:4710\"."},
    {":", listen, "which has no port", "Write \":4710\"."},
    {"[::1]", dial, "which has no port", "Write \"[::1]:4710\"."},
    {"[::1]:", dial, "which has no port", "Write \"[::1]:4710\"."},
    {"[::1]4710", dial, "but \"4710\" stands after the bracket", "Write \"[::1]:4710\"."},
    {"[::1", dial, "whose bracket does not end", "Write ] after the IPv6 address."},
    {"::1", dial, "but IPv6 goes in brackets", "Write \"[::1]:4710\"."},
    {"fe80::1%eth0", dial, "but IPv6 goes in brackets", "Write \"[fe80::1%eth0]:4710\"."},
    {"a:b:c", dial, "but IPv6 goes in brackets", "Write \"[2001:db8::7]:4710\", for example."},
    {"[fe80::1]:4710", dial, "a link-local address, which means nothing without its interface",
     "Add the zone: \"[fe80::1%eth0]\", with this machine's interface."},
    {"[fe80::1%]:4710", dial, "but \"\" is no name of an interface",
     "Write the interface after %: \"[fe80::1%eth0]\"."},
    {"[fe80::1%a/b]:4710", dial, "but \"a/b\" is no name of an interface",
     "Write the interface after %: \"[fe80::1%eth0]\"."},
    {"[fe80::1%sixteen-letters-]:4710", dial, "but \"sixteen-letters-\" is no name of an interface",
     "Write the interface after %: \"[fe80::1%eth0]\"."},
    {"[2001:db8::1%eth0]:4710", dial, "but only link-local addresses (fe80::...) have a zone",
     "Leave \"%eth0\" out."},
    {"[10.0.0.7]:4710", dial, "but \"10.0.0.7\" is no IPv6 address",
     "Brackets are for IPv6 only; leave them out."},
    {"[1::2::3]:4710", dial, "but \"1::2::3\" is no IPv6 address", ""},
    {"10.0.0.256:4710", dial, "but \"10.0.0.256\" is no IPv4 address",
     "It has four numbers of 0 to 255, without leading zeros."},
    {"10.1:4710", dial, "but \"10.1\" is no IPv4 address",
     "It has four numbers of 0 to 255, without leading zeros."},
    {"4710", dial, "but \"4710\" is no IPv4 address",
     "It has four numbers of 0 to 255, without leading zeros."},
    {"-a:4710", dial, "but \"-a\" is no host name", names},
    {"a..b:4710", dial, "but \"a..b\" is no host name", names},
    {"dachb\u00f6den:4710", dial, "but \"dachb\u00f6den\" is no host name", names},
    {long_label + ":4710", dial, "but \"" + long_label + "\" is no host name", names},
    {long_name + ":4710", dial, "whose host is no name that DNS could know",
     "Names have 1 to 253 bytes."},
    {"a:65536", dial, "but \"65536\" is no port", "Ports are 1 to 65535; 4710 is usual."},
    {"a:99999999999", dial, "but \"99999999999\" is no port", "Ports are 1 to 65535; 4710 is usual."},
    {"a:+1", dial, "but \"+1\" is no port", "Ports are 1 to 65535; 4710 is usual."},
    {"a:-1", dial, "but \"-1\" is no port", "Ports are 1 to 65535; 4710 is usual."},
    {"a:http", dial, "but \"http\" is no port", "Ports are 1 to 65535; 4710 is usual."},
    {"a:0", dial, "but port 0 is only for listening", "Write the peer's port; 4710 is usual."},
    {":4710", dial, "which has no host", "Write the address or name of the one to reach."},
    {"[::]:4710", dial, "but every address is nobody's address",
     "Write the address or name of the one to reach."},
    {"https://a:4711/", dial, "but an address has no scheme", "Write \"a:4711\"."},
    {"a:1, b:2", dial, "which has a space in it",
     "Remove it; each address is an item of its own."},
    {"*:4710", listen, "but * is no address",
     "Write \":4710\" for every address of this machine."},
  };
  for (const auto& x : rows) {
    CAF_MESSAGE(x.written);
    const auto it = read_net_address(x.written, x.use);
    CAF_CHECK_EQUAL(it.trouble, x.trouble);
    CAF_CHECK_EQUAL(it.way_out, x.way_out);
    CAF_CHECK(it.is == net_address{});
  }
}

CAF_TEST(the way out has the port of its purpose) {
  CAF_CHECK_EQUAL(read_net_address("a", address_use::listen, control_port).way_out,
                  "Write \"a:4711\".");
  const auto it = parse_net_address("a", address_use::dial);
  CAF_REQUIRE(!it);
  CAF_CHECK_EQUAL(it.why().context, "the address is \"a\", which has no port. Write \"a:4710\".");
}

CAF_TEST(a peer is a name at an address) {
  const struct {
    std::string written;
    std::string name;
    std::string at;
    std::string trouble;
    std::string way_out;
  } rows[] = {
    {"boiler@10.0.0.7:4710", "boiler", "10.0.0.7:4710", "", ""},
    {"server-1@[fe80::1%eth0]:4710", "server-1", "[fe80::1%eth0]:4710", "", ""},
    {"boiler:4710", "", "", "which does not name the node",
     "Write \"NAME@boiler:4710\" with the name in the peer's certificate."},
    {"", "", "", "which does not name the node",
     "Write \"NAME@HOST:4710\" with the name in the peer's certificate."},
    {"Boiler@a:1", "", "", "but \"Boiler\" is no name of a node",
     "Use one word of a-z 0-9 - _ . that begins with a letter or digit."},
    {"a/b@a:1", "", "", "but \"a/b\" is no name of a node",
     "Use one word of a-z 0-9 - _ . that begins with a letter or digit."},
    {"@a:1", "", "", "but \"\" is no name of a node",
     "Use one word of a-z 0-9 - _ . that begins with a letter or digit."},
    {"boiler@attic", "boiler", "", "which has no port", "Write \"boiler@attic:4710\"."},
    {"boiler@::1", "boiler", "", "but IPv6 goes in brackets", "Write \"boiler@[::1]:4710\"."},
    {"boiler@a:0", "boiler", "", "but port 0 is only for listening",
     "Write the peer's port; 4710 is usual."},
    {"boiler@", "boiler", "", "which is empty", "Remove it."},
  };
  for (const auto& x : rows) {
    CAF_MESSAGE(x.written);
    const auto it = read_peer_address(x.written);
    CAF_CHECK_EQUAL(it.trouble, x.trouble);
    CAF_CHECK_EQUAL(it.way_out, x.way_out);
    CAF_CHECK_EQUAL(it.is.name, x.name);
    if (!x.at.empty())
      CAF_CHECK_EQUAL(to_string(it.is.at), x.at);
  }
}

CAF_TEST(who wants the same port is known before it is opened) {
  const struct {
    const char* one;
    const char* other;
    bool collide;
  } rows[] = {
    {":4710", ":4710", true},           {":4710", ":4711", false},
    {":0", ":0", false},                {"[::]:4710", ":4710", true},
    {"[::]:4710", "10.0.0.7:4710", true}, {"[::]:4710", "0.0.0.0:4710", true},
    {"0.0.0.0:4710", "10.0.0.7:4710", true}, {"0.0.0.0:4710", "[::1]:4710", false},
    {"[::1]:4710", "127.0.0.1:4710", false}, {"[::1]:4710", "[0:0::1]:4710", true},
    {"Attic:4710", "attic.:4710", true}, {"attic:4710", "boiler:4710", false},
    {"attic:4710", ":4710", true},
  };
  for (const auto& x : rows) {
    CAF_MESSAGE(x.one << " and " << x.other);
    const auto one = read_net_address(x.one, address_use::listen).is;
    const auto other = read_net_address(x.other, address_use::listen).is;
    CAF_CHECK_EQUAL(collide(one, other), x.collide);
    CAF_CHECK_EQUAL(collide(other, one), x.collide);
  }
}
