#include "cluster/membership/messages.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>

namespace troupe::cluster {

namespace {

auto age(const member& x) { return std::tie(x.incarnation, x.refutation); }

/// Equal lists keep their order, which is the owner's preference.
std::vector<std::string> united(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  if (a == b)
    return a;
  std::vector<std::string> all{a};
  all.insert(all.end(), b.begin(), b.end());
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

} // namespace

const char* to_string(standing x) noexcept {
  switch (x) {
  case standing::unknown: return "unknown";
  case standing::alive: return "alive";
  case standing::suspect: return "suspect";
  case standing::down: return "down";
  case standing::left: return "left";
  case standing::removed: return "removed";
  case standing::waiting: return "waiting";
  }
  return "?";
}

member merge(const member& a, const member& b) {
  member out = age(a) < age(b) ? b : a;
  if (age(a) == age(b)) {
    // `waiting` was appended last, but any other word about a node is later.
    const auto rank = [](standing x) { return x == standing::waiting ? -1 : static_cast<int>(x); };
    out.is = rank(a.is) < rank(b.is) ? b.is : a.is;
    out.addresses = united(a.addresses, b.addresses);
    out.draining = a.draining || b.draining;
    out.version = std::max(a.version, b.version);
  }
  out.banned = std::max(a.banned, b.banned);
  out.direct = a.direct || b.direct;
  out.since = std::max(a.since, b.since);
  return out;
}

} // namespace troupe::cluster
