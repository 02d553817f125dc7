#include "registry/oci/digest.hpp"

#include <algorithm>

#include "fuzzer.hpp"
#include "registry/oci/hasher.hpp"

namespace registry::fuzz {
namespace {

void test_digest(const oci::Digest& digest) {
  const auto algorithm = oci::to_string(digest.algorithm());
  require(digest.str() == std::string(algorithm) + ':' + std::string(digest.hex()),
          "a digest is its algorithm and its hex digits");
  require(digest.hex().size() == (algorithm == "sha256" ? 64U : 128U), "its length is right");
  require(
      std::ranges::all_of(digest.hex(),
                          [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }),
      "it is safe in a path");
  require(oci::Digest::parse(digest.str()) == digest, "a digest is read again as it was written");
}

}  // namespace

void test(std::string_view input) {
  if (const auto digest = oci::Digest::parse(input)) {
    require(digest->str() == input, "nothing is mended in reading");
    test_digest(*digest);
  }
  for (const auto algorithm : {oci::Algorithm::sha256, oci::Algorithm::sha512}) {
    const auto digest = oci::digest_of(input, algorithm);
    require(digest.algorithm() == algorithm, "a text is hashed with the algorithm asked for");
    test_digest(digest);
  }
}

}  // namespace registry::fuzz
