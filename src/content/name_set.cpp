#include "registry/content/name_set.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace registry::content {
namespace {

constexpr std::size_t kChunkBytes = 2048;
constexpr std::size_t kBatch = 16 * 1024;

// An entry is a byte that says how much it shares with the name before, one that says how long the
// rest is, and the rest.
class Reader {
 public:
  explicit Reader(const std::string& chunk) : at_(chunk.data()), end_(at_ + chunk.size()) {}

  bool next() {
    if (at_ == end_) return false;
    const auto shared = static_cast<unsigned char>(at_[0]);
    const auto rest = static_cast<unsigned char>(at_[1]);
    std::memcpy(name_.data() + shared, at_ + 2, rest);
    size_ = std::size_t{shared} + rest;
    at_ += 2 + rest;
    return true;
  }
  std::string_view name() const { return {name_.data(), size_}; }

 private:
  const char* at_;
  const char* const end_;
  std::array<char, 510> name_;
  std::size_t size_ = 0;
};

std::string_view first_of(const std::string& chunk) {
  return std::string_view(chunk).substr(2, static_cast<unsigned char>(chunk[1]));
}

}  // namespace

// Packs names, which come in order, into chunks.
class NameSet::Writer {
 public:
  explicit Writer(std::size_t chunk_bytes = kChunkBytes) : chunk_bytes_(chunk_bytes) {}

  void add(std::string_view name) {
    if (!chunk_.empty() && chunk_.size() + 2 + name.size() > chunk_bytes_) finish_chunk();
    const auto most = std::min(name.size(), last_.size());
    std::size_t shared = 0;
    while (shared < most && name[shared] == last_[shared]) ++shared;
    chunk_ += static_cast<char>(shared);
    chunk_ += static_cast<char>(name.size() - shared);
    chunk_.append(name.substr(shared));
    last_ = name;
  }
  Chunks finish() {
    finish_chunk();
    return std::move(chunks_);
  }

 private:
  void finish_chunk() {
    if (!chunk_.empty()) chunks_.emplace_back(std::string_view(chunk_));  // without what is spare
    chunk_.clear();
    last_.clear();
  }

  const std::size_t chunk_bytes_;
  Chunks chunks_;
  std::string chunk_, last_;
};

// The chunk in which the name is, or belongs; 0 where there is none.
std::size_t NameSet::chunk_of(std::string_view name) const {
  const auto begins_behind = [](std::string_view one, const std::string& chunk) {
    return one < first_of(chunk);
  };
  const auto behind = std::upper_bound(chunks_.begin(), chunks_.end(), name, begins_behind);
  return behind == chunks_.begin() ? 0 : static_cast<std::size_t>(behind - chunks_.begin()) - 1;
}

bool NameSet::contains(std::string_view name) const {
  if (chunks_.empty()) return false;
  Reader reader(chunks_[chunk_of(name)]);
  while (reader.next()) {
    if (reader.name() >= name) return reader.name() == name;
  }
  return false;
}

void NameSet::visit(std::string_view after,
                    const std::function<bool(std::string_view)>& visit) const {
  for (auto at = chunk_of(after); at < chunks_.size(); ++at) {
    Reader reader(chunks_[at]);
    while (reader.next()) {
      if (reader.name() > after && !visit(reader.name())) return;
    }
  }
}

void NameSet::replace(std::size_t at, std::size_t count, Chunks chunks) {
  if (chunks.size() == count) {
    std::ranges::move(chunks, chunks_.begin() + static_cast<std::ptrdiff_t>(at));
    return;
  }
  const auto first = chunks_.begin() + static_cast<std::ptrdiff_t>(at);
  const auto next = chunks_.erase(first, first + static_cast<std::ptrdiff_t>(count));
  chunks_.insert(next, std::make_move_iterator(chunks.begin()),
                 std::make_move_iterator(chunks.end()));
}

bool NameSet::change(std::string_view name, bool present) {
  if (contains(name) == present) return false;
  auto at = chunk_of(name);
  std::size_t count = std::min<std::size_t>(1, chunks_.size());
  // What has become small is put together with the one before or behind it.
  const auto are_small = [&](std::size_t first) {
    return first + 1 < chunks_.size() &&
           chunks_[first].size() + chunks_[first + 1].size() < kChunkBytes / 2;
  };
  if (!present && at > 0 && are_small(at - 1)) {
    --at;
    count = 2;
  } else if (!present && are_small(at)) {
    count = 2;
  }
  // One that is full becomes two halves, so that the next name finds room.
  const bool is_full =
      present && count > 0 && chunks_[at].size() + 2 + name.size() + 255 > kChunkBytes;
  Writer writer(is_full ? kChunkBytes / 2 + 512 : kChunkBytes);
  bool is_placed = !present;
  for (auto i = at; i < at + count; ++i) {
    Reader reader(chunks_[i]);
    while (reader.next()) {
      if (!is_placed && reader.name() > name) {
        writer.add(name);
        is_placed = true;
      }
      if (reader.name() != name) writer.add(reader.name());
    }
  }
  if (!is_placed) writer.add(name);
  replace(at, count, writer.finish());
  size_ = present ? size_ + 1 : size_ - 1;
  return true;
}

void NameSet::insert_all(std::vector<std::string_view> names) {
  if (!std::ranges::is_sorted(names)) std::ranges::sort(names);
  const auto [end, last] = std::ranges::unique(names);
  names.erase(end, last);
  if (names.empty()) return;
  // Nothing before the chunk of the first name changes.
  const auto at = chunk_of(names.front());
  Writer writer;
  auto next = names.begin();
  for (auto i = at; i < chunks_.size(); ++i) {
    Reader reader(chunks_[i]);
    while (reader.next()) {
      for (; next != names.end() && *next < reader.name(); ++next, ++size_) writer.add(*next);
      if (next != names.end() && *next == reader.name()) ++next;
      writer.add(reader.name());
    }
  }
  for (; next != names.end(); ++next, ++size_) writer.add(*next);
  replace(at, chunks_.size() - std::min(at, chunks_.size()), writer.finish());
}

std::size_t NameSet::bytes() const {
  constexpr std::size_t kOfAllocation = 8;
  std::size_t bytes = chunks_.capacity() * sizeof(std::string);
  for (const auto& chunk : chunks_) bytes += chunk.capacity() + kOfAllocation;
  return bytes;
}

void NameSetBuilder::add(std::string_view name) {
  pieces_.emplace_back(text_.size(), name.size());
  text_.append(name);
  if (pieces_.size() == kBatch) flush();
}

void NameSetBuilder::flush() {
  std::vector<std::string_view> names;
  names.reserve(pieces_.size());
  for (const auto& [at, size] : pieces_) names.push_back(std::string_view(text_).substr(at, size));
  names_.insert_all(std::move(names));
  pieces_.clear();
  text_.clear();
}

NameSet NameSetBuilder::finish() {
  flush();
  return std::move(names_);
}

}  // namespace registry::content
