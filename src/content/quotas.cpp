#include "registry/content/quotas.hpp"

#include "registry/base/glob.hpp"
#include "registry/base/text.hpp"
#include "registry/oci/error.hpp"

namespace registry::content {

using base::size_text;

Quotas::Quotas(const std::vector<config::Quota>& quotas)
    : quotas_(quotas), usage_(std::make_unique<Usage[]>(quotas.size())) {}

std::optional<std::size_t> Quotas::of(const oci::RepositoryName& name) const {
  for (std::size_t i = 0; i < quotas_.size(); ++i) {
    if (base::matches_glob(quotas_[i].repositories, name.str())) return i;
  }
  return std::nullopt;
}

void Quotas::check(const oci::RepositoryName& name, std::uint64_t bytes) {
  const auto at = of(name);
  if (!at || !usage_[*at].is_counted) return;
  const std::uint64_t used = usage_[*at].bytes, allowed = quotas_[*at].bytes;
  if (used <= allowed && bytes <= allowed - used) return;
  throw oci::Error(oci::ErrorCode::denied,
                   "the quota of " + quotas_[*at].repositories +
                       " is used up: " + size_text(bytes) + " are needed, and of " +
                       size_text(allowed) + " " + size_text(used) +
                       " are used: delete images and wait for the next collection, or ask for a "
                       "larger quota");
}

void Quotas::grew(const oci::RepositoryName& name, std::uint64_t bytes) {
  if (const auto at = of(name)) usage_[*at].bytes += bytes;
}

void Quotas::counted(std::size_t quota, std::uint64_t bytes) {
  usage_[quota].bytes = bytes;
  usage_[quota].is_counted = true;
}

}  // namespace registry::content
