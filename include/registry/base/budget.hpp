#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <utility>

namespace registry::base {

namespace net = boost::asio;

// The bytes that bodies in flight may occupy, all requests together (docs/architecture.md, rule 5).
// Whoever wants some waits in order of arrival until they are free. Thread-safe; outlives its
// reservations.
class ByteBudget {
 public:
  // Gives its bytes back when it goes.
  class Reservation {
   public:
    Reservation() = default;
    Reservation(Reservation&& other) noexcept
        : budget_(std::exchange(other.budget_, nullptr)), bytes_(other.bytes_) {}
    Reservation& operator=(Reservation&& other) noexcept {
      std::swap(budget_, other.budget_);
      std::swap(bytes_, other.bytes_);
      return *this;
    }
    ~Reservation() {
      if (budget_ != nullptr) budget_->release(bytes_);
    }

   private:
    friend class ByteBudget;
    Reservation(ByteBudget& budget, std::size_t bytes) : budget_(&budget), bytes_(bytes) {}
    ByteBudget* budget_ = nullptr;
    std::size_t bytes_ = 0;
  };

  explicit ByteBudget(std::size_t bytes) : capacity_(bytes), free_(bytes) {}

  // More than there is in all counts as all there is. A request holds one reservation at a time,
  // or two of them could wait for each other.
  net::awaitable<Reservation> acquire(std::size_t bytes);
  std::size_t capacity() const { return capacity_; }

 private:
  struct Waiter {
    net::steady_timer timer;
    std::size_t bytes;
    bool granted = false;  // guarded by the budget's mutex
  };

  class Place;

  void release(std::size_t bytes);
  void grant_waiters();

  const std::size_t capacity_;
  std::mutex mutex_;
  std::size_t free_;
  std::list<std::shared_ptr<Waiter>> waiters_;
};

// Memory for a body in flight, paid for by a reservation.
class Buffer {
 public:
  Buffer(ByteBudget::Reservation paid, std::size_t bytes)
      : paid_(std::move(paid)),
        bytes_(bytes),
        data_(std::make_unique_for_overwrite<std::byte[]>(bytes)) {}
  std::span<std::byte> span() { return {data_.get(), bytes_}; }

 private:
  ByteBudget::Reservation paid_;
  std::size_t bytes_;
  std::unique_ptr<std::byte[]> data_;
};

// What the control group allows this process, in bytes; nullopt: no limit, or none to be read.
std::optional<std::size_t> memory_limit();

}  // namespace registry::base
