#pragma once

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <functional>
#include <memory>
#include <optional>

#include "head.hpp"
#include "registry/http/exchange.hpp"
#include "registry/http/server.hpp"
#include "sessions.hpp"
#include "stream.hpp"

namespace registry::http {

std::string to_text(const net::generic::stream_protocol::endpoint& endpoint);

// One connection: reads requests, one after the other, and has the handler answer them. Owned by
// the coroutine of `run`; everything happens on the strand of the socket.
class Session final : public Exchange {
 public:
  Session(Server& server, Stream::Socket socket);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() override;

  // To the end of the connection. Does not throw.
  static net::awaitable<void> run(std::shared_ptr<Session> session);
  // Answers 503 and closes: there are too many connections.
  static net::awaitable<void> turn_away(std::shared_ptr<Session> session);

  // From any thread; take effect on the strand.
  static void drain(const std::shared_ptr<Session>& session);  // ends after the request under way
  static void stop(const std::shared_ptr<Session>& session);   // cuts the connection
  static void close_if_idle(const std::shared_ptr<Session>& session);

  const Request& request() const override { return request_; }
  void set_actor(std::string actor) override { request_.actor = std::move(actor); }
  void set_route(std::string_view route) override { request_.route = route; }
  void add_to_answer(const HeaderLines& lines) override { added_lines_ = &lines; }
  void set_failure(std::string failure, bool own_fault) override {
    outcome_.failure = std::move(failure);
    outcome_.own_fault = own_fault;
  }
  bool answered() const override { return head_sent_; }
  std::optional<std::uint64_t> content_length() const override;
  net::awaitable<std::size_t> read_body(std::span<std::byte> out) override;
  net::awaitable<void> send(Response response) override;
  net::awaitable<void> begin_body(Response head, std::uint64_t length) override;
  net::awaitable<void> write(std::span<const std::byte> data) override;
  net::awaitable<void> write_file(int descriptor, std::uint64_t offset,
                                  std::uint64_t length) override;

 private:
  using Parser = beast::http::request_parser<beast::http::buffer_body>;

  // The cap turns an endless trailer line into an error instead of an exception out of the parser.
  static constexpr std::size_t kIdleReadBytes = 8 * 1024;
  static constexpr std::size_t kMaxBufferBytes = 60 * 1024;

  net::awaitable<void> serve();
  net::awaitable<bool> wait_for_request();
  net::awaitable<bool> read_head();
  net::awaitable<beast::error_code> receive_head();
  net::awaitable<void> refuse_head(const beast::error_code& error);
  net::awaitable<void> refuse(unsigned status, std::string reason);
  net::awaitable<void> send_last(Response response);
  net::awaitable<void> answer();
  net::awaitable<void> finish_body();
  net::awaitable<void> close_slowly();
  net::awaitable<void> send_continue();
  net::awaitable<void> wait_until_writable();
  net::awaitable<bool> start_tls();
  net::awaitable<bool> read_first_bytes();
  net::awaitable<void> send_and_close(std::string_view text);
  net::awaitable<void> write_file_by_kernel(int descriptor, std::uint64_t offset,
                                            std::uint64_t length);
  net::awaitable<void> write_file_by_blocks(int descriptor, std::uint64_t offset,
                                            std::uint64_t length);
  std::optional<Refusal> read_target();

  void pass_over_empty_line();
  void begin_request();
  void fill_request();
  void check_chunks();
  bool is_head() const { return request_.method == "HEAD"; }
  bool unread_body_is_short() const;
  std::string start_head(const Response& response, std::uint64_t length);
  void check_pace(std::uint64_t bytes, std::chrono::steady_clock::time_point since);
  void completed();

  Server& server_;
  const std::shared_ptr<Server::Sessions> sessions_;  // which outlives the server for us
  Stream stream_;
  beast::flat_buffer buffer_;
  // The parser keeps a reference to it, not a copy.
  std::function<void(std::uint64_t, beast::string_view, beast::error_code&)> chunk_header_;
  std::optional<Parser> parser_;  // single-use: one for each request
  Request request_;
  Outcome outcome_;
  const HeaderLines* added_lines_ = nullptr;
  std::chrono::steady_clock::time_point started_;

  bool idle_ = false;     // no request is under way: may be cancelled
  bool closing_ = false;  // after the request under way
  bool head_sent_ = false;
  bool expects_continue_ = false;

  // Of the body under way, in or out: the time spent waiting for the client alone, and what it
  // brought or took.
  std::chrono::steady_clock::duration waited_{};
  std::uint64_t moved_ = 0;
  // Of the answer under way: what its head announced and is not sent yet.
  std::uint64_t unsent_ = 0;
};

}  // namespace registry::http
