#pragma once

#include <utility>

namespace registry::content {

// Has `forget` called at the end of its life, whether or not what it stands for went well: what
// was read before a change of the store is not to be answered after it.
template <class Forget>
class Change {
 public:
  explicit Change(Forget forget) : forget_(std::move(forget)) {}
  Change(const Change&) = delete;
  Change& operator=(const Change&) = delete;
  ~Change() { forget_(); }

 private:
  Forget forget_;
};

}  // namespace registry::content
