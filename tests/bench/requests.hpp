#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "connection.hpp"
#include "report.hpp"

namespace registry::bench {

// A request, and what its answer was the first time: it must be so each time.
struct Known {
  std::string request;
  int status = 0;
  std::size_t body_bytes = 0;  // on the wire, with the frames of its chunks
};

// "GET /v2/" and the like, each asked once. Throws for a status of 400 or more.
std::vector<Known> learn(const Server& server, const std::vector<std::string>& requests,
                         bool close);

// Sends the known requests over `connections` connections, each sending its next once it has its
// answer, until `stop` is set or `until` is reached. Runs on the calling thread.
class RequestLoop {
 public:
  RequestLoop(const Server& server, const std::vector<Known>& known, bool close, Failures& failures)
      : server_(server), known_(known), close_(close), failures_(failures) {}

  void run(unsigned connections, Clock::time_point until, const std::atomic<bool>* stop = nullptr);
  const Latencies& latencies() const { return latencies_; }

 private:
  struct Slot {
    int fd = -1;
    std::size_t request = 0;
    std::size_t head_bytes = 0;  // of the answer; 0 while it has no end yet
    std::size_t received = 0;
    std::string head;
    Clock::time_point sent;
  };

  void open(Slot& slot);
  void close(Slot& slot);
  void send(Slot& slot);
  void receive(Slot& slot);
  void read_head(Slot& slot, std::string_view received);
  void finish(Slot& slot);
  void fail(Slot& slot, const std::string& what);

  const Server& server_;
  const std::vector<Known>& known_;
  bool close_;
  Failures& failures_;
  Latencies latencies_;
  std::size_t next_ = 0;
  int epoll_ = -1;
};

}  // namespace registry::bench
