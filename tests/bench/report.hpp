#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace registry::bench {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// Counts what went wrong, and keeps the first of it. Thread-safe.
class Failures {
 public:
  void add(const std::string& what);
  std::uint64_t count() const;
  std::string first() const;

 private:
  mutable std::mutex mutex_;
  std::uint64_t count_ = 0;
  std::string first_;
};

// Durations of requests; of one thread, then merged.
class Latencies {
 public:
  void add(Clock::duration taken) {
    nanoseconds_.push_back(static_cast<std::uint64_t>(taken.count()));
  }
  void merge(const Latencies& other);
  std::size_t count() const { return nanoseconds_.size(); }
  Json to_json() const;  // p50_ms, p99_ms, max_ms

 private:
  std::vector<std::uint64_t> nanoseconds_;
};

// What the server's processes and this one used since begin().
class Usage {
 public:
  explicit Usage(std::vector<pid_t> pids);
  // seconds, client_cpu_s, server_cpu_s, peak_rss_bytes; others_cpu_s is that of the machine's
  // other programs, which should be next to nothing.
  Json to_json() const;
  double seconds() const { return seconds_since(begin_); }

 private:
  double server_cpu() const;

  std::vector<pid_t> pids_;
  Clock::time_point begin_;
  double server_cpu_at_begin_;
  double client_cpu_at_begin_;
  double machine_cpu_at_begin_;
};

std::uint64_t peak_resident_bytes(pid_t pid);
std::uint64_t resident_bytes(pid_t pid);
void put(Json& into, const Json& more);
void put_failures(Json& into, const Failures& failures);

}  // namespace registry::bench
