#include "cluster/identity/calendar.hpp"

#include <openssl/asn1.h>

#include <array>
#include <cstdio>
#include <ctime>

namespace troupe::identity {

namespace {

struct parts {
  int year = 1970;
  unsigned month = 1, day = 1;
  int hour = 0, minute = 0, second = 0;
};

parts split(wall_ms at) {
  using namespace std::chrono;
  const auto seconds = at >= 0 ? at / 1000 : (at - 999) / 1000;
  const auto days_since = seconds >= 0 ? seconds / 86400 : (seconds - 86399) / 86400;
  const year_month_day date{sys_days{days{days_since}}};
  const auto rest = static_cast<int>(seconds - days_since * 86400);
  return {int{date.year()}, unsigned{date.month()}, unsigned{date.day()}, rest / 3600,
          rest / 60 % 60, rest % 60};
}

wall_ms join(const parts& x) {
  using namespace std::chrono;
  const sys_days date{year{x.year} / month{x.month} / day{x.day}};
  const wall_ms seconds = wall_ms{date.time_since_epoch().count()} * 86400 + x.hour * 3600
                          + x.minute * 60 + x.second;
  return seconds * 1000;
}

} // namespace

wall_ms from_asn1(const ASN1_TIME* x) noexcept {
  std::tm at{};
  if (!x || ASN1_TIME_to_tm(x, &at) != 1)
    return 0;
  return join({at.tm_year + 1900, static_cast<unsigned>(at.tm_mon + 1),
               static_cast<unsigned>(at.tm_mday), at.tm_hour, at.tm_min, at.tm_sec});
}

bool set_asn1(ASN1_TIME* x, wall_ms at) {
  const auto t = split(at);
  const auto text = fmt::format("{:04}{:02}{:02}{:02}{:02}{:02}Z", t.year, t.month, t.day, t.hour,
                                t.minute, t.second);
  // The X509 variant picks UTCTime before 2050, as RFC 5280 wants it.
  return ASN1_TIME_set_string_X509(x, text.c_str()) == 1;
}

std::string utc_text(wall_ms at) {
  const auto t = split(at);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02} UTC", t.year, t.month, t.day, t.hour,
                     t.minute, t.second);
}

wall_ms from_http_date(const std::string& text) {
  constexpr std::array months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  parts t;
  char month[4] = {};
  if (std::sscanf(text.c_str(), "%*3s, %2u %3s %4d %2d:%2d:%2d GMT", &t.day, month, &t.year, &t.hour,
                  &t.minute, &t.second) != 6)
    return 0;
  for (unsigned i = 0; i < months.size(); ++i)
    if (std::string_view{month} == months[i]) {
      t.month = i + 1;
      return t.day >= 1 && t.day <= 31 ? join(t) : 0;
    }
  return 0;
}

} // namespace troupe::identity
