#include "registry/storage/memory_driver.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <limits>
#include <map>
#include <mutex>
#include <system_error>

namespace registry::storage {
namespace {

struct File {
  explicit File(std::string content) : bytes(std::move(content)) {}
  const std::string bytes;
  const std::chrono::system_clock::time_point modified = std::chrono::system_clock::now();
};

// Replaced whole by each put, so that a reader keeps what it began with.
using Content = std::shared_ptr<const File>;

std::uint64_t id_of(const Content& content) {
  return reinterpret_cast<std::uintptr_t>(content.get());
}

struct Tree {
  std::mutex mutex;
  std::map<std::string, Content> files;
};

class MemoryReader final : public BlobReader {
 public:
  explicit MemoryReader(Content content) : content_(std::move(content)) {}
  std::uint64_t size() const override { return content_->bytes.size(); }
  std::uint64_t id() const override { return id_of(content_); }
  std::size_t read(std::uint64_t offset, std::span<std::byte> out) override {
    const auto rest = std::string_view(content_->bytes).substr(std::min(offset, size()));
    const auto n = std::min(rest.size(), out.size());
    if (n > 0) std::memcpy(out.data(), rest.data(), n);
    return n;
  }
  std::optional<int> descriptor() const override { return std::nullopt; }

 private:
  const Content content_;
};

class MemoryWriter final : public BlobWriter {
 public:
  MemoryWriter(Tree& tree, std::string path, std::string content)
      : tree_(tree), path_(std::move(path)), content_(std::move(content)) {}
  ~MemoryWriter() override { store(); }
  std::uint64_t size() const override { return content_.size(); }
  void write(std::span<const std::byte> data) override {
    content_.append(reinterpret_cast<const char*>(data.data()), data.size());
  }
  void truncate(std::uint64_t size) override { content_.resize(size); }
  bool allocate(std::uint64_t) override { return false; }
  void give_back() override {}
  void sync() override { store(); }
  void commit(const std::string& path) override {
    const std::scoped_lock lock(tree_.mutex);
    if (tree_.files.erase(path_) == 0) {
      throw std::system_error(ENOENT, std::generic_category(), "the upload is gone: " + path_);
    }
    tree_.files[path] = std::make_shared<File>(std::move(content_));
    committed_ = true;
  }

 private:
  void store() {
    const std::scoped_lock lock(tree_.mutex);
    const auto found = tree_.files.find(path_);
    if (committed_ || found == tree_.files.end()) return;  // cancelled meanwhile
    found->second = std::make_shared<File>(content_);
  }

  Tree& tree_;
  const std::string path_;
  std::string content_;
  bool committed_ = false;
};

class MemoryDriver final : public Driver {
 public:
  std::optional<std::string> get(const std::string& path, std::size_t max_bytes) override {
    const auto content = find(path);
    if (!content) return std::nullopt;
    if (content->bytes.size() > max_bytes)
      throw std::system_error(EFBIG, std::generic_category(), path);
    return content->bytes;
  }

  void put(const std::string& path, std::string_view content, Survives) override {
    const std::scoped_lock lock(tree_.mutex);
    tree_.files[path] = std::make_shared<File>(std::string(content));
  }

  void make(const std::string& path, std::string_view content) override {
    put(path, content, Survives::process_crash);
  }

  std::optional<Status> stat(const std::string& path) override {
    if (const auto content = find(path)) {
      return Status{false, content->bytes.size(), content->modified, id_of(content)};
    }
    const std::scoped_lock lock(tree_.mutex);
    const auto below = tree_.files.lower_bound(path + '/');
    if (below == tree_.files.end() || !below->first.starts_with(path + '/')) return std::nullopt;
    return Status{true, 0, {}, 0};
  }

  std::optional<std::vector<Entry>> list(const std::string& path, std::string_view after,
                                         std::size_t limit) override {
    const auto prefix = path + '/';
    const std::scoped_lock lock(tree_.mutex);
    std::map<std::string, bool> names;  // -> is a directory
    auto at = tree_.files.lower_bound(prefix);
    if (at == tree_.files.end() || !at->first.starts_with(prefix)) return std::nullopt;
    for (; at != tree_.files.end() && at->first.starts_with(prefix); ++at) {
      const auto rest = std::string_view(at->first).substr(prefix.size());
      const auto slash = rest.find('/');
      names[std::string(rest.substr(0, slash))] = slash != std::string_view::npos;
    }
    std::vector<Entry> entries;
    for (auto name = names.upper_bound(std::string(after));
         name != names.end() && entries.size() < limit; ++name) {
      entries.push_back({name->first, name->second, false});
    }
    return entries;
  }

  bool visit(const std::string& path, const Visitor& visit) override {
    const auto entries = list(path, "", std::numeric_limits<std::size_t>::max());
    if (entries) (void)std::ranges::all_of(*entries, visit);
    return entries.has_value();
  }

  std::vector<bool> exist_below(const std::string& directory,
                                const std::vector<std::string>& paths) override {
    std::vector<bool> exist;
    for (const auto& path : paths) exist.push_back(stat(directory + '/' + path).has_value());
    return exist;
  }

  bool remove(const std::string& path, Survives) override {
    const std::scoped_lock lock(tree_.mutex);
    return tree_.files.erase(path) > 0;
  }

  bool remove_tree(const std::string& path, Survives) override {
    const std::scoped_lock lock(tree_.mutex);
    const auto removed = std::erase_if(
        tree_.files, [&](const auto& file) { return file.first.starts_with(path + '/'); });
    return removed + tree_.files.erase(path) > 0;
  }

  bool remove_directory(const std::string& path) override { return !stat(path); }

  bool move(const std::string& from, const std::string& to) override {
    const std::scoped_lock lock(tree_.mutex);
    const auto found = tree_.files.find(from);
    if (found == tree_.files.end()) return false;
    auto content = found->second;
    tree_.files.erase(found);
    tree_.files[to] = std::move(content);
    return true;
  }

  void make_directory(const std::string&) override {}
  void sync() override {}

  std::unique_ptr<BlobReader> open(const std::string& path) override {
    auto content = find(path);
    return content ? std::make_unique<MemoryReader>(std::move(content)) : nullptr;
  }

  std::unique_ptr<BlobWriter> append(const std::string& path) override {
    const std::scoped_lock lock(tree_.mutex);
    auto& content = tree_.files[path];
    if (!content) content = std::make_shared<File>("");
    return std::make_unique<MemoryWriter>(tree_, path, content->bytes);
  }

 private:
  Content find(const std::string& path) {
    const std::scoped_lock lock(tree_.mutex);
    const auto found = tree_.files.find(path);
    return found == tree_.files.end() ? nullptr : found->second;
  }

  Tree tree_;
};

}  // namespace

std::unique_ptr<Driver> make_memory_driver() {
  return std::make_unique<MemoryDriver>();
}

}  // namespace registry::storage
