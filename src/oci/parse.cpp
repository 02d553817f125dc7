#include "parse.hpp"

#include <mutex>

namespace registry::oci {

bool parse_in_turn(std::string_view content, nlohmann::json_sax<nlohmann::json>& reader) {
  constexpr std::size_t kLargeBytes = 256 * 1024;
  static std::mutex turn;
  std::unique_lock lock(turn, std::defer_lock);
  if (content.size() > kLargeBytes) lock.lock();
  return nlohmann::json::sax_parse(content, &reader);
}

}  // namespace registry::oci
