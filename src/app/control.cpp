#include "control.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <charconv>
#include <system_error>

#include "registry/storage/paths.hpp"

namespace registry::app::control {
namespace net = boost::asio;

base::Path socket_of(const base::Path& root) {
  return root / storage::paths::kOwn / "socket";
}

Address::Address(const base::Path& socket)
    : name_(socket.filename()),
      directory_(::open(socket.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {
  if (directory_ >= 0) return;
  throw std::system_error(errno, std::generic_category(), "cannot open " + socket.string());
}

Address::~Address() {
  ::close(directory_);
}

std::string Address::str() const {
  return "/proc/self/fd/" + std::to_string(directory_) + '/' + name_;
}

namespace {

using Socket = net::local::stream_protocol::socket;

bool connect(Socket& socket, const base::Path& root) {
  try {
    const Address address(socket_of(root));
    boost::system::error_code error;
    socket.connect(net::local::stream_protocol::endpoint(address.str()), error);
    return !error;
  } catch (const std::system_error&) {
    return false;
  }
}

int code_of(std::string_view text) {
  int code = 1;
  std::from_chars(text.data(), text.data() + text.size(), code);
  return code;
}

}  // namespace

std::optional<int> ask(const base::Path& root, const std::string& request, const Say& say) {
  net::io_context context;
  Socket socket(context);
  if (!connect(socket, root)) return std::nullopt;
  boost::system::error_code error;
  net::write(socket, net::buffer(request + '\n'), error);
  std::string received;
  while (!error) {
    const auto size = net::read_until(socket, net::dynamic_buffer(received), '\n', error);
    if (error) break;
    const auto line = received.substr(0, size - 1);
    received.erase(0, size);
    if (line.starts_with('x')) return code_of(std::string_view(line).substr(1));
    if (line.starts_with('o')) say(line.substr(1));
  }
  throw std::runtime_error("the daemon that serves this store went away before it had ended: " +
                           error.message());
}

}  // namespace registry::app::control
