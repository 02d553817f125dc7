#include "content/links.hpp"

#include "fuzzer.hpp"
#include "maintenance/links.hpp"
#include "registry/storage/memory_driver.hpp"
#include "registry/storage/paths.hpp"

namespace registry::fuzz {
namespace {

using maintenance::Link;

storage::Driver& driver() {
  static const auto kDriver = storage::make_memory_driver();
  return *kDriver;
}

std::string path_of_link() {
  static const auto kName = *oci::RepositoryName::parse("library/alpine");
  return storage::paths::layer_link(kName, oci::empty_digest());
}

}  // namespace

// The content of a link file, as those who serve read it and as the collector does.
void test(std::string_view input) {
  const auto path = path_of_link();
  driver().put(path, input, storage::Survives::process_crash);
  const auto digest = content::read_link(driver(), path);
  const auto link = maintenance::look_at_link(driver(), path);
  require(link.state != Link::State::absent, "a link that is there is not absent");
  require((link.state == Link::State::whole) == digest.has_value(), "both see the same");
  require(link.digest == digest, "both see the same digest");
  if (digest) {
    require(digest->str() == input, "a link is its digest to the last byte");
    require(digest->algorithm() == oci::Algorithm::sha256, "a link holds a sha256 digest");
  }
  content::write_link(driver(), path, oci::empty_digest());
  require(content::read_link(driver(), path) == oci::empty_digest(), "the next push mends a link");
}

}  // namespace registry::fuzz
