#include "cluster/identity/token_book.hpp"

#include "cluster/identity/calendar.hpp"
#include "cluster/identity/files.hpp"

#include <openssl/crypto.h>

namespace troupe::identity {

namespace {

using json = nlohmann::json;

json to_json(const token_record& x) {
  return {{"id", x.id}, {"hash", x.hash}, {"name", x.name}, {"role", cluster::to_string(x.allowed)},
          {"minted", x.minted}, {"expires", x.expires}, {"replace", x.replace}, {"house", x.house},
          {"minted_by", x.minted_by}, {"wrong", x.wrong}, {"used_by", x.used_by}};
}

token_record record_from(const json& x) {
  return {x.at("id"), x.at("hash"), x.at("name"), cluster::role_from(x.at("role").get<std::string>()),
          x.at("minted"), x.at("expires"), x.at("replace"), x.at("house"), x.at("minted_by"),
          x.at("wrong"), x.at("used_by"), false};
}

bool same_in_constant_time(const std::string& a, const std::string& b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

/// What `write` may write, with room: a character of a house may need six in JSON.
constexpr std::size_t max_book_bytes = 8 << 20;

bool is_open(const token_record& x, wall_ms now) {
  return x.expires > now && x.used_by.empty();
}

std::size_t bytes_of_houses(const std::vector<token_record>& all) {
  std::size_t bytes = 0;
  for (auto& x : all)
    bytes += x.house.size();
  return bytes;
}

error refuse(const std::string& why) {
  return {errc::untrusted, why + "; ask for a new one with `troupe token`"};
}

} // namespace

token_record record_of(const token& x) {
  token_record result;
  result.id = id_of(x);
  result.hash = secret_hash(x);
  result.name = x.name;
  result.allowed = x.allowed;
  result.minted = x.minted;
  result.expires = x.expires;
  return result;
}

result<std::vector<token_record>> token_book::all() {
  if (known_)
    return *known_;
  const auto text = read_text_if_there(path_, max_book_bytes);
  if (!text && text.why().code == errc::over_limit)
    return error{errc::over_limit, text.why().context + " Delete it, then mint the open tokens anew"};
  if (!text)
    return text.why();
  std::vector<token_record> result;
  if (text->empty()) {
    known_ = result;
    return result;
  }
  try {
    const auto whole = json::parse(*text);
    for (auto& x : whole.at("tokens"))
      result.push_back(record_from(x));
  } catch (const json::exception& why) {
    return error{errc::corrupt, fmt::format("{} cannot be read ({}): delete it, then mint the open tokens anew",
                                            path_, why.what())};
  }
  known_ = result;
  return result;
}

status token_book::write(std::vector<token_record> all, wall_ms now) {
  std::erase_if(all, [&](auto& x) { return x.expires + one_day <= now; });
  for (auto& x : all)
    if (x.expires < now)
      x.house.clear();
  for (auto& x : all)
    if (!is_open(x, now) && bytes_of_houses(all) > max_houses_bytes)
      x.house.clear();
  // Forgotten is refused as well, in other words.
  for (auto x = all.begin(); x != all.end() && all.size() > max_kept;)
    x = is_open(*x, now) ? x + 1 : all.erase(x);
  auto list = json::array();
  for (auto& x : all)
    list.push_back(to_json(x));
  const auto text = json{{"version", 1}, {"tokens", list}}.dump(1, ' ', false, json::error_handler_t::replace);
  if (auto done = write_text(path_, text + "\n", openness::secret); !done)
    return done;
  known_ = std::move(all);
  return {};
}

status token_book::add(token_record x, wall_ms now) {
  if (x.house.size() > max_house_bytes)
    return error{errc::over_limit, fmt::format("the house has {} bytes, a token carries {} at most: join first, then "
                                               "`troupe apply` it", x.house.size(), max_house_bytes)};
  auto known = all();
  if (!known)
    return known.why();
  std::size_t open = 0, bytes = x.house.size();
  for (auto& other : *known)
    if (is_open(other, now)) {
      ++open;
      bytes += other.house.size();
    }
  if (open >= max_open || bytes > max_houses_bytes)
    return error{errc::over_limit, fmt::format("{} tokens are open ({} bytes of houses): use them, or wait until one "
                                               "expires", open, bytes)};
  known->push_back(std::move(x));
  return write(*known, now);
}

result<token_record> token_book::take(const token& shown, const std::string& key_digest, wall_ms now) {
  auto known = all();
  if (!known)
    return known.why();
  const auto id = id_of(shown), hash = secret_hash(shown);
  const auto found = std::find_if(known->begin(), known->end(), [&](auto& x) { return x.id == id; });
  if (found == known->end())
    return refuse("this server knows no such token: it was made at another server, or it ended more than a day ago; make a new one with `troupe token`");
  auto& x = *found;
  if (x.wrong >= max_wrong)
    return refuse(fmt::format("the token for {} is void after {} tries with a wrong secret; make a new one with `troupe token`", x.name, max_wrong));
  if (!same_in_constant_time(x.hash, hash)) {
    ++x.wrong;
    const auto left = max_wrong - x.wrong;
    if (auto done = write(*known, now); !done)
      return done.why();
    return refuse(fmt::format("the token's secret is wrong, {} tries left; copy it whole", left));
  }
  if (shown.name != x.name || shown.allowed != x.allowed)
    return refuse("the token was changed on its way; copy it whole");
  if (now > x.expires)
    return refuse(fmt::format("the token for {} expired on {}, the server's clock says {}; make a new one with `troupe token`", x.name,
                              utc_text(x.expires), utc_text(now)));
  if (!x.used_by.empty() && x.used_by != key_digest)
    return refuse(fmt::format("the token for {} was used already, with another key; make a new one with `troupe token`", x.name));
  auto given = x;
  given.retaken = !x.used_by.empty();
  if (x.used_by.empty()) {
    x.used_by = given.used_by = key_digest;
    // Before the certificate is made: a crash between may cost a token, never
    // a second owner.
    if (auto done = write(*known, now); !done)
      return done.why();
  }
  return given;
}

} // namespace troupe::identity
