#include "cluster/identity/token.hpp"

#include "cluster/identity/calendar.hpp"
#include "cluster/identity/names.hpp"
#include "cluster/identity/ssl.hpp"

#include <openssl/rand.h>

namespace troupe::identity {

namespace {

using cluster::role;

constexpr std::string_view prefix = "troupe1-";
constexpr std::size_t root_bytes = 32, secret_bytes = 16, check_bytes = 4;
constexpr std::size_t fixed_bytes = 1 + 4 + 4 + root_bytes + secret_bytes + check_bytes;
constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string base64url(const std::string& raw) {
  std::string result;
  std::uint32_t bits = 0;
  int have = 0;
  for (unsigned char c : raw) {
    bits = (bits << 8) | c;
    for (have += 8; have >= 6; have -= 6)
      result += alphabet[(bits >> (have - 6)) & 63];
  }
  if (have > 0)
    result += alphabet[(bits << (6 - have)) & 63];
  return result;
}

/// @returns false for a strange character or bits left over
bool from_base64url(std::string_view text, std::string& raw) {
  std::uint32_t bits = 0;
  int have = 0;
  for (char c : text) {
    const auto at = alphabet.find(c);
    if (at == std::string_view::npos)
      return false;
    bits = (bits << 6) | static_cast<std::uint32_t>(at);
    have += 6;
    if (have >= 8) {
      have -= 8;
      raw += static_cast<char>((bits >> have) & 255);
    }
  }
  return have < 6 && (bits & ((1u << have) - 1)) == 0;
}

void put_seconds(std::string& to, wall_ms at) {
  const auto seconds = static_cast<std::uint32_t>(at / 1000);
  for (int shift = 24; shift >= 0; shift -= 8)
    to += static_cast<char>((seconds >> shift) & 255);
}

wall_ms get_seconds(const std::string& from, std::size_t at) {
  std::uint32_t result = 0;
  for (std::size_t i = at; i < at + 4; ++i)
    result = (result << 8) | static_cast<unsigned char>(from[i]);
  return wall_ms{result} * 1000;
}

std::string from_hex(const std::string& text) {
  std::string result;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    result += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
  return result;
}

std::string tagged_hash(const char* tag, const std::string& secret) {
  const auto text = std::string{"troupe token "} + tag + '\0' + secret;
  return ssl::hex(ssl::sha256(text.data(), text.size()));
}

error mistyped(const std::string& why) {
  return {errc::invalid_argument, fmt::format("this is no token: {}. Copy the whole word that `troupe token` printed; "
                                              "it begins with {}", why, prefix)};
}

} // namespace

result<token> make_token(const std::string& name, role allowed, const std::string& root, wall_ms now,
                         milliseconds ttl) {
  if (auto fine = check_name(name); !fine)
    return fine.why();
  if (allowed != role::node && allowed != role::operator_ && allowed != role::viewer)
    return error{errc::invalid_argument, "a token is for the role node, operator or viewer"};
  if (ttl < least_ttl || ttl > longest_ttl)
    return error{errc::invalid_argument, fmt::format("a token lives 1 minute to 7 days, not {} s", ttl.count() / 1000)};
  token x{name, allowed, root, now / 1000 * 1000, (now + ttl.count()) / 1000 * 1000, std::string(secret_bytes, '\0')};
  if (root.size() != 2 * root_bytes)
    return error{errc::invalid_argument, fmt::format("'{}' is no SHA-256 of a root", root)};
  if (RAND_bytes(reinterpret_cast<unsigned char*>(x.secret.data()), secret_bytes) != 1)
    return error{errc::io_error, fmt::format("no random numbers for a secret: {}", ssl::why())};
  return x;
}

std::string to_text(const token& x) {
  std::string raw(1, static_cast<char>(x.allowed));
  put_seconds(raw, x.minted);
  put_seconds(raw, x.expires);
  raw += from_hex(x.root) + x.secret + x.name;
  // Against a wrong letter only: who may use it is the secret's to say.
  raw += ssl::sha256(raw.data(), raw.size()).substr(0, check_bytes);
  return std::string{prefix} + base64url(raw);
}

result<token> token_from(const std::string& text) {
  if (!text.starts_with(prefix))
    return mistyped(text.starts_with("troupe") ? "it is of another version of troupe" : "it begins otherwise");
  std::string raw;
  // Two names' worth: longer ones need not be looked at.
  if (text.size() > 256 || !from_base64url(std::string_view{text}.substr(prefix.size()), raw))
    return mistyped("it holds characters that do not belong there, or one is missing");
  if (raw.size() <= fixed_bytes)
    return mistyped("it is cut short");
  const auto body = raw.substr(0, raw.size() - check_bytes);
  if (ssl::sha256(body.data(), body.size()).substr(0, check_bytes) != raw.substr(body.size()))
    return mistyped("a letter is wrong, or a part is missing");
  token x;
  x.allowed = static_cast<role>(raw[0]);
  x.minted = get_seconds(raw, 1);
  x.expires = get_seconds(raw, 5);
  x.root = ssl::hex(raw.substr(9, root_bytes));
  x.secret = raw.substr(9 + root_bytes, secret_bytes);
  x.name = body.substr(9 + root_bytes + secret_bytes);
  if (!check_name(x.name) || (x.allowed != role::node && x.allowed != role::operator_ && x.allowed != role::viewer))
    return mistyped("it names no role or no node");
  return x;
}

std::string id_of(const token& x) {
  return tagged_hash("id", x.secret).substr(0, 16);
}

std::string secret_hash(const token& x) {
  return tagged_hash("secret", x.secret);
}

} // namespace troupe::identity
