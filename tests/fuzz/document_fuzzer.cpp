#include <algorithm>
#include <nlohmann/json.hpp>

#include "fuzzer.hpp"
#include "registry/oci/error.hpp"
#include "registry/oci/manifest.hpp"

namespace registry::fuzz {

// What lies in the store, which anybody may have written.
void test(std::string_view input) {
  const auto stored = oci::read_stored(input);
  require(stored.is_whole == nlohmann::json::accept(input), "what is whole is JSON");
  require(stored.media_type == oci::stored_media_type(input), "there is one media type");
  require(!stored.media_type.empty() && stored.media_type.size() <= 255 &&
              std::ranges::all_of(stored.media_type,
                                  [](unsigned char c) { return c > 0x20 && c < 0x7f; }),
          "the media type may stand in a header");
  auto listed = nlohmann::json::object();  // as among the referrers of its subject
  listed["artifactType"] = stored.artifact_type;
  for (const auto& [name, value] : stored.annotations) listed["annotations"][name] = value;
  require(nlohmann::json::accept(oci::dump_json(listed)), "what it says can be told as JSON");
}

}  // namespace registry::fuzz
