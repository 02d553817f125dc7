#include "registry/base/metrics.hpp"

#include <prometheus/text_serializer.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace registry::base {
namespace {

using prometheus::MetricFamily;

const double kStarted = static_cast<double>(::time(nullptr));

MetricFamily gauge(const char* name, const char* help, double value) {
  MetricFamily family;
  family.name = name;
  family.help = help;
  family.type = prometheus::MetricType::Gauge;
  family.metric.resize(1);
  family.metric.front().gauge.value = value;
  return family;
}

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::size_t virtual_pages = 0, resident_pages = 0;
  file >> virtual_pages >> resident_pages;
  return static_cast<double>(resident_pages) * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double open_files() {
  std::error_code error;
  double count = 0;
  for (auto at = std::filesystem::directory_iterator("/proc/self/fd", error);
       at != std::filesystem::directory_iterator(); at.increment(error)) {
    ++count;
  }
  return count;
}

double max_files() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<double>(limit.rlim_cur);
}

// Under the names that every client library gives them.
std::vector<MetricFamily> of_this_process() {
  auto cpu = gauge("process_cpu_seconds_total", "User and system CPU time, in seconds.", 0);
  cpu.type = prometheus::MetricType::Counter;
  cpu.metric.front().counter.value = cpu_seconds();
  return {
      std::move(cpu),
      gauge("process_resident_memory_bytes", "Resident memory size in bytes.", resident_bytes()),
      gauge("process_open_fds", "Open file descriptors.", open_files()),
      gauge("process_max_fds", "Most file descriptors that may be open.", max_files()),
      gauge("process_start_time_seconds", "Start of the process, since the epoch.", kStarted),
  };
}

}  // namespace

Metrics::Metrics() : registry_(std::make_shared<prometheus::Registry>()) {}

prometheus::Counter& Metrics::counter(const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(*registry_).Add({});
}

prometheus::Gauge& Metrics::gauge(const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(*registry_).Add({});
}

std::string Metrics::text() const {
  auto families = registry_->Collect();
  auto process = of_this_process();
  families.insert(families.end(), std::make_move_iterator(process.begin()),
                  std::make_move_iterator(process.end()));
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace registry::base
