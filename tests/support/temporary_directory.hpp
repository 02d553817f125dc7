#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace registry::support {

// An empty directory that is gone with all in it at the end of the test.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    auto text = (std::filesystem::temp_directory_path() / "registry-test-XXXXXX").string();
    if (::mkdtemp(text.data()) == nullptr) {
      throw std::system_error(errno, std::generic_category(), "cannot make " + text);
    }
    path_ = text;
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace registry::support
