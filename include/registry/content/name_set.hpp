#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace registry::content {

// Names of 1 to 255 bytes in byte order, packed into chunks: of each only what differs from the
// one before is kept, and 2 bytes. A chunk costs 40 bytes and what its allocation is larger than
// its names. A change writes one chunk again; a look goes through one. Not thread-safe.
class NameSet {
 public:
  // False: it was there already.
  bool insert(std::string_view name) { return change(name, true); }
  // False: it was not there.
  bool erase(std::string_view name) { return change(name, false); }
  // All of them, in any order, also some that are there already: at once for much less.
  void insert_all(std::vector<std::string_view> names);

  bool contains(std::string_view name) const;
  // Those behind `after`, in order, as long as `visit` returns true. What it is given lasts for the
  // call.
  void visit(std::string_view after, const std::function<bool(std::string_view)>& visit) const;
  std::size_t size() const { return size_; }
  // Of memory.
  std::size_t bytes() const;

 private:
  using Chunks = std::vector<std::string>;  // none is empty
  class Writer;

  bool change(std::string_view name, bool present);
  std::size_t chunk_of(std::string_view name) const;
  void replace(std::size_t at, std::size_t count, Chunks chunks);

  Chunks chunks_;
  std::size_t size_ = 0;
};

// Collects names that come in any order, with little memory beside that of the set.
class NameSetBuilder {
 public:
  void add(std::string_view name);
  const NameSet& so_far() const { return names_; }
  NameSet finish();

 private:
  void flush();

  NameSet names_;
  std::string text_;
  std::vector<std::pair<std::size_t, std::size_t>> pieces_;  // of `text_`
};

}  // namespace registry::content
