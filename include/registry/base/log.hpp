#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

// The one singleton. Application log on stderr in 2.8's formats, access log on stdout
// (CONTRACT 14). Thread-safe. Values are cleaned of control characters before they are written.
namespace registry::base::log {

enum class Level { error, warn, info, debug };  // warn: an operator should look; error: must act
enum class Formatter { text, json, logstash };

using Fields = std::vector<std::pair<std::string, std::string>>;

struct Options {
  Level level = Level::info;
  Formatter formatter = Formatter::text;
  bool access_log = true;
  Fields fields;  // in every line of the application log
};

// Before the threads start; until then: the defaults.
void configure(const Options& options);
bool enabled(Level level);
void write(Level level, std::string_view message, const Fields& fields);
bool access_enabled();
void access(std::string_view line);

// One line of the application log, without its end.
std::string format(Formatter formatter, Level level, std::string_view time,
                   std::string_view message, Fields fields);

// What is found again and again, as damage in a store is: a line for each message with these
// fields, and no other of the same kind while the process runs. Of very many different ones some
// are left out.
void warn_once(std::string_view message, const Fields& fields = {});

inline void error(std::string_view message, const Fields& fields = {}) {
  write(Level::error, message, fields);
}
inline void warn(std::string_view message, const Fields& fields = {}) {
  write(Level::warn, message, fields);
}
inline void info(std::string_view message, const Fields& fields = {}) {
  write(Level::info, message, fields);
}
inline void debug(std::string_view message, const Fields& fields = {}) {
  write(Level::debug, message, fields);
}

}  // namespace registry::base::log
