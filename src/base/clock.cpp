#include "registry/base/clock.hpp"

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

std::string http_date(WallTime time) {
  return fmt::format("{:%a, %d %b %Y %T GMT}", utc(time));
}

std::string common_log_date(WallTime time) {
  return fmt::format("{:%d/%b/%Y:%T +0000}", utc(time));
}

}  // namespace registry::base
