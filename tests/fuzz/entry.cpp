#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>

#include "fuzzer.hpp"
#include "registry/base/log.hpp"

namespace registry::fuzz {

void require(bool holds, const char* what, const std::source_location& at) {
  if (holds) return;
  std::fprintf(stderr, "%s:%u: it does not hold that %s\n", at.file_name(),
               static_cast<unsigned>(at.line()), what);
  std::abort();
}

}  // namespace registry::fuzz

// Warnings of what is damaged are what is asked for here.
extern "C" int LLVMFuzzerInitialize(int*, char***) {
  registry::base::log::Options quiet;
  quiet.level = registry::base::log::Level::error;
  quiet.access_log = false;
  registry::base::log::configure(quiet);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  registry::fuzz::test({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  return 0;
}
