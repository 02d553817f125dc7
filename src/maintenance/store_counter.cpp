#include "registry/maintenance/store_counter.hpp"

#include <system_error>

#include "registry/base/log.hpp"
#include "registry/storage/paths.hpp"

namespace registry::maintenance {
namespace {

namespace paths = storage::paths;

class Count {
 public:
  Count(content::Content& content, storage::Driver& driver, const std::stop_token& stop)
      : content_(content), driver_(driver), stop_(stop) {}

  std::uint64_t of_all() {
    guarded([&] {
      for (const auto& shelf : names_in(paths::kBlobs)) {
        guarded([&] { add_shelf(paths::kBlobs + '/' + shelf); });
      }
    });
    content_.catalog.for_each([&](const auto& name) { guarded([&] { add_uploads(name); }); }, warn);
    return bytes_;
  }

 private:
  static void warn(const std::system_error& error) {
    base::log::warn_once("a part of the store cannot be counted", {{"err", error.what()}});
  }

  template <class Work>
  void guarded(Work work) {
    if (stop_.stop_requested()) return;
    try {
      work();
    } catch (const std::system_error& error) {
      warn(error);
    }
  }

  std::vector<std::string> names_in(const std::string& path) {
    std::vector<std::string> names;
    driver_.visit(path, [&](const storage::Entry& entry) {
      if (entry.is_directory) names.push_back(entry.name);
      return true;
    });
    return names;
  }

  void add_shelf(const std::string& shelf) {
    const auto folder = driver_.folder(shelf);
    for (const auto& hex : names_in(shelf)) {
      if (stop_.stop_requested()) return;
      if (const auto data = folder->stat(hex + "/data")) bytes_ += data->size_bytes;
    }
  }

  void add_uploads(const oci::RepositoryName& name) {
    for (const auto& id : content_.uploads.ids(name)) {
      if (const auto data = driver_.stat(paths::upload_data(name, id))) bytes_ += data->size_bytes;
    }
  }

  content::Content& content_;
  storage::Driver& driver_;
  const std::stop_token& stop_;
  std::uint64_t bytes_ = 0;
};

}  // namespace

void count_store(content::Content& content, storage::Driver& driver, const std::stop_token& stop) {
  const auto begun = content.store_size.begin_count();
  const auto bytes = Count(content, driver, stop).of_all();
  if (!stop.stop_requested()) content.store_size.end_count(begun, bytes);
}

}  // namespace registry::maintenance
