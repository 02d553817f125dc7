#include "simulated_files.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace registry::fault {

using base::Path;

namespace {

[[noreturn]] void fail(int error, const std::string& what) {
  throw std::system_error(error, std::generic_category(), what);
}

}  // namespace

class SimulatedFile final : public base::File {
 public:
  SimulatedFile(SimulatedFiles& files, SimulatedFiles::NodePtr node)
      : files_(files), node_(std::move(node)) {}

  std::size_t read_at(std::uint64_t offset, std::span<std::byte> out) override {
    files_.count();
    const std::scoped_lock lock(files_.mutex_);
    const auto& content = node_->content;
    const auto n = offset >= content.size() ? 0 : std::min(out.size(), content.size() - offset);
    if (n > 0) std::memcpy(out.data(), content.data() + offset, n);
    return n;
  }
  void write_at(std::uint64_t offset, std::span<const std::byte> data) override {
    files_.count();
    const std::scoped_lock lock(files_.mutex_);
    node_->modified = std::chrono::system_clock::now();
    node_->content.resize(std::max<std::size_t>(node_->content.size(), offset + data.size()));
    if (!data.empty()) std::memcpy(node_->content.data() + offset, data.data(), data.size());
  }
  void truncate(std::uint64_t size) override {
    files_.count();
    const std::scoped_lock lock(files_.mutex_);
    node_->content.resize(size);
  }
  bool allocate(std::uint64_t, std::uint64_t) override {
    files_.count();
    return true;
  }
  std::uint64_t size() override {
    const std::scoped_lock lock(files_.mutex_);
    return node_->content.size();
  }
  std::uint64_t id() override { return reinterpret_cast<std::uintptr_t>(node_.get()); }
  void sync() override {
    files_.count();
    const std::scoped_lock lock(files_.mutex_);
    node_->synced_content = node_->content;
  }
  void start_writeback(std::uint64_t, std::uint64_t) override {}
  std::optional<int> descriptor() const override { return std::nullopt; }

 private:
  SimulatedFiles& files_;
  const SimulatedFiles::NodePtr node_;
};

SimulatedFiles::SimulatedFiles() : root_(std::make_shared<Node>()) {
  root_->is_directory = true;
  nodes_.push_back(root_);
}

void SimulatedFiles::fail_call(std::size_t n, int error) {
  const std::scoped_lock lock(mutex_);
  calls_ = 0;
  fail_at_ = n;
  error_ = error;
}

void SimulatedFiles::crash_at_call(std::size_t n) {
  const std::scoped_lock lock(mutex_);
  calls_ = 0;
  crash_at_ = n;
}

void SimulatedFiles::interrupt_call(std::size_t n, std::function<void()> interruption) {
  const std::scoped_lock lock(mutex_);
  calls_ = 0;
  interrupt_at_ = n;
  interruption_ = std::move(interruption);
}

void SimulatedFiles::crash_now() {
  const std::scoped_lock lock(mutex_);
  crashed_ = true;
}

std::size_t SimulatedFiles::calls() const {
  const std::scoped_lock lock(mutex_);
  return calls_;
}

void SimulatedFiles::count() {
  std::function<void()> interruption;
  {
    const std::scoped_lock lock(mutex_);
    ++calls_;
    if (calls_ == interrupt_at_) interruption.swap(interruption_);
    if (calls_ == crash_at_) crashed_ = true;
  }
  if (interruption) interruption();
  const std::scoped_lock lock(mutex_);
  if (crashed_) fail(EIO, "the process is dead");
  if (calls_ == fail_at_) fail(error_, "injected");
}

void SimulatedFiles::restart() {
  const std::scoped_lock lock(mutex_);
  crashed_ = false;
  calls_ = fail_at_ = crash_at_ = interrupt_at_ = 0;
  interruption_ = nullptr;
}

void SimulatedFiles::lose_power(Loss loss, unsigned seed) {
  restart();
  const std::scoped_lock lock(mutex_);
  std::mt19937 random(seed);
  const auto survivors = std::uniform_int_distribution<std::size_t>(0, steps_.size())(random);
  std::vector<NodePtr> nodes;
  for (const auto& weak : nodes_) {
    if (auto node = weak.lock()) nodes.push_back(std::move(node));
  }
  for (const auto& node : nodes) node->entries = node->base_entries;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const bool survives =
        steps_[i].durable || loss == Loss::bytes || (loss == Loss::by_chance && i < survivors);
    if (!survives) continue;
    for (const auto& change : steps_[i].changes) {
      if (change.target) {
        change.directory->entries[change.name] = change.target;
      } else {
        change.directory->entries.erase(change.name);
      }
    }
  }
  for (const auto& node : nodes) {
    node->content = loss == Loss::by_chance ? partly_lost(*node, random) : node->synced_content;
    settle(node);
  }
  steps_.clear();
}

// Bytes that were not synced: gone, there by luck, cut somewhere, or of the right length and zero.
std::string SimulatedFiles::partly_lost(const Node& node, std::mt19937& random) {
  const auto& synced = node.synced_content;
  if (!node.content.starts_with(synced)) return random() % 2 == 0 ? node.content : synced;
  auto content = node.content;
  switch (random() % 4) {
    case 0:
      return synced;
    case 1:
      return content;
    case 2:
      content.resize(
          std::uniform_int_distribution<std::size_t>(synced.size(), content.size())(random));
      return content;
    default:
      std::fill(content.begin() + static_cast<std::ptrdiff_t>(synced.size()), content.end(), '\0');
      return content;
  }
}

void SimulatedFiles::settle(const NodePtr& node) {
  node->base_entries = node->entries;
  node->synced_content = node->content;
}

SimulatedFiles::NodePtr SimulatedFiles::find(const Path& path) const {
  auto node = root_;
  for (const auto& part : path.relative_path()) {
    if (part.empty()) continue;
    const auto found = node->entries.find(part.string());
    if (!node->is_directory || found == node->entries.end()) return nullptr;
    node = found->second;
  }
  return node;
}

SimulatedFiles::NodePtr SimulatedFiles::parent_of(const Path& path) const {
  auto parent = find(path.parent_path());
  return parent && parent->is_directory ? parent : nullptr;
}

void SimulatedFiles::apply(std::vector<Change> changes) {
  for (const auto& change : changes) {
    if (change.target) {
      change.directory->entries[change.name] = change.target;
    } else {
      change.directory->entries.erase(change.name);
    }
  }
  steps_.push_back({std::move(changes)});
}

std::unique_ptr<base::File> SimulatedFiles::open(const Path& path) {
  count();
  const std::scoped_lock lock(mutex_);
  auto node = find(path);
  if (!node) return nullptr;
  if (node->is_directory) fail(EISDIR, path.string());
  return std::make_unique<SimulatedFile>(*this, std::move(node));
}

std::unique_ptr<base::File> SimulatedFiles::open_for_write(const Path& path) {
  return open(path);
}

std::unique_ptr<base::File> SimulatedFiles::create(const Path& path) {
  count();
  const std::scoped_lock lock(mutex_);
  const auto parent = parent_of(path);
  if (!parent) return nullptr;
  if (parent->entries.contains(path.filename())) fail(EEXIST, path.string());
  auto node = std::make_shared<Node>();
  nodes_.push_back(node);
  apply({{parent, path.filename(), node}});
  return std::make_unique<SimulatedFile>(*this, std::move(node));
}

std::optional<base::FileStatus> SimulatedFiles::status(const Path& path) {
  count();
  const std::scoped_lock lock(mutex_);
  const auto node = find(path);
  if (!node) return std::nullopt;
  // A directory may have changed at any time, for those who look whether it has.
  const auto modified = node->is_directory ? std::chrono::system_clock::now() : node->modified;
  return base::FileStatus{node->is_directory ? base::FileKind::directory : base::FileKind::file,
                          node->content.size(), modified,
                          reinterpret_cast<std::uintptr_t>(node.get())};
}

bool SimulatedFiles::rename(const Path& from, const Path& to) {
  count();
  const std::scoped_lock lock(mutex_);
  const auto source = parent_of(from), target = parent_of(to);
  const auto node = find(from);
  if (!node || !target) return false;
  apply({{source, from.filename(), nullptr}, {target, to.filename(), node}});
  return true;
}

bool SimulatedFiles::remove_file(const Path& path) {
  count();
  const std::scoped_lock lock(mutex_);
  const auto node = find(path);
  if (!node) return false;
  if (node->is_directory) fail(EISDIR, path.string());
  apply({{parent_of(path), path.filename(), nullptr}});
  return true;
}

bool SimulatedFiles::remove_directory(const Path& path) {
  count();
  const std::scoped_lock lock(mutex_);
  const auto node = find(path);
  if (!node || !node->is_directory || !node->entries.empty()) return false;
  apply({{parent_of(path), path.filename(), nullptr}});
  return true;
}

base::MadeDirectory SimulatedFiles::make_directory(const Path& path) {
  count();
  const std::scoped_lock lock(mutex_);
  const auto parent = parent_of(path);
  if (!parent) return base::MadeDirectory::no_parent;
  if (parent->entries.contains(path.filename())) return base::MadeDirectory::was_there;
  auto node = std::make_shared<Node>();
  node->is_directory = true;
  nodes_.push_back(node);
  apply({{parent, path.filename(), std::move(node)}});
  return base::MadeDirectory::made;
}

bool SimulatedFiles::list(const Path& path, const Visitor& visit) {
  count();
  std::vector<std::pair<std::string, bool>> names;
  {
    const std::scoped_lock lock(mutex_);
    const auto node = find(path);
    if (!node || !node->is_directory) return false;
    for (const auto& [name, child] : node->entries) names.emplace_back(name, child->is_directory);
  }
  for (const auto& [name, is_directory] : names) {
    if (!visit(name, is_directory ? base::FileKind::directory : base::FileKind::file)) break;
  }
  return true;
}

void SimulatedFiles::sync_directory(const Path& path) {
  count();
  const std::scoped_lock lock(mutex_);
  const auto node = find(path);
  if (!node || !node->is_directory) fail(ENOENT, path.string());
  for (auto& step : steps_) {
    const auto touches = [&](const Change& change) { return change.directory == node; };
    step.durable |= std::ranges::any_of(step.changes, touches);
  }
}

void SimulatedFiles::sync_filesystem(const Path&) {
  count();
  const std::scoped_lock lock(mutex_);
  for (const auto& weak : nodes_) {
    if (const auto node = weak.lock()) settle(node);
  }
  steps_.clear();
}

}  // namespace registry::fault
