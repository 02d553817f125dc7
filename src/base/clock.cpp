#include "registry/base/clock.hpp"

#include <time.h>

#include <cstring>

#include <spdlog/fmt/chrono.h>
#include <spdlog/fmt/fmt.h>

namespace registry::base {
namespace {

std::tm utc(WallTime time) {
  return fmt::gmtime(std::chrono::system_clock::to_time_t(time));
}

}  // namespace

std::string rfc3339_seconds(WallTime time) {
  return fmt::format("{:%FT%TZ}", utc(time));
}

std::string rfc3339_nanoseconds(WallTime time) {
  const auto since_epoch =
      std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
  return fmt::format("{:%FT%T}.{:09}Z", utc(time), since_epoch % 1'000'000'000);
}

std::optional<WallTime> parse_rfc3339(std::string_view text) {
  const std::string copy(text.substr(0, 64));
  std::tm time{};
  const char* rest = ::strptime(copy.c_str(), "%Y-%m-%dT%H:%M:%S", &time);
  if (rest == nullptr) return std::nullopt;
  if (*rest == '.') rest += 1 + std::strspn(rest + 1, "0123456789");
  long offset_seconds = 0;
  if (std::string_view(rest) != "Z") {
    std::tm zone{};
    const bool is_offset = (*rest == '+' || *rest == '-') && std::strlen(rest) == 6;
    if (!is_offset || ::strptime(rest + 1, "%H:%M", &zone) == nullptr) return std::nullopt;
    offset_seconds = (*rest == '-' ? -60L : 60L) * (zone.tm_hour * 60L + zone.tm_min);
  }
  const std::chrono::seconds since_epoch(::timegm(&time) - offset_seconds);
  // Counted in nanoseconds, as it is from here on: the years 1677 to 2262.
  constexpr auto kFirst = std::chrono::ceil<std::chrono::seconds>(WallTime::duration::min());
  constexpr auto kLast = std::chrono::floor<std::chrono::seconds>(WallTime::duration::max());
  if (since_epoch < kFirst || since_epoch > kLast) return std::nullopt;
  return WallTime(since_epoch);
}

std::string http_date(WallTime time) {
  constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
                     kDays[std::chrono::weekday(day).c_encoding()], unsigned(date.day()),
                     kMonths[unsigned(date.month()) - 1], int(date.year()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
}

std::string common_log_date(WallTime time) {
  return fmt::format("{:%d/%b/%Y:%T +0000}", utc(time));
}

}  // namespace registry::base
