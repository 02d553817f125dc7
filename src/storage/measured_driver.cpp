#include "registry/storage/measured_driver.hpp"

#include <chrono>

namespace registry::storage {
namespace {

using Action = prometheus::Histogram;

// Also of what fails.
class Measurement {
 public:
  explicit Measurement(Action& action) : action_(action) {}
  Measurement(const Measurement&) = delete;
  Measurement& operator=(const Measurement&) = delete;
  ~Measurement() { action_.Observe(std::chrono::duration<double>(Clock::now() - begin_).count()); }

 private:
  using Clock = std::chrono::steady_clock;
  Action& action_;
  const Clock::time_point begin_ = Clock::now();
};

template <class Work>
std::invoke_result_t<Work&> measured(Action& action, Work work) {
  const Measurement measurement(action);
  return work();
}

class MeasuredFolder final : public Folder {
 public:
  MeasuredFolder(std::unique_ptr<Folder> folder, Action& remove, Action& get, Action& stat)
      : folder_(std::move(folder)), delete_(remove), get_(get), stat_(stat) {}

  std::optional<std::string> get(const std::string& path, std::size_t max_bytes) override {
    return measured(get_, [&] { return folder_->get(path, max_bytes); });
  }
  std::optional<Status> stat(const std::string& path) override {
    return measured(stat_, [&] { return folder_->stat(path); });
  }
  void remove_tree(const std::string& directory, const std::vector<Known>& known) override {
    measured(delete_, [&] { folder_->remove_tree(directory, known); });
  }

 private:
  const std::unique_ptr<Folder> folder_;
  Action &delete_, &get_, &stat_;
};

class MeasuredDriver final : public Driver {
 public:
  MeasuredDriver(std::unique_ptr<Driver> driver, const char* name,
                 prometheus::Family<prometheus::Histogram>& family)
      : driver_(std::move(driver)),
        delete_(add(family, name, "Delete")),
        get_(add(family, name, "GetContent")),
        list_(add(family, name, "List")),
        move_(add(family, name, "Move")),
        put_(add(family, name, "PutContent")),
        reader_(add(family, name, "Reader")),
        stat_(add(family, name, "Stat")),
        writer_(add(family, name, "Writer")) {}

  std::optional<std::string> get(const std::string& path, std::size_t max_bytes) override {
    return measured(get_, [&] { return driver_->get(path, max_bytes); });
  }
  void put(const std::string& path, std::string_view content, Survives survives) override {
    measured(put_, [&] { driver_->put(path, content, survives); });
  }
  void make(const std::string& path, std::string_view content) override {
    measured(put_, [&] { driver_->make(path, content); });
  }
  std::optional<Status> stat(const std::string& path) override {
    return measured(stat_, [&] { return driver_->stat(path); });
  }
  std::optional<std::vector<Entry>> list(const std::string& path, std::string_view after,
                                         std::size_t limit) override {
    return measured(list_, [&] { return driver_->list(path, after, limit); });
  }
  bool visit(const std::string& path, const Visitor& visit) override {
    return measured(list_, [&] { return driver_->visit(path, visit); });
  }
  std::vector<bool> exist_below(const std::string& directory,
                                const std::vector<std::string>& paths) override {
    return measured(stat_, [&] { return driver_->exist_below(directory, paths); });
  }
  std::unique_ptr<Folder> folder(const std::string& directory) override {
    return std::make_unique<MeasuredFolder>(driver_->folder(directory), delete_, get_, stat_);
  }
  bool remove(const std::string& path, Survives survives) override {
    return measured(delete_, [&] { return driver_->remove(path, survives); });
  }
  bool remove_tree(const std::string& path, Survives survives) override {
    return measured(delete_, [&] { return driver_->remove_tree(path, survives); });
  }
  bool remove_directory(const std::string& path) override {
    return measured(delete_, [&] { return driver_->remove_directory(path); });
  }
  bool move(const std::string& from, const std::string& to) override {
    return measured(move_, [&] { return driver_->move(from, to); });
  }
  void make_directory(const std::string& path) override {
    measured(put_, [&] { driver_->make_directory(path); });
  }
  std::optional<base::Space> space() override { return driver_->space(); }
  void sync() override { driver_->sync(); }
  std::unique_ptr<BlobReader> open(const std::string& path) override {
    return measured(reader_, [&] { return driver_->open(path); });
  }
  std::unique_ptr<BlobWriter> append(const std::string& path) override {
    return measured(writer_, [&] { return driver_->append(path); });
  }

 private:
  static Action& add(prometheus::Family<prometheus::Histogram>& family, const char* driver,
                     const char* action) {
    static const Action::BucketBoundaries kSeconds = {.005, .01, .025, .05, .1, .25,
                                                      .5,   1,   2.5,  5,   10};
    return family.Add({{"driver", driver}, {"action", action}}, kSeconds);
  }

  const std::unique_ptr<Driver> driver_;
  Action &delete_, &get_, &list_, &move_, &put_, &reader_, &stat_, &writer_;
};

}  // namespace

std::unique_ptr<Driver> make_measured_driver(std::unique_ptr<Driver> driver, const char* name,
                                             base::Metrics& metrics) {
  auto& family = prometheus::BuildHistogram()
                     .Name("registry_storage_action_seconds")
                     .Help("Time that a call of the storage driver takes.")
                     .Register(metrics.registry());
  return std::make_unique<MeasuredDriver>(std::move(driver), name, family);
}

}  // namespace registry::storage
