#include "registry/base/text.hpp"

#include <array>

namespace registry::base {

std::string size_text(std::uint64_t bytes) {
  constexpr std::array kUnits = {"KiB", "MiB", "GiB", "TiB"};
  if (bytes < 1024) return std::to_string(bytes) + (bytes == 1 ? " byte" : " bytes");
  std::uint64_t unit = 1024;
  std::size_t i = 0;
  for (; i + 1 < kUnits.size() && bytes / unit >= 1024; ++i) unit *= 1024;
  const auto tenths = bytes % unit * 10 / unit;
  return std::to_string(bytes / unit) + '.' + std::to_string(tenths) + ' ' + kUnits.at(i);
}

}  // namespace registry::base
