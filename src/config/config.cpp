#include "registry/config/config.hpp"

#include <cerrno>
#include <fstream>
#include <system_error>

#include "read.hpp"
#include "yaml.hpp"

namespace registry::config {
namespace {

constexpr std::string_view kVersion = "0.1";
constexpr std::size_t kMaxBytes = std::size_t{1} << 20;  // of the file

void read_limits(Section& root, Config& out) {
  auto catalog = root.section("catalog");
  catalog.read_if_positive("maxentries", out.catalog.maxentries);
  catalog.warn_of_unknown();
  auto tags = root.section("tags");
  tags.read_if_positive("maxtags", out.tags.maxtags);
  tags.warn_of_unknown();
  auto api = root.section("api");
  api.read("enabled", out.api.enabled);
  api.warn_of_unknown();
}

void read_policy(Section policy, Config& out) {
  auto repository = policy.section("repository");
  auto& classes = out.policy.repository.classes;
  repository.read("classes", classes);
  for (std::size_t i = 0; i < classes.size(); ++i) {
    if (classes[i] == "image" || classes[i] == "plugin") continue;
    repository.refuse("classes[" + std::to_string(i) + "]",
                      "must be image or plugin, not \"" + classes[i] + "\"");
  }
  repository.warn_of_unknown();
  policy.warn_of_unknown();
}

void read_what_is_not_served(Section& root) {
  read_auth(root.section_or_word("auth"));
  read_proxy(root.section("proxy"));
  read_notifications(root.section("notifications"));
  read_redis(root.section("redis"));
  read_middleware(root.section("middleware"));
  read_reporting(root.section("reporting"));
  read_compatibility(root.section("compatibility"));
}

void read(Document& document, Config& out) {
  Section root(document, document.root, "");
  std::string version;
  root.read("version", version);
  if (version != kVersion) root.refuse("version", "must be 0.1, not \"" + version + "\"");
  read_log(root.section("log"), out.log);
  read_loglevel(root, out.log);
  read_storage(root.section_or_word("storage"), out.storage);
  read_http(root.section("http"), out.http);
  read_health(root.section("health"), out.health);
  read_limits(root, out);
  read_validation(root.section("validation"), out.validation);
  read_policy(root.section("policy"), out);
  read_garbagecollection(root.section("garbagecollection"), out.garbagecollection);
  read_retention(root.section("retention"), out.retention);
  read_capacity(root.section("capacity"), out.capacity);
  read_quota(root.section("quota"), out.quota);
  read_scrub(root.section("scrub"), out.scrub);
  read_what_is_not_served(root);
  root.warn_of_unknown();
}

std::string place(const std::string& file, const YAML::Exception& error) {
  return error.mark.is_null() ? file : file + ":" + std::to_string(error.mark.line + 1);
}

}  // namespace

std::vector<Key> known_keys() {
  Document document;
  document.grammar = true;
  document.root = YAML::Load("{version: 0.1, storage: filesystem}");
  Config config;
  read(document, config);
  return std::move(document.keys);
}

Loaded parse(const std::string& text, const std::string& file, const Environment& environment) {
  Document document;
  document.file = file;
  try {
    if (text.size() > kMaxBytes) throw Invalid(file + ": is larger than 1 MiB");
    document.root = load_yaml(text);
    if (!document.root.IsMap()) throw Invalid(file + ":1: a configuration is a map of keys");
    apply_environment(document, environment, known_keys());
    Loaded loaded;
    read(document, loaded.config);
    loaded.warnings = std::move(document.warnings);
    return loaded;
  } catch (const YAML::Exception& error) {
    throw Invalid(place(file, error) + ": " + error.msg);
  }
}

Loaded load(const std::string& file, const Environment& environment) {
  std::ifstream in(file, std::ios::binary);
  std::string text(kMaxBytes + 1, '\0');  // one more than is allowed: a device has no end
  if (in) in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad() || in.gcount() == 0) {
    throw Invalid(file +
                  ": cannot be read, or is empty: " + std::generic_category().message(errno));
  }
  text.resize(static_cast<std::size_t>(in.gcount()));
  return parse(text, file, environment);
}

}  // namespace registry::config
