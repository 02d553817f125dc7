// The next request on an upload may arrive on another connection at the very moment in which the
// one before is answered.
#include <gtest/gtest.h>

#include <cstring>

#include "registry/api/api.hpp"
#include "registry/oci/hasher.hpp"
#include "registry/storage/memory_driver.hpp"
#include "support/run.hpp"

namespace registry::api {
namespace {

// A request with its body, whose answer goes to `on_answer`.
class OneExchange final : public http::Exchange {
 public:
  using OnAnswer = std::function<net::awaitable<void>(const http::Response&)>;

  OneExchange(std::string method, const std::string& target, std::string body, OnAnswer on_answer)
      : body_(std::move(body)), on_answer_(std::move(on_answer)) {
    request_.method = std::move(method);
    request_.raw_target = target;
    request_.target = *http::parse_target(target);
  }

  const http::Request& request() const override { return request_; }
  void set_actor(std::string) override {}
  void set_route(std::string_view) override {}
  void add_to_answer(const http::HeaderLines&) override {}
  void set_failure(std::string, bool) override {}
  bool answered() const override { return answered_; }
  std::optional<std::uint64_t> content_length() const override { return body_.size(); }
  net::awaitable<std::size_t> read_body(std::span<std::byte> out) override {
    const auto n = std::min(out.size(), body_.size() - read_);
    std::memcpy(out.data(), body_.data() + read_, n);
    read_ += n;
    co_return n;
  }
  net::awaitable<bool> wait_for_body() override { co_return read_ < body_.size(); }
  net::awaitable<bool> is_silent_for(std::chrono::seconds) override { co_return false; }
  net::awaitable<void> receive(base::Pool&, base::ByteBudget&,
                               const http::BodySink& sink) override {
    sink(std::as_bytes(std::span(body_)).subspan(std::exchange(read_, body_.size())));
    sink({});
    co_return;
  }
  net::awaitable<void> send(http::Response response) override {
    answered_ = true;
    co_await on_answer_(response);
  }
  net::awaitable<void> write_file(int, std::uint64_t, std::uint64_t) override { co_return; }
  net::awaitable<void> begin_body(http::Response head, std::uint64_t) override {
    co_await send(std::move(head));
  }
  net::awaitable<void> write(std::span<const std::byte>) override { co_return; }

 private:
  http::Request request_;
  const std::string body_;
  const OnAnswer on_answer_;
  std::size_t read_ = 0;
  bool answered_ = false;
};

class AlwaysReady final : public Readiness {
 public:
  std::string unready() override { return {}; }
  bool healthy() override { return true; }
  std::string remark() override { return {}; }
  std::string store_failure() override { return {}; }
};

class NoCollections final : public Collections {
 public:
  CollectionState state() const override { return {}; }
  void ask(bool, bool) override {}
};

class UploadsInTurn : public testing::Test {
 protected:
  // Sends the request; as soon as its answer is there, and before it is through, asks for the
  // upload. Returns the status of the answer, and whether the upload was free.
  std::pair<unsigned, bool> ask_and_open(const std::string& method, const std::string& query,
                                         const std::string& body) {
    unsigned status = 0;
    bool was_free = false;
    const auto on_answer = [&](const http::Response& response) -> net::awaitable<void> {
      status = response.status();
      const auto next = content_.uploads.open(name_, id_);
      was_free = true;
      co_return;
    };
    OneExchange exchange(method, "/v2/a/blobs/uploads/" + id_ + query, body, on_answer);
    support::run(api_.handle(exchange));
    return {status, was_free};
  }

  const std::unique_ptr<storage::Driver> driver_ = storage::make_memory_driver();
  base::Pool io_{"io", 2}, transfers_{"transfer", 1};
  base::ByteBudget memory_{1 << 20};
  const content::Acceptance acceptance_;
  content::Content content_{*driver_, acceptance_, io_};
  base::Metrics metrics_;
  RequestMetrics request_metrics_{metrics_};
  AlwaysReady readiness_;
  maintenance::UsageRecord usage_{content_, *driver_, metrics_};
  NoCollections collections_;
  const config::Retention retention_;
  Api api_{{content_,
            io_,
            transfers_,
            memory_,
            memory_,
            readiness_,
            request_metrics_,
            *driver_,
            usage_,
            collections_,
            retention_,
            {}},
           {}};
  const oci::RepositoryName name_ = *oci::RepositoryName::parse("a");
  const std::string id_ = content_.uploads.begin(name_);
};

TEST_F(UploadsInTurn, AnUploadIsFreeWhenAChunkIsAnswered) {
  EXPECT_EQ(ask_and_open("PATCH", "", "content"), std::pair(202U, true));
}

TEST_F(UploadsInTurn, AnUploadIsFreeWhenAWrongDigestIsAnswered) {
  const auto digest = oci::digest_of("other content").str();
  EXPECT_EQ(ask_and_open("PUT", "?digest=" + digest, "content"), std::pair(400U, true));
}

TEST_F(UploadsInTurn, AnUploadIsFreeWhenItsEndIsAnswered) {
  const auto digest = oci::digest_of("content").str();
  EXPECT_EQ(ask_and_open("PUT", "?digest=" + digest, "content"), std::pair(201U, true));
}

TEST_F(UploadsInTurn, AnUploadIsFreeWhenItsCancellingIsAnswered) {
  EXPECT_EQ(ask_and_open("DELETE", "", ""), std::pair(204U, true));
}

}  // namespace
}  // namespace registry::api
