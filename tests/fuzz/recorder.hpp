#pragma once

#include <string>
#include <vector>

#include "registry/http/exchange.hpp"

namespace registry::fuzz {

// What reached the handler of one request.
struct Seen {
  std::string method, raw_target, path;
  std::string body;       // as far as it was read
  bool is_whole = false;  // it was read, or left unread, without a failure

  friend bool operator==(const Seen&, const Seen&) = default;
};

// What the server says of one request at its end.
struct Told {
  bool is_head = false;
  unsigned status = 0;
};

// Keeps what it is asked, and answers in a few ways, by the path: "/ignore" without a look at the
// body, "/part" after its first bytes, "/stream" in pieces, "/fail" not at all; any other after
// the whole body. Used by one thread.
class Recorder final : public http::Handler {
 public:
  http::net::awaitable<void> handle(http::Exchange& exchange) override;
  void completed(const http::Request& request, const http::Outcome& outcome) override;

  const std::vector<Seen>& seen() const { return seen_; }
  const std::vector<Told>& told() const { return told_; }

 private:
  http::net::awaitable<void> read_body(http::Exchange& exchange, std::size_t limit);

  std::vector<Seen> seen_;
  std::vector<Told> told_;
};

}  // namespace registry::fuzz
