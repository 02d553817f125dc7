#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "registry/base/budget.hpp"
#include "registry/base/pool.hpp"
#include "registry/http/target.hpp"

namespace registry::http {

namespace net = boost::asio;

// A request's head. Lives as long as the exchange.
class Request {
 public:
  std::string method;      // as sent
  std::string raw_target;  // as sent
  Target target;
  std::string host;        // of an absolute target, or the Host header
  std::string peer;        // "address:port" of the other end
  std::string_view route;  // what its handler is called, for metrics; empty: it has none
  std::string actor;       // who asks, once an access controller knows; empty: nobody in particular
  bool http_1_0 = false;
  bool is_tls = false;

  // Of this request, for logs; made when it is first asked for.
  const std::string& id() const;
  // Empties it for the next one of the same connection.
  void begin();
  // Empty where there is none; the first of several. `name` in any case.
  std::string_view header(std::string_view name) const;
  // The elements of a comma-separated header, over all its lines, trimmed (RFC 9110 5.3).
  std::vector<std::string_view> header_list(std::string_view name) const;

  std::vector<std::pair<std::string, std::string>> headers;

 private:
  mutable std::string id_;
};

// An answer's head, and its body where that is short. Length, date and connection are the
// session's to say.
class Response {
 public:
  explicit Response(unsigned status) : status_(status) { header_lines_.reserve(kUsualBytes); }

  // Adds a line. Control characters in `value` are replaced, so that none can begin another line.
  Response& add(std::string_view name, std::string_view value);
  Response& with_body(std::string_view content_type, std::string body);

  unsigned status() const { return status_; }
  bool has(std::string_view name) const;  // in any case
  const std::string& header_lines() const { return header_lines_; }
  const std::string& body() const { return body_; }

 private:
  static constexpr std::size_t kUsualBytes = 480;
  unsigned status_;
  std::string header_lines_;  // each ends in CR LF
  std::string body_;
};

using HeaderLines = std::vector<std::pair<std::string, std::string>>;

// The other end went away, fell silent or is too slow: nobody is left to answer.
class ConnectionLost : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The body cannot be understood: its chunks are not what RFC 9112 7.1 says. A client's fault.
class MalformedBody : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Takes the bytes of a body as they come. May block, and throw.
using BodySink = std::function<void(std::span<const std::byte> data)>;

// One request and its answer. Borrowed by a handler for the time of its coroutine, on the strand
// of the connection.
class Exchange {
 public:
  virtual ~Exchange() = default;

  virtual const Request& request() const = 0;
  virtual void set_actor(std::string actor) = 0;
  virtual void set_route(std::string_view route) = 0;  // of a static life
  // Why the request fails, for the log.
  virtual void set_failure(std::string failure, bool own_fault) = 0;

  // As announced; nullopt: a chunked body, whose length shows at its end.
  virtual std::optional<std::uint64_t> content_length() const = 0;
  // Fewer bytes than asked for (or 0) only at the end of the body. The first call sends
  // "100 Continue" where the client waits for it. Throws ConnectionLost and MalformedBody.
  virtual net::awaitable<std::size_t> read_body(std::span<std::byte> out) = 0;
  // For a body that is too long to be held: waits until there are bytes of it, so that nothing is
  // held for a client that is silent. False: the body has ended. Throws as `read_body`.
  virtual net::awaitable<bool> wait_for_body() = 0;
  // The same, but no longer than `patience`: true: the client was silent for so long. Its own limit
  // goes on, whoever waits next.
  virtual net::awaitable<bool> is_silent_for(std::chrono::seconds patience) = 0;
  // Has `sink` take what comes without a pause, on a thread of `pool`. Returns when the client
  // pauses, the body ends, or others should have their turn; where it ends, `sink` is called once
  // more, with nothing. Throws as `read_body`, and what `sink` throws. Costs one block of memory
  // for each thread of `pool`; under TLS one for each caller, which is taken from `memory`.
  virtual net::awaitable<void> receive(base::Pool& pool, base::ByteBudget& memory,
                                       const BodySink& sink) = 0;

  // Lines that are added to whatever answer comes, unless it has one of that name. They outlive the
  // exchange.
  virtual void add_to_answer(const HeaderLines& lines) = 0;
  // The head is out: it is too late for another answer.
  virtual bool answered() const = 0;
  // Each exchange ends with this; or with a body of `length` bytes, of which each `write` brings
  // some, from memory or from the open file `descriptor`. To a HEAD the body is left out, its
  // length is not.
  virtual net::awaitable<void> send(Response response) = 0;
  virtual net::awaitable<void> begin_body(Response head, std::uint64_t length) = 0;
  virtual net::awaitable<void> write(std::span<const std::byte> data) = 0;
  virtual net::awaitable<void> write_file(int descriptor, std::uint64_t offset,
                                          std::uint64_t length) = 0;
};

// What became of a request, for the log.
struct Outcome {
  unsigned status = 0;                               // 499: the client was gone before the answer
  std::uint64_t bytes_sent = 0, bytes_received = 0;  // of bodies
  std::chrono::steady_clock::duration duration{};
  std::string failure;     // why it failed; empty: it did not
  bool own_fault = false;  // the daemon's, which an operator should look at
};

// Answers requests. Called from many strands at once.
class Handler {
 public:
  virtual ~Handler() = default;
  // May throw ConnectionLost; anything else that leaves it is answered with a bare 500.
  virtual net::awaitable<void> handle(Exchange& exchange) = 0;
  // After the answer, also where the request could not even be parsed.
  virtual void completed(const Request& request, const Outcome& outcome) = 0;
};

}  // namespace registry::http
