// The way of an upload's bytes from the client to the store.
#include <algorithm>
#include <chrono>

#include "handlers.hpp"
#include "registry/base/offload.hpp"
#include "registry/oci/error.hpp"
#include "registry/oci/range.hpp"

namespace registry::api {

using oci::ErrorCode;

std::optional<oci::ChunkRange> announced_chunk(const http::Request& request) {
  const auto text = request.header("Content-Range");
  if (text.empty()) return std::nullopt;
  const auto range = oci::parse_chunk_range(text);
  if (range) return range;
  throw oci::Error(ErrorCode::size_invalid, "the Content-Range \"" +
                                                std::string(text.substr(0, 100)) +
                                                "\" is not of the form first-last");
}

namespace {

constexpr std::uint64_t kSmallBytes = 1024 * 1024;
// After which a client that is silent no longer keeps the room that it has announced to need.
// What an upload leaves on the volume until somebody goes on with it, where the process is killed.
constexpr std::uint64_t kMostAllocated = std::uint64_t{16} << 20;
constexpr std::chrono::seconds kPatience{30};

// A range has no way to say that a chunk is empty: some clients say that it has one byte.
void check_length(const http::Request& request, std::uint64_t received) {
  const auto chunk = announced_chunk(request);
  if (!chunk || chunk->length() == std::max<std::uint64_t>(received, 1)) return;
  throw oci::Error(ErrorCode::size_invalid, "Content-Range announces " +
                                                std::to_string(chunk->length()) +
                                                " bytes, the body has " + std::to_string(received));
}

// Who asks before it sends, and who sends much, is refused before the first byte. Nobody else
// waits for a thread only to have the upload opened.
bool opens_first(const Exchange& exchange) {
  return !exchange.request().header("Expect").empty() ||
         exchange.content_length().value_or(0) > kSmallBytes;
}

// The part of a request that runs on threads of pools. Of a small chunk all of it, from the opening
// of the upload to its end, is done in one go by the thread that receives it.
class Reception {
 public:
  // `length`: of the body, where it is known.
  Reception(const http::Request& request, std::optional<std::uint64_t> length,
            const UploadWork& work, content::Reservations& reservations)
      : request_(request), length_(length), work_(work), reservations_(reservations) {}

  // What cannot fit is refused before it is read.
  void open() {
    upload_ = work_.open();
    begin_ = upload_->offset();
    if (length_ != 0) reservation_.emplace(reservations_.reserve(length_.value_or(0)));
    if (length_.value_or(0) > kSmallBytes) {
      const auto bytes = std::min(*length_, kMostAllocated);
      reservation_->allocate(bytes, [this, bytes] { return upload_->allocate(bytes); });
    }
  }
  void take(std::span<const std::byte> data) {
    if (!upload_) open();
    if (!data.empty()) return add(data);
    // A commit may have to wait for its repository, and those who wait must not hold the few
    // threads that move bodies.
    if (work_.is_chunk && upload_->offset() - begin_ <= kSmallBytes) finish();
  }
  // Nothing comes: others may have the room.
  void pause() {
    if (!upload_ || !reservation_) return;
    upload_->give_back();
    reservation_->pause();
  }
  void finish() {
    if (!upload_) open();
    check_length(request_, upload_->offset() - begin_);
    is_finishing_ = true;
    work_.finish(*upload_);
    reservation_.reset();
    is_finished_ = true;
  }
  // A chunk that was cut keeps what arrived; BuildKit sends all of a PUT again, to the same URL.
  void clean_up(bool is_lost) {
    const auto reservation = std::move(reservation_);  // until the upload has given its room back
    reservation_.reset();
    if (!upload_ || (work_.is_chunk && is_finishing_)) return;
    if (work_.is_chunk && is_lost) return upload_->keep();
    upload_->roll_back();
  }

  bool is_finished() const { return is_finished_; }
  std::unique_ptr<content::Upload> take_upload() { return std::move(upload_); }

 private:
  void add(std::span<const std::byte> data) {
    if (!length_) work_.check_size(upload_->offset() + data.size());
    if (reservation_) reservation_->prepare(data.size());
    upload_->append(data);
    if (reservation_) reservation_->written(data.size());
  }

  const http::Request& request_;
  const std::optional<std::uint64_t> length_;
  const UploadWork& work_;
  content::Reservations& reservations_;
  std::unique_ptr<content::Upload> upload_;
  std::optional<content::Reservations::Reservation> reservation_;
  std::uint64_t begin_ = 0;
  bool is_finishing_ = false, is_finished_ = false;
};

}  // namespace

// A slow disk stops the reads, so TCP holds the client back. While a client is silent nothing is
// held for it.
net::awaitable<std::unique_ptr<content::Upload>> UploadHandlers::receive(Exchange& exchange,
                                                                         const UploadWork& work) {
  Reception reception(exchange.request(), exchange.content_length(), work,
                      services_.content.reservations);
  const http::BodySink sink = [&](std::span<const std::byte> data) { reception.take(data); };
  const auto open = [&] { reception.open(); };
  const auto pause = [&] { reception.pause(); };
  const auto finish = [&] { reception.finish(); };
  std::exception_ptr lost, failure;
  try {
    if (opens_first(exchange)) co_await base::offload(services_.io, open);
    for (;;) {
      const bool is_silent = co_await exchange.is_silent_for(kPatience);
      if (is_silent) co_await base::offload(services_.io, pause);
      const bool more = co_await exchange.wait_for_body();
      if (!more) break;
      co_await exchange.receive(services_.transfers, services_.memory, sink);
    }
    if (!reception.is_finished()) co_await base::offload(services_.io, finish);
  } catch (const http::ConnectionLost&) {
    lost = std::current_exception();
  } catch (...) {
    failure = std::current_exception();
  }
  if (!lost && !failure) co_return reception.take_upload();
  const auto clean_up = [&] { reception.clean_up(lost != nullptr); };
  co_await base::offload(services_.io, clean_up);
  std::rethrow_exception(lost ? lost : failure);
}

}  // namespace registry::api
