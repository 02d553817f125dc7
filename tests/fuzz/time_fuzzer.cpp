#include "fuzzer.hpp"
#include "registry/base/clock.hpp"

namespace registry::fuzz {

// The file "startedat" of an upload.
void test(std::string_view input) {
  const auto time = base::parse_rfc3339(input);
  if (!time) return;
  const auto again = base::parse_rfc3339(base::rfc3339_seconds(*time));
  require(again == time, "a time is read again as it was written");
  require(base::parse_rfc3339(base::rfc3339_nanoseconds(*time)) == time,
          "a time is read again as it was written, with its nanoseconds");
}

}  // namespace registry::fuzz
