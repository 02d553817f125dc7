#pragma once

#include <array>
#include <atomic>
#include <boost/beast/core/flat_buffer.hpp>
#include <memory>
#include <optional>

#include "body_decoder.hpp"
#include "head.hpp"
#include "head_parser.hpp"
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
  using Endpoint = net::generic::stream_protocol::endpoint;
  Session(Server& server, Stream::Socket socket, const Endpoint& peer);
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
  static void give_up_waiting(const std::shared_ptr<Session>& session);  // if it is overdue

  // From any thread, while the session lives. `idle_since`: max() while it is not idle.
  using TimePoint = std::chrono::steady_clock::time_point;
  TimePoint idle_since() const { return idle_since_.load(std::memory_order_relaxed); }
  void set_busy() { idle_since_.store(TimePoint::max(), std::memory_order_relaxed); }
  bool is_overdue(TimePoint now) const { return deadline_.load(std::memory_order_relaxed) < now; }

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
  net::awaitable<bool> wait_for_body() override;
  net::awaitable<bool> is_silent_for(std::chrono::seconds patience) override;
  net::awaitable<void> receive(base::Pool& pool, base::ByteBudget& memory,
                               const BodySink& sink) override;
  net::awaitable<void> send(Response response) override;
  net::awaitable<void> begin_body(Response head, std::uint64_t length) override;
  net::awaitable<void> write(std::span<const std::byte> data) override;
  net::awaitable<void> write_file(int descriptor, std::uint64_t offset,
                                  std::uint64_t length) override;

 private:
  static constexpr std::size_t kIdleReadBytes = 8 * 1024;
  static constexpr std::size_t kMaxBufferBytes = 60 * 1024;

  struct Written {
    std::size_t bytes = 0;
    beast::error_code error;
  };
  using Parts = std::array<net::const_buffer, 2>;

  net::awaitable<void> serve();
  net::awaitable<bool> wait_for_request();
  net::awaitable<bool> read_head();
  net::awaitable<beast::error_code> receive_head();
  net::awaitable<beast::error_code> read_more();
  net::awaitable<void> refuse_head(const beast::error_code& error);
  net::awaitable<void> refuse(unsigned status, std::string reason);
  net::awaitable<void> send_last(Response response);
  net::awaitable<void> answer();
  net::awaitable<void> finish_body();
  net::awaitable<void> close_slowly();
  net::awaitable<void> send_continue();
  net::awaitable<Written> transmit(Parts parts, int flags = 0);
  net::awaitable<bool> fill_buffer(std::chrono::seconds patience);
  net::awaitable<void> wait_until_writable();
  net::awaitable<std::size_t> read_raw(std::span<std::byte> block);
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
  void begin_body_of_request();
  void forget_long_head();
  void expires_after(std::chrono::seconds timeout);
  void take(std::span<const std::byte> data, const BodySink& sink);
  void deliver(std::span<const std::byte> raw, const BodySink& sink);
  void deliver_buffered(const BodySink& sink);
  void receive_turn(const BodySink& sink);
  net::awaitable<void> receive_from_tls(base::Pool& pool, base::ByteBudget& memory,
                                        const BodySink& sink);
  bool is_head() const { return request_.method == "HEAD"; }
  bool unread_body_is_short() const;
  std::string start_head(const Response& response, std::uint64_t length);
  void check_pace(std::uint64_t bytes, std::chrono::steady_clock::time_point since);
  void completed();

  Server& server_;
  const std::shared_ptr<Server::Sessions> sessions_;  // which outlives the server for us
  Stream stream_;
  beast::flat_buffer buffer_;         // what was read behind what was asked for
  std::optional<HeadParser> parser_;  // single-use: one for each request
  BodyDecoder body_;
  std::optional<std::uint64_t> announced_;  // the body's length
  Request request_;
  Outcome outcome_;
  const HeaderLines* added_lines_ = nullptr;
  std::chrono::steady_clock::time_point started_;

  std::atomic<TimePoint> idle_since_{TimePoint::max()};
  std::atomic<TimePoint> deadline_{TimePoint::max()};  // of the wait for the client under way
  std::chrono::seconds silent_{0};  // before that wait, without a byte in between

  bool idle_ = false;           // no request is under way: may be cancelled
  bool is_understood_ = false;  // the head of the request under way was, and not refused
  bool keeps_alive_ = false;    // as the client has it
  bool head_is_long_ = false;   // some head was, whose memory is still held
  bool closing_ = false;        // after the request under way
  bool head_sent_ = false;
  bool expects_continue_ = false;
  bool has_excess_ = false;  // more came behind a body than is kept for later

  // Of the body under way, in or out: the time spent waiting for the client alone, and what it
  // brought or took.
  std::chrono::steady_clock::duration waited_{};
  std::uint64_t moved_ = 0;
  // Of the answer under way: what its head announced and is not sent yet.
  std::uint64_t unsent_ = 0;
};

}  // namespace registry::http
