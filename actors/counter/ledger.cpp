#include "actors/counter/ledger.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace troupe {

bool pulse_ledger::begin(const std::optional<stamp>& last, std::uint64_t raw_now,
                         std::uint64_t in_stream, double max_rate_hz, const moment& now) {
  offset_ = in_stream;
  if (!last)
    return true;
  missed_ = last->missed;
  gaps_ = last->gaps;
  const auto found = raw_now > last->raw ? raw_now - last->raw : 0;
  const bool same_boot = !now.boot.empty() && now.boot == last->boot && now.mono >= last->mono;
  if (now.wall < last->at && !same_boot) {
    ++gaps_;
    return false;
  }
  const double seconds = std::max(static_cast<double>(now.wall - last->at) / 1000,
                                  same_boot ? static_cast<double>(now.mono - last->mono) / 1e9 : 0);
  const auto most = static_cast<std::uint64_t>(std::floor(seconds * max_rate_hz)) + 1;
  if (most > found) {
    missed_ += most - found;
    ++gaps_;
  }
  return true;
}

void pulse_ledger::forgive(std::uint64_t of_port, std::uint32_t gaps_of_port) {
  missed_ = 0;
  gaps_ = 0;
  forgiven_missed_ = of_port;
  forgiven_gaps_ = gaps_of_port;
}

std::string encode(const pulse_ledger::stamp& x) {
  return nlohmann::json{
    {"v", 1}, {"raw", x.raw}, {"at", x.at}, {"missed", x.missed}, {"gaps", x.gaps},
    {"boot", x.boot}, {"mono", x.mono}}
    .dump();
}

std::optional<pulse_ledger::stamp> decode_stamp(const std::string& payload) {
  const auto doc = nlohmann::json::parse(payload, nullptr, false);
  if (!doc.is_object())
    return {};
  try {
    return pulse_ledger::stamp{doc.at("raw").get<std::uint64_t>(), doc.at("at").get<wall_ms>(),
                               doc.value("missed", std::uint64_t{0}),
                               doc.value("gaps", std::uint32_t{0}),
                               doc.value("boot", std::string{}), doc.value("mono", mono_ns{0})};
  } catch (const nlohmann::json::exception&) {
    return {}; // a field of another type: not ours
  }
}

} // namespace troupe
