#include "apps/cli/pki_view.hpp"

#include "apps/cli/table.hpp"
#include "cluster/identity/calendar.hpp"
#include "cluster/identity/crl.hpp"
#include "cluster/identity/renewal.hpp"
#include "cluster/identity/request.hpp"

#include <fmt/format.h>

namespace troupe::cli {

namespace {

using namespace identity;

colour colour_of(const std::string& state) {
  return state == "valid" ? colour::green : state == "revoked" ? colour::red : colour::yellow;
}

std::string day(wall_ms at) {
  return utc_text(at).substr(0, 10);
}

json certificate_json(const certificate& x, wall_ms now) {
  json result = {{"kind", x.is_root() ? "root" : x.is_authority() ? "authority" : "certificate"},
                 {"name", x.name()},
                 {"serial", x.serial()},
                 {"not_before", x.from()},
                 {"not_after", x.until()},
                 {"sha256", x.fingerprint()},
                 {"valid_now", x.is_valid_at(now)}};
  if (!x.is_authority()) {
    result["role"] = cluster::to_string(x.allowed());
    result["renew_at"] = renew_at(x.from(), x.until(), x.serial());
  }
  return result;
}

json list_json(const revocation_list& x) {
  auto serials = json::array();
  for (auto& [serial, at] : x.serials())
    serials.push_back({{"serial", serial}, {"revoked_at", at}});
  return {{"kind", "revocation list"}, {"name", x.authority()}, {"number", x.number()}, {"made", x.made()},
          {"serials", serials}};
}

} // namespace

json index_json(const certificate_index& all, wall_ms now) {
  auto result = json::array();
  for (auto& x : all) {
    result.push_back({{"serial", x.serial}, {"name", x.name}, {"role", x.what}, {"issuer", x.issuer},
                      {"not_before", x.from}, {"not_after", x.until}, {"status", state_at(x, now)}});
    if (x.revoked_at)
      result.back().update({{"revoked_at", x.revoked_at}, {"why", x.why}});
  }
  return result;
}

std::string show_index(const certificate_index& all, bool with_ended, const style& how, wall_ms now) {
  table result{{{"NAME"}, {"ROLE"}, {"STATE"}, {"UNTIL"}, {"SERIAL"}, {"ISSUER", false, true}}};
  std::size_t hidden = 0;
  for (auto& x : all) {
    const std::string state = state_at(x, now);
    if (state != "valid" && !with_ended) {
      ++hidden;
      continue;
    }
    const auto told = x.revoked_at ? fmt::format("revoked {}{}", day(x.revoked_at), x.why.empty() ? "" : ", " + harmless(x.why))
                                   : state;
    // The new root's key, vouched for by the old root.
    const bool crossed = x.what == "root" && x.name != x.issuer;
    result.add({x.name, crossed ? "crossed root" : x.what, how.paint(told, colour_of(state)), day(x.until), x.serial, x.issuer});
  }
  auto text = result.empty() ? std::string{"nothing valid was issued here\n"} : result.render(how);
  if (hidden)
    text += fmt::format("{} ended or revoked; --all shows them\n", hidden);
  return text;
}

result<json> describe_pem(const std::string& text, const std::string& path, wall_ms now) {
  auto parts = json::array();
  const auto certificates = certificate::read_all(text, path);
  if (!certificates)
    return certificates.why();
  for (auto& x : *certificates)
    parts.push_back(certificate_json(x, now));
  const auto lists = revocation_list::read_all(text, path);
  if (!lists)
    return lists.why();
  for (auto& x : *lists)
    parts.push_back(list_json(x));
  if (text.find("BEGIN CERTIFICATE REQUEST") != std::string::npos) {
    const auto asked = request::read(text);
    if (!asked)
      return asked.why();
    parts.push_back({{"kind", "request"}, {"name", asked->name()}, {"key_sha256", asked->public_digest()}});
  }
  if (text.find("BEGIN ENCRYPTED PRIVATE KEY") != std::string::npos)
    parts.push_back({{"kind", "private key"}, {"encrypted", true}});
  else if (text.find("PRIVATE KEY-----") != std::string::npos) {
    const auto key = private_key::read(text, path);
    if (!key)
      return key.why();
    parts.push_back({{"kind", "private key"}, {"encrypted", false}, {"key_sha256", key->public_digest()}});
  }
  if (parts.empty())
    return error{errc::invalid_argument, fmt::format("{} holds no certificate, revocation list, request or key in PEM form", path)};
  return parts;
}

std::string show_pem(const json& all) {
  std::string result;
  for (auto& x : all) {
    result += fmt::format("{}  {}\n", x.at("kind").get<std::string>(), text_at(x, "name"));
    auto line = [&](const char* what, const std::string& value) { result += fmt::format("  {:<12}{}\n", what, value); };
    if (x.contains("role"))
      line("role", text_at(x, "role"));
    if (x.contains("not_after")) {
      line("valid", fmt::format("{} to {}{}", utc_text(x["not_before"]), utc_text(x["not_after"]),
                                truth_at(x, "valid_now") ? "" : "  (not now)"));
      if (x.contains("renew_at"))
        line("renewed", utc_text(x["renew_at"]));
      line("serial", text_at(x, "serial"));
      line("SHA-256", text_at(x, "sha256"));
    }
    if (x.contains("number")) {
      line("number", std::to_string(x["number"].get<std::int64_t>()));
      line("made", utc_text(x["made"]));
      for (auto& y : x["serials"])
        line("revoked", fmt::format("{}  {}", text_at(y, "serial"), utc_text(y["revoked_at"])));
    }
    if (x.contains("encrypted"))
      line("encrypted", truth_at(x, "encrypted") ? "yes" : "no");
    if (x.contains("key_sha256"))
      line("key SHA-256", text_at(x, "key_sha256"));
  }
  return result;
}

} // namespace troupe::cli
