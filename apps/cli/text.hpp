#pragma once

#include "config/model/time.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

/// Numbers and facts as people read them. Pure.
namespace troupe::cli {

using json = nlohmann::json;

// A field of a node's answer; missing, null or of another type gives the
// second argument. Text is made harmless for terminals.
[[nodiscard]] std::string text_at(const json& x, const char* key, std::string otherwise = "");
[[nodiscard]] double number_at(const json& x, const char* key, double otherwise = 0);
[[nodiscard]] bool truth_at(const json& x, const char* key);
[[nodiscard]] const json& list_at(const json& x, const char* key);
[[nodiscard]] const json& object_at(const json& x, const char* key);

/// "350 ms", "4.2 s", "12 s", "3 m 12 s", "2 h 5 m", "3 d 4 h".
[[nodiscard]] std::string duration(double seconds);
/// "412 µs", "2.2 ms", "1.0 s".
[[nodiscard]] std::string micros(double us);
/// "512 B", "23.0 MiB".
[[nodiscard]] std::string bytes(double count);
/// "1 204 331"; the fraction stays: "1 843.211".
[[nodiscard]] std::string grouped(const std::string& number);
[[nodiscard]] std::string grouped(double whole);
/// For people: six digits in all and at least three after the point (litres of
/// a total in m³). `--json` has every digit.
[[nodiscard]] std::string short_number(double x);
/// "20:24:23.012" if it is within a day of `now`, else "2026-11-20 20:24:23"; local time.
[[nodiscard]] std::string clock_time(wall_ms at, wall_ms now);
/// "off → on" for "off -> on", and "75.6207 → 80" for "75.62070835000002 -> 80".
[[nodiscard]] std::string with_arrows(std::string text);
/// "1 step", "2 steps".
[[nodiscard]] std::string count_of(double n, const std::string& one);

} // namespace troupe::cli
