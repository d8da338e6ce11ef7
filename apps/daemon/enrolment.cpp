#include "apps/daemon/enrolment.hpp"

#include "cluster/identity/calendar.hpp"
#include "cluster/identity/request.hpp"
#include "config/model/quantity.hpp"

#include <fmt/format.h>

namespace troupe::daemon {

namespace {

using cluster::role;

// Anybody may try: the journal gets one line in this time, with a sum.
constexpr std::chrono::seconds refusals_every{10};

std::string text_in(const nlohmann::json& body, const char* key, const std::string& otherwise = {}) {
  const auto found = body.find(key);
  return found != body.end() && found->is_string() ? found->get<std::string>() : otherwise;
}

bool truth_in(const nlohmann::json& body, const char* key) {
  const auto found = body.find(key);
  return found != body.end() && found->is_boolean() && found->get<bool>();
}

} // namespace

enrolment::enrolment(options how, identity::authority authority)
  : how_(std::move(how)), authority_(std::move(authority)), book_(how_.folder + "/tokens.json") {
}

result<std::unique_ptr<enrolment>> enrolment::open(options how) {
  auto authority = identity::authority::open(how.folder, *how.clocks);
  if (!authority)
    return authority.why();
  std::unique_ptr<enrolment> result{new enrolment(std::move(how), std::move(*authority))};
  if (auto readable = result->book_.all(); !readable)
    return readable.why();
  return result;
}

result<enrolment::json> enrolment::mint(const std::string& who, const json& body) {
  const auto name = text_in(body, "name");
  const auto wanted_role = text_in(body, "role", "node");
  const auto ttl_text = text_in(body, "ttl", "1h");
  const auto ttl = parse_duration(ttl_text);
  if (!ttl)
    return error{errc::invalid_argument, fmt::format("ttl '{}' is no duration: write 30m or 1h", ttl_text)};
  std::lock_guard guard{mutex_};
  const auto root = authority_.root_fingerprint();
  if (!root)
    return root.why();
  const auto now = how_.clocks->wall();
  const bool replace = truth_in(body, "replace");
  const auto issued = authority_.list();
  if (!issued)
    return issued.why();
  for (auto& x : *issued)
    if (x.name == name && x.is_valid_at(now) && !replace)
      return error{errc::conflict,
                   fmt::format("{} has a valid certificate until {}. If a new board takes its place, say --replace: "
                               "then the old certificate is revoked when the new board joins", name,
                               identity::utc_text(x.until))};
  const auto made = identity::make_token(name, cluster::role_from(wanted_role), *root, now, *ttl);
  if (!made)
    return made.why();
  auto record = identity::record_of(*made);
  record.replace = replace;
  record.house = text_in(body, "house");
  record.minted_by = who;
  if (auto done = book_.add(std::move(record), now); !done)
    return done.why();
  journal(who, name, fmt::format("token {} made for {} {}, until {}{}", identity::id_of(*made), wanted_role, name,
                                 identity::utc_text(made->expires), replace ? ", to replace it" : ""));
  const auto addresses = how_.addresses();
  const auto text = identity::to_text(*made);
  return json{{"token", text}, {"id", identity::id_of(*made)}, {"name", name}, {"role", wanted_role},
              {"expires", made->expires}, {"addresses", addresses},
              {"join", fmt::format("troupe join {} --token {}", addresses.empty() ? "HOST" : addresses.front(), text)}};
}

result<enrolment::json> enrolment::enrol(const json& body) {
  std::lock_guard guard{mutex_};
  const auto shown = identity::token_from(text_in(body, "token"));
  if (!shown)
    return shown.why();
  const auto asked = identity::request::read(text_in(body, "request"));
  if (!asked) {
    journal_refusal(shown->name, asked.why().context);
    return asked.why();
  }
  if (asked->name() != shown->name) {
    error why{errc::untrusted, fmt::format("the request is for '{}' and the token for '{}'", asked->name(), shown->name)};
    journal_refusal(shown->name, why.context);
    return why;
  }
  const auto now = how_.clocks->wall();
  const auto record = book_.take(*shown, asked->public_digest(), now);
  if (!record) {
    journal_refusal(shown->name, record.why().context);
    return record.why();
  }
  // The token is this key's from here on: a name that got a certificate by it
  // before (the answer was lost) is the same board.
  const auto made = authority_.issue(text_in(body, "request"), {.name = record->name,
                                                                .allowed = record->allowed,
                                                                .replace = record->replace || record->retaken});
  if (!made) {
    journal_refusal(record->name, made.why().context);
    return made.why();
  }
  journal(record->minted_by, record->name,
          fmt::format("{} {} joined with token {}: certificate {} until {}", cluster::to_string(record->allowed),
                      record->name, record->id, made->leaf.serial(), identity::utc_text(made->leaf.until())));
  if ((record->replace || record->retaken) && how_.revoked_changed)
    how_.revoked_changed();
  if (record->allowed == role::node && how_.joined)
    how_.joined(record->name);
  auto result = answer(*made);
  if (!result)
    return result;
  (*result)["name"] = record->name;
  (*result)["role"] = cluster::to_string(record->allowed);
  (*result)["peers"] = how_.peers();
  (*result)["house"] = record->house;
  (*result)["time"] = now;
  return result;
}

result<enrolment::json> enrolment::renew(const cluster::peer_identity& who, const std::string& request, wall_ms begins) {
  if (who.psk || who.serial.empty())
    return error{errc::unsupported, fmt::format("{} has a pre-shared key and no certificate to renew", who.name)};
  std::lock_guard guard{mutex_};
  const auto made = authority_.renew(request, who.name, who.allowed, who.serial, identity::issue_order::default_days, begins);
  if (!made) {
    journal_refusal(who.name, made.why().context);
    return made.why();
  }
  journal(who.name, who.name, fmt::format("certificate {} renewed: {} until {}", who.serial, made->leaf.serial(),
                                          identity::utc_text(made->leaf.until())));
  return answer(*made);
}

result<bool> enrolment::merge_revoked(const std::string& lists) {
  std::lock_guard guard{mutex_};
  return authority_.merge_revoked(lists);
}

result<enrolment::json> enrolment::answer(const identity::issued& made) const {
  const auto authorities = authority_.authorities();
  if (!authorities)
    return authorities.why();
  const auto revoked = authority_.revoked();
  if (!revoked)
    return revoked.why();
  return json{{"certificate", made.chain}, {"authorities", *authorities}, {"revoked", *revoked}};
}

void enrolment::journal(const std::string& who, const std::string& subject, const std::string& text) {
  if (how_.journal)
    how_.journal(who, subject, text);
}

void enrolment::journal_refusal(const std::string& subject, const std::string& why) {
  const auto now = how_.clocks->mono();
  if (now < refusals_again_) {
    ++untold_;
    return;
  }
  refusals_again_ = now + std::chrono::nanoseconds{refusals_every}.count();
  journal("", subject, fmt::format("enrolment of {} refused: {}{}", subject, why,
                                   untold_ ? fmt::format(" (and {} more)", untold_) : ""));
  untold_ = 0;
}

} // namespace troupe::daemon
