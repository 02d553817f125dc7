#include "read.hpp"

namespace registry::config {
namespace {

base::log::Level read_level(Section& section, std::string_view key, base::log::Level otherwise) {
  return static_cast<base::log::Level>(section.read_word(key, {"error", "warn", "info", "debug"},
                                                         static_cast<std::size_t>(otherwise)));
}

void read_fields(Section fields, std::map<std::string, std::string>& out) {
  for (const auto& name : fields.names()) fields.read(name, out[name]);
}

void read_hooks(Section& log) {
  for (auto& hook : log.sections("hooks")) {
    hook.accept(Kind::flag, {"disabled"});
    hook.accept(Kind::text, {"type"});
    hook.accept(Kind::texts, {"levels"});
    auto options = hook.section("options");
    auto smtp = options.section("smtp");
    smtp.accept(Kind::text, {"addr", "username", "password"});
    smtp.accept(Kind::flag, {"insecure"});
    smtp.warn_of_unknown();
    options.accept(Kind::text, {"from"});
    options.accept(Kind::texts, {"to"});
    options.warn_of_unknown();
    hook.warn_of_unknown();
  }
  if (!log.is_set("hooks")) return;
  log.warn("hooks", "mail is not sent, and will not be: use the alerts of what collects the log");
}

}  // namespace

void read_log(Section log, Log& out) {
  out.level = read_level(log, "level", out.level);
  out.formatter = static_cast<base::log::Formatter>(log.read_word(
      "formatter", {"text", "json", "logstash"}, static_cast<std::size_t>(out.formatter)));
  auto accesslog = log.section("accesslog");
  accesslog.read("disabled", out.accesslog.disabled);
  accesslog.warn_of_unknown();
  read_fields(log.section("fields"), out.fields);
  log.from_here(Fate::warned);
  read_hooks(log);
  bool reportcaller = false;
  log.read("reportcaller", reportcaller);
  if (reportcaller) {
    log.warn("reportcaller", "has no effect: a line says what happened, not where in the source");
  }
  log.warn_of_unknown();
}

void read_loglevel(Section& root, Log& out) {
  const bool is_overruled = root.section("log").is_set("level");
  const auto level = read_level(root, "loglevel", base::log::Level::info);
  if (!root.is_set("loglevel")) return;
  if (!is_overruled) out.level = level;
  root.warn("loglevel", std::string("is deprecated: use log.level") +
                            (is_overruled ? ", which is given too, and counts" : ""));
}

}  // namespace registry::config
