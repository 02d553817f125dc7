#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace registry::http {

// What came back: of a body no more than Content-Length says, or all until the end.
struct Answer {
  int status = 0;
  std::string head;  // as it came, with the empty line
  std::string body;
  std::multimap<std::string, std::string> headers;  // names in lower case

  // The first of that name, which is in lower case; empty where there is none.
  std::string header(const std::string& name) const;
  bool closes() const { return header("connection") == "close"; }
};

// A plain blocking socket, which says and hears what no HTTP library would. Waits at most a while
// for what should come, then throws std::runtime_error. Used by one thread.
class RawClient {
 public:
  // `receive_buffer` in bytes; 0: as the system has it. Throws std::system_error.
  explicit RawClient(std::uint16_t port, int receive_buffer = 0);
  RawClient(RawClient&& other) noexcept;
  RawClient& operator=(RawClient&&) = delete;
  ~RawClient();

  // False: the other end has closed, or does not take it for long.
  bool send(std::string_view bytes);
  // Fewer bytes only at the end.
  std::string read(std::size_t length);
  std::string read_to_end();
  // `of_head`: to a HEAD, which is answered without a body.
  Answer read_answer(bool of_head = false);
  Answer ask(std::string_view request);
  // Waits: nothing comes but the end, be it a reset.
  bool ends();
  // Does not wait: something has come.
  bool has_input();

  void finish_sending();
  void reset();  // as a client does that is killed
  void close();

 private:
  bool receive();  // false: the end

  int socket_ = -1;
  std::string received_;  // and not yet given out
};

bool refuses_connections(std::uint16_t port);

// "GET <path> HTTP/1.1" and a Host, with what follows.
std::string get(std::string_view path, std::string_view more_headers = {});
std::string post(std::string_view path, std::string_view body, std::string_view more_headers = {});
// The same with a body in chunks: `chunks` as they go over the wire.
std::string post_chunked(std::string_view path, std::string_view chunks);

}  // namespace registry::http
