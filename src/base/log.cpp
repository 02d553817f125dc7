#include "registry/base/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>

#include "registry/base/clock.hpp"

namespace registry::base::log {
namespace {

struct State {
  Options options;
  std::shared_ptr<spdlog::logger> application = make<spdlog::sinks::stderr_sink_mt>("application");
  std::shared_ptr<spdlog::logger> access = make<spdlog::sinks::stdout_sink_mt>("access");

  template <class Sink>
  static std::shared_ptr<spdlog::logger> make(const char* name) {
    auto logger = std::make_shared<spdlog::logger>(name, std::make_shared<Sink>());
    logger->set_pattern("%v");
    logger->flush_on(spdlog::level::info);
    return logger;
  }
};

State& state() {
  static State instance;
  return instance;
}

const char* name_of(Level level) {
  switch (level) {
    case Level::error:
      return "error";
    case Level::warn:
      return "warning";
    case Level::info:
      return "info";
    case Level::debug:
      return "debug";
  }
  return "info";
}

// logrus quotes a value unless it is made of these.
bool is_plain(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("-._/@^+").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

std::string quote(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else {
      out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
    }
  }
  return out + '"';
}

std::string format_text(Level level, std::string_view time, std::string_view message,
                        const Fields& fields) {
  std::string line = "time=" + quote(time);
  line += std::string(" level=") + name_of(level) +
          " msg=" + (is_plain(message) ? std::string(message) : quote(message));
  for (const auto& [key, value] : fields) {
    line += ' ' + key + '=' + (is_plain(value) ? value : quote(value));
  }
  return line;
}

}  // namespace

std::string format(Formatter formatter, Level level, std::string_view time,
                   std::string_view message, Fields fields) {
  std::ranges::sort(fields);
  if (formatter == Formatter::text) return format_text(level, time, message, fields);
  nlohmann::json line = nlohmann::json::object();
  for (const auto& [key, value] : fields) line[key] = value;
  line["level"] = name_of(level);
  if (formatter == Formatter::json) {
    line["msg"] = message;
    line["time"] = time;
  } else {
    line["message"] = message;
    line["@timestamp"] = time;
    line["@version"] = "1";
  }
  return line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void configure(const Options& options) {
  state().options = options;
}

bool enabled(Level level) {
  return level <= state().options.level;
}

void write(Level level, std::string_view message, const Fields& fields) {
  if (!enabled(level)) return;
  const auto time = rfc3339_nanoseconds(std::chrono::system_clock::now());
  auto all = fields;
  all.insert(all.end(), state().options.fields.begin(), state().options.fields.end());
  const auto line = format(state().options.formatter, level, time, message, std::move(all));
  state().application->log(spdlog::level::info, line);
}

void warn_once(std::string_view message, const Fields& fields) {
  constexpr std::size_t kMost = 1000;  // of which each costs the bytes of its line
  static std::mutex mutex;
  static std::set<std::string> said;
  {
    const std::scoped_lock lock(mutex);
    if (said.size() >= kMost) return;
    if (!said.insert(format(Formatter::text, Level::warn, "", message, fields)).second) return;
  }
  write(Level::warn, message, fields);
}

bool access_enabled() {
  return state().options.access_log;
}

void access(std::string_view line) {
  if (access_enabled()) state().access->log(spdlog::level::info, line);
}

}  // namespace registry::base::log
