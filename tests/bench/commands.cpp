#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>
#include <thread>

#include "workloads.hpp"

namespace registry::bench {

namespace {

// A program that this one started; ended and waited for with it.
class Child {
 public:
  explicit Child(const std::vector<std::string>& command) {
    std::vector<char*> words;
    words.reserve(command.size() + 1);
    for (const auto& word : command) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("fork failed");
    if (pid_ > 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);  // it does not outlive this program
    // What it says goes to stderr: stdout is for the result.
    ::dup2(STDERR_FILENO, STDOUT_FILENO);
    ::execvp(words.front(), words.data());
    ::_exit(127);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (!running_) return;
    ::kill(pid_, SIGTERM);
    wait();
  }

  pid_t pid() const { return pid_; }
  int wait() {
    int status = 0;
    ::wait4(pid_, &status, 0, &used_);
    running_ = false;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  bool has_ended() {
    int status = 0;
    if (::wait4(pid_, &status, WNOHANG, &used_) != pid_) return false;
    running_ = false;
    return true;
  }
  const rusage& used() const { return used_; }

 private:
  pid_t pid_ = -1;
  bool running_ = true;
  rusage used_{};
};

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

bool answers(const Server& server, const std::string& path) {
  try {
    Connection connection(server);
    return connection.ask("GET", path).head.status == 200;
  } catch (const std::exception&) {
    return false;  // not yet
  }
}

}  // namespace

Json run_first_answer(const Server& server, const FirstAnswerOptions& options) {
  constexpr auto kPause = std::chrono::microseconds(200);
  const auto begin = Clock::now();
  Child child(options.command);
  bool answered = false;
  while (!answered && seconds_since(begin) < options.at_most) {
    answered = answers(server, options.path);
    if (answered) break;
    if (child.has_ended()) throw std::runtime_error("the server ended by itself");
    std::this_thread::sleep_for(kPause);
  }
  Json json{{"workload", "first-answer"}, {"ms", seconds_since(begin) * 1000}};
  json["peak_rss_bytes"] = peak_resident_bytes(child.pid());
  Failures failures;
  if (!answered) failures.add("no answer in " + std::to_string(options.at_most) + " s");
  put_failures(json, failures);
  return json;
}

Json measure_command(const std::vector<std::string>& command) {
  const auto begin = Clock::now();
  Child child(command);
  const int status = child.wait();
  Json json{{"workload", "measure"}, {"seconds", seconds_since(begin)}};
  json["server_cpu_s"] = seconds(child.used().ru_utime) + seconds(child.used().ru_stime);
  json["peak_rss_bytes"] = static_cast<std::uint64_t>(child.used().ru_maxrss) * 1024;
  Failures failures;
  if (status != 0) failures.add(command.front() + " ended with " + std::to_string(status));
  put_failures(json, failures);
  return json;
}

}  // namespace registry::bench
