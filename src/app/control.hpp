#pragma once

#include <functional>
#include <optional>
#include <string>

#include "registry/base/files.hpp"

// What the command line and a daemon that serves the same store say to each other, over a socket
// below the store's own directory: whoever may write to the store may ask. One line of JSON is the
// request; each line of the answer begins with a letter: `o` for a line to print, `x` for the exit
// code, which is the last.
namespace registry::app::control {

inline constexpr std::size_t kMaxRequestBytes = 4096;

base::Path socket_of(const base::Path& root);

// An address of any path, however long: that of a socket may have but 108 bytes. Holds the
// directory open meanwhile.
class Address {
 public:
  // Throws std::system_error.
  explicit Address(const base::Path& socket);
  Address(const Address&) = delete;
  Address& operator=(const Address&) = delete;
  ~Address();
  std::string str() const;

 private:
  const std::string name_;
  int directory_;
};

using Say = std::function<void(const std::string& line)>;

// Asks the daemon, and calls `say` with each line until it has ended; returns the exit code.
// nullopt: no daemon is listening there. Throws std::runtime_error where it went away meanwhile.
std::optional<int> ask(const base::Path& root, const std::string& request, const Say& say);

}  // namespace registry::app::control
