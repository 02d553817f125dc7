#pragma once

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace registry::bench {

// Where the server listens, and the processes that it is made of.
struct Server {
  std::string host;  // "127.0.0.1:5000"
  sockaddr_in address{};
  bool tls = false;
  std::vector<pid_t> pids;
};

sockaddr_in parse_address(const std::string& host);  // throws for other than IPv4:port
int connect_to(const sockaddr_in& address, int receive_buffer = 0);

struct Head {
  int status = 0;
  std::size_t length = 0;  // of the body, if it is not chunked
  bool chunked = false;
  std::string location;
  std::string next;  // the target of a Link
  std::string text;  // all of it, with the empty line
};

Head parse_head(std::string_view text);

struct Answer {
  Head head;
  std::string body;
};

// A file without a name, and its bytes: for sendfile, and for TLS, which needs them in memory.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view content);
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile();

  int fd() const { return fd_; }
  std::string_view content() const { return content_; }

 private:
  int fd_;
  std::string_view content_;  // mapped
};

// A blocking client connection, used by one thread. Every failure is an exception.
class Connection {
 public:
  explicit Connection(const Server& server, int receive_buffer = 0);  // 0: as the system has it
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  const Server& server() const { return server_; }
  // `more`: follows at once, so the packet may wait for it.
  void send(std::string_view bytes, bool more = false);
  void send_file(const MemoryFile& file, std::size_t offset, std::size_t length);

  Head read_head();
  std::string read_body(const Head& head);  // decoded
  void discard_body(const Head& head);      // the cheapest way there is
  std::size_t discard_some(std::size_t most);
  std::size_t bytes_read() const { return bytes_read_; }  // from the socket
  std::size_t bytes_taken() const { return bytes_read_ - buffer_.size(); }

  // What is not received by then is an exception. At least a moment is given.
  void give(double seconds);
  // One request with no body, or with a small one; `answer_has_body` is false for HEAD.
  Answer ask(std::string_view method, std::string_view path, std::string_view headers = {},
             std::string_view body = {});

 private:
  struct FreeTls {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };

  void fill();  // reads some more into buffer_
  std::string take(std::size_t bytes);
  std::string take_line();
  std::size_t receive(char* to, std::size_t most, int flags);

  const Server& server_;
  int socket_;
  std::unique_ptr<SSL, FreeTls> tls_;
  std::string buffer_;  // read, and not yet taken
  std::size_t bytes_read_ = 0;
};

// What clients accept as a manifest; 2.8 converts for those that do not say so.
inline constexpr std::string_view kAccept =
    "Accept: application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, "
    "application/vnd.docker.distribution.manifest.v2+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json\r\n";

std::string request_head(const Server& server, std::string_view method, std::string_view path,
                         std::string_view headers = {});
// Throws with the answer's text unless it has this status.
void expect(const Answer& answer, int status, std::string_view what);

}  // namespace registry::bench
