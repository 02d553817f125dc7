#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace registry::base {

using WallTime = std::chrono::system_clock::time_point;

std::string rfc3339_seconds(WallTime time);      // 2026-11-23T11:11:00Z
std::string rfc3339_nanoseconds(WallTime time);  // 2026-11-23T11:11:00.123456789Z
// Of either of the two, with "Z" or an offset. nullopt: any other text, and what is too far away
// for a WallTime.
std::optional<WallTime> parse_rfc3339(std::string_view text);

std::string http_date(WallTime time);        // Mon, 23 Nov 2026 11:11:00 GMT (RFC 9110 5.6.7)
std::string common_log_date(WallTime time);  // 23/Nov/2026:11:11:00 +0000

}  // namespace registry::base
