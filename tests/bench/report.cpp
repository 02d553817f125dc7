#include "report.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace registry::bench {

namespace {

std::string proc(pid_t pid, const char* file) {
  return "/proc/" + std::to_string(pid) + "/" + file;
}

// utime and stime are the 14th and 15th field; the second, the name, may hold spaces.
double cpu_seconds(pid_t pid) {
  std::ifstream file(proc(pid, "stat"));
  std::string all;
  std::getline(file, all);
  const auto name_end = all.rfind(')');
  if (name_end == std::string::npos) return 0;
  std::istringstream fields(all.substr(name_end + 2));
  std::string skipped;
  for (int i = 3; i < 14; ++i) fields >> skipped;
  double user = 0;
  double system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

// Of all programs, interrupts and what the host took away.
double machine_cpu_seconds() {
  std::ifstream file("/proc/stat");
  std::string skipped;
  file >> skipped;
  double busy = 0;
  double ticks = 0;
  for (int field = 0; field < 8 && file >> ticks; ++field)
    if (field != 3 && field != 4) busy += ticks;  // idle, and waiting for the disk
  return busy / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

std::uint64_t status_bytes(pid_t pid, std::string_view key) {
  std::ifstream file(proc(pid, "status"));
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(key)) return std::stoull(line.substr(key.size())) * 1024;
  return 0;
}

double own_cpu_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

}  // namespace

void Failures::add(const std::string& what) {
  const std::lock_guard lock(mutex_);
  if (count_++ == 0) first_ = what;
}

std::uint64_t Failures::count() const {
  const std::lock_guard lock(mutex_);
  return count_;
}

std::string Failures::first() const {
  const std::lock_guard lock(mutex_);
  return first_;
}

void Latencies::merge(const Latencies& other) {
  nanoseconds_.insert(nanoseconds_.end(), other.nanoseconds_.begin(), other.nanoseconds_.end());
}

Json Latencies::to_json() const {
  Json json;
  if (nanoseconds_.empty()) return json;
  auto sorted = nanoseconds_;
  std::ranges::sort(sorted);
  const auto at = [&](double part) {
    const auto last = static_cast<double>(sorted.size() - 1);
    return static_cast<double>(sorted[static_cast<std::size_t>(part * last)]) / 1e6;
  };
  json["p50_ms"] = at(0.50);
  json["p99_ms"] = at(0.99);
  json["max_ms"] = at(1);
  return json;
}

Usage::Usage(std::vector<pid_t> pids)
    : pids_(std::move(pids)),
      begin_(Clock::now()),
      server_cpu_at_begin_(server_cpu()),
      client_cpu_at_begin_(own_cpu_seconds()),
      machine_cpu_at_begin_(machine_cpu_seconds()) {
  for (const auto pid : pids_) std::ofstream(proc(pid, "clear_refs")) << "5";  // VmHWM begins anew
  begin_ = Clock::now();
}

double Usage::server_cpu() const {
  double sum = 0;
  for (const auto pid : pids_) sum += cpu_seconds(pid);
  return sum;
}

Json Usage::to_json() const {
  const double client = own_cpu_seconds() - client_cpu_at_begin_;
  const double server = server_cpu() - server_cpu_at_begin_;
  const double machine = machine_cpu_seconds() - machine_cpu_at_begin_;
  Json json;
  json["seconds"] = seconds();
  json["client_cpu_s"] = client;
  if (pids_.empty()) return json;
  json["server_cpu_s"] = server;
  json["others_cpu_s"] = std::max(machine - client - server, 0.0);
  std::uint64_t peak = 0;
  for (const auto pid : pids_) peak += peak_resident_bytes(pid);
  json["peak_rss_bytes"] = peak;
  return json;
}

std::uint64_t peak_resident_bytes(pid_t pid) {
  return status_bytes(pid, "VmHWM:");
}
std::uint64_t resident_bytes(pid_t pid) {
  return status_bytes(pid, "VmRSS:");
}

void put(Json& into, const Json& more) {
  for (const auto& [key, value] : more.items()) into[key] = value;
}

void put_failures(Json& into, const Failures& failures) {
  into["failures"] = failures.count();
  if (failures.count() > 0) into["first_failure"] = failures.first();
}

}  // namespace registry::bench
