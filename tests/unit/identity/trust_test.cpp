#define CAF_SUITE identity_trust

#include "tests/unit/identity/test_house.hpp"

#include "cluster/identity/trust.hpp"

#include <algorithm>
#include <filesystem>
#include <set>

using namespace troupe;
using namespace troupe::test;

namespace {

struct trust_fixture : house_fixture {
  /// Without the crossed certificate.
  std::string without_cross(const std::string& pem) {
    std::vector<certificate> kept;
    const auto all = must(certificate::read_all(pem, "ca"));
    for (auto& x : all)
      if (x.is_root() || std::none_of(all.begin(), all.end(), [&](auto& y) { return y.is_root() && x.is_same_authority(y); }))
        kept.push_back(x);
    CAF_REQUIRE(kept.size() < all.size());
    return pem_of(kept);
  }

  static bool has_root(const std::string& pem, const std::string& name) {
    for (auto& x : must(certificate::read_all(pem, "ca")))
      if (x.is_root() && x.name() == name)
        return true;
    return false;
  }
};

bool says(const std::vector<std::string>& lines, const std::string& part) {
  for (auto& x : lines) {
    CAF_MESSAGE(x);
    if (x.find(part) != std::string::npos)
      return true;
  }
  return false;
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(trust_tests, trust_fixture)

CAF_TEST(a new root is believed when the old one vouches for it) {
  const auto ours = file("ca.crt"), lists = file("revoked.crl");
  rotate();
  const auto got = must(consider_authorities(ours, file("ca.crt"), lists, clock.wall()));
  CAF_CHECK_EQUAL(got.changed.size(), 3u); // root, crossed, issuer
  CAF_CHECK(got.refused.empty());
  CAF_CHECK(has_root(got.pem, "elm root 1"));
  CAF_CHECK(has_root(got.pem, "elm root 2"));
  // Once is enough.
  CAF_CHECK(!must(consider_authorities(got.pem, file("ca.crt"), lists, clock.wall())).any());
}

CAF_TEST(a board that slept through two rotations follows the row) {
  const auto ours = file("ca.crt");
  rotate();
  rotate();
  const auto got = must(consider_authorities(ours, file("ca.crt"), "", clock.wall()));
  CAF_CHECK(has_root(got.pem, "elm root 3"));
  CAF_CHECK(got.refused.empty());
}

CAF_TEST(roots that are not believed) {
  const auto ours = file("ca.crt");
  house_fixture stranger{"oak"}, namesake{"elm"};
  rotate();
  namesake.rotate();
  const auto with_cross = file("ca.crt");
  const auto crossed = [&] {
    for (auto& x : must(certificate::read_all(with_cross, "ca")))
      if (!x.is_root() && x.name() == "elm root 2")
        return x;
    CAF_FAIL("no crossed certificate");
  }();
  const auto root_key = must(private_key::read(file("root-1.key"), "root-1.key", "correct horse"));
  const auto root_1 = must(certificate::read(file("root-1.crt"), "root-1.crt"));
  const auto list = must(make_list(root_1, root_key, 9, {{crossed.serial(), autumn_2026}}, autumn_2026));
  struct {
    std::string what, offered, lists;
    wall_ms now;
    std::string says;
  } table[] = {
    {"of another house", stranger.file("ca.crt"), "", autumn_2026, "vouches"},
    {"of the same name", namesake.file("ca.crt"), "", autumn_2026, "vouches"},
    {"without its crossed certificate", without_cross(with_cross), "", autumn_2026, "vouches"},
    {"whose crossed certificate is revoked", with_cross, list.pem(), autumn_2026, "vouches"},
    {"of the future", with_cross, "", autumn_2026 - one_day, "is valid from"},
    {"rubbish", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "", autumn_2026, "cannot be read"},
    {"a flood", std::string(600'000, 'x'), "", autumn_2026, "600000 bytes"},
    {"a node's certificate", issue("boiler").leaf.pem(), "", autumn_2026, "is no authority"},
  };
  for (auto& x : table) {
    CAF_MESSAGE(x.what);
    const auto got = must(consider_authorities(ours, x.offered, x.lists, x.now));
    CAF_CHECK(!got.any());
    CAF_CHECK_EQUAL(got.pem, ours);
    CAF_CHECK(says(got.refused, x.says));
  }
}

CAF_TEST(an issuer cannot make an authority) {
  const auto ours = file("ca.crt");
  const auto issuer = must(certificate::read(file("issuer.crt"), "issuer"));
  const auto key = must(private_key::read(file("issuer.key"), "issuer"));
  const auto evil = must(private_key::make(key_algorithm::p256));
  const auto forged = must(make_certificate({.what = certificate_order::kind::root, .name = "elm root 2",
                                             .house = "elm", .from = autumn_2026 - one_day, .until = autumn_2026 + one_day},
                                            evil.get(), nullptr, evil));
  const auto crossed = must(make_certificate({.what = certificate_order::kind::cross, .name = "elm root 2",
                                              .house = "elm", .from = autumn_2026 - one_day, .until = autumn_2026 + one_day},
                                             evil.get(), &issuer, key));
  const auto got = must(consider_authorities(ours, pem_of({forged, crossed}), "", autumn_2026));
  CAF_CHECK(!got.any());
  CAF_CHECK_EQUAL(got.refused.size(), 2u);
}

CAF_TEST(what ended is dropped but never the last root) {
  const auto ours = file("ca.crt");
  const auto got = must(consider_authorities(ours, "", "", in_2099));
  CAF_CHECK_EQUAL(got.pem, ours);
  // The issuer ends after ten years, its root after twenty.
  const auto later = must(consider_authorities(ours, "", "", autumn_2026 + 11 * 365 * one_day));
  CAF_CHECK(later.any());
  CAF_CHECK_EQUAL(must(certificate::read_all(later.pem, "ca")).size(), 1u);
}

CAF_TEST(revocation lists are taken by signature and number) {
  issue("a");
  issue("b");
  const auto list_1 = file("revoked.crl");
  must(open().revoke("a", ""));
  const auto list_2 = file("revoked.crl");
  must(open().revoke("b", ""));
  const auto list_3 = file("revoked.crl");
  house_fixture namesake{"elm"};
  namesake.issue("x");
  for (int i = 0; i < 2; ++i) {
    must(namesake.open().revoke("x", ""));
    namesake.issue("x");
  }
  must(namesake.open().revoke("x", ""));
  auto broken = list_3;
  broken[list_3.rfind("\n-----END") - 20] ^= 1;
  struct {
    std::string what, ours, offered, so;
    bool taken;
  } table[] = {
    {"newer", list_1, list_2, list_2, true},
    {"much newer", list_1, list_3, list_3, true},
    {"the first ever", "", list_2, list_2, true},
    {"the same", list_2, list_2, list_2, false},
    {"older", list_3, list_2, list_3, false},
    {"nothing", list_2, "", list_2, false},
    {"of a namesake, with a larger number", list_2, namesake.file("revoked.crl"), list_2, false},
    {"damaged", list_2, broken, list_2, false},
  };
  for (auto& x : table) {
    CAF_MESSAGE(x.what);
    const auto got = must(consider_revoked(x.ours, x.offered, file("ca.crt")));
    CAF_CHECK_EQUAL(got.any(), x.taken);
    auto numbers = [&](const std::string& pem) {
      std::map<std::string, std::int64_t> all;
      for (auto& list : must(revocation_list::read_all(pem, "lists")))
        all[list.authority()] = list.number();
      return all;
    };
    CAF_CHECK(numbers(got.pem) == numbers(x.so));
  }
}

CAF_TEST(no entry that an authority signed is lost whichever list comes first) {
  // One list goes on at two desks, each of which revokes others.
  for (const auto* name : {"a", "b", "c", "d"})
    issue(name);
  const auto start = file("revoked.crl");
  const auto desk = folder / "desk";
  std::filesystem::copy(dir, desk);
  must(open().revoke("a", ""));
  const auto a = file("revoked.crl");
  must(open().revoke("b", ""));
  const auto ab = file("revoked.crl");
  const auto elsewhere = must(authority::open(desk, clock));
  must(elsewhere.revoke("c", ""));
  const auto c = must(read_text(desk + "/revoked.crl"));
  must(elsewhere.revoke("d", ""));
  const auto cd = must(read_text(desk + "/revoked.crl"));
  const auto authorities = file("ca.crt");
  const auto serials = [&](const std::string& pem) {
    std::set<std::string> all;
    for (auto& list : must(revocation_list::read_all(pem, "lists")))
      for (auto& x : list.serials())
        all.insert(x.first);
    return all;
  };
  const auto lists_of_issuer = [&](const std::string& pem) {
    const auto all = must(revocation_list::read_all(pem, "lists"));
    return std::count_if(all.begin(), all.end(), [](auto& x) { return x.authority() == "elm issuer 1"; });
  };
  std::vector<const std::string*> order{&start, &a, &ab, &c, &cd};
  std::sort(order.begin(), order.end());
  std::set<std::string> ends;
  do {
    std::string ours;
    std::set<std::string> seen;
    for (const auto* x : order) {
      const auto got = must(consider_revoked(ours, *x, authorities));
      ours = got.pem;
      for (auto& serial : serials(*x))
        seen.insert(serial);
      CAF_CHECK(serials(ours) == seen);
    }
    CAF_CHECK_EQUAL(lists_of_issuer(ours), 2);
    ends.insert(ours);
  } while (std::next_permutation(order.begin(), order.end()));
  CAF_CHECK_EQUAL(ends.size(), 1u); // all nodes come to the same text
  CAF_MESSAGE("who has the key makes one of both, and that replaces them");
  must(write_text(dir + "/revoked.crl", *ends.begin()));
  CAF_CHECK(must(open().merge_revoked(*ends.begin())));
  CAF_CHECK(!must(open().merge_revoked(*ends.begin())));
  const auto joined = file("revoked.crl");
  const auto last = must(consider_revoked(*ends.begin(), joined, authorities));
  CAF_CHECK_EQUAL(lists_of_issuer(last.pem), 1);
  CAF_CHECK(serials(last.pem) == serials(*ends.begin()));
  CAF_CHECK(!last.answer);
  CAF_MESSAGE("who comes with an old one is answered, who comes with more is not");
  CAF_CHECK(must(consider_revoked(joined, cd, authorities)).answer);
  CAF_CHECK(!must(consider_revoked(joined, cd, authorities)).any());
  CAF_CHECK(must(consider_revoked(ab, cd, authorities)).answer);
  CAF_CHECK(!must(consider_revoked(ab, joined, authorities)).answer);
}

CAF_TEST(lists that differ are bounded and none that is kept gives way) {
  std::string ours;
  const auto issuer = must(certificate::read(file("issuer.crt"), "issuer"));
  const auto key = must(private_key::read(file("issuer.key"), "issuer"));
  const auto list = [&](std::int64_t number, const revoked_serials& of) { return must(make_list(issuer, key, number, of, autumn_2026)).pem(); };
  revoked_serials all;
  for (std::size_t i = 0; i <= max_lists_of_one; ++i) {
    const auto serial = fmt::format("{:032x}", 0x1000 + i);
    const auto got = must(consider_revoked(ours, list(static_cast<std::int64_t>(100 + i), {{serial, autumn_2026}}), file("ca.crt")));
    CAF_CHECK_EQUAL(got.any(), i < max_lists_of_one);
    if (!got.any())
      CAF_CHECK(says(got.refused, "8 lists of this authority that differ are kept already"));
    else
      all.emplace(serial, autumn_2026);
    CAF_CHECK(got.any() || got.answer);
    ours = got.pem;
  }
  CAF_CHECK_EQUAL(must(revocation_list::read_all(ours, "ours")).size(), max_lists_of_one);
  const auto got = must(consider_revoked(ours, list(1, all), file("ca.crt")));
  CAF_CHECK_EQUAL(must(revocation_list::read_all(got.pem, "ours")).size(), 1u);
}

CAF_TEST(a revoked issuer revokes nobody) {
  issue("a");
  const auto before = file("revoked.crl");
  must(open().revoke("a", ""));
  const auto by_issuer = file("revoked.crl");
  const auto root_key = must(private_key::read(file("root.key"), "root.key", "correct horse"));
  must(open().revoke("elm issuer 1", "stolen", root_key));
  const auto both = file("revoked.crl");
  std::string by_root;
  for (auto& x : must(revocation_list::read_all(both, "lists")))
    if (x.authority() == "elm root 1")
      by_root = x.pem();
  struct {
    std::string what, ours, offered;
    bool taken;
    std::string says;
  } table[] = {
    {"before it is known", before, by_issuer, true, ""},
    {"when it is known", by_root, by_issuer, false, "not revoked signed it"},
    {"with the news of it", before, both, true, "not revoked signed it"},
  };
  for (auto& x : table) {
    CAF_MESSAGE(x.what);
    const auto got = must(consider_revoked(x.ours, x.offered, file("ca.crt")));
    CAF_CHECK_EQUAL(got.any(), x.taken);
    CAF_CHECK(x.says.empty() || says(got.refused, x.says));
  }
}

CAF_TEST_FIXTURE_SCOPE_END()
