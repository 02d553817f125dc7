#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace registry::content {

// Names in order, and whether more follow them.
struct Page {
  std::vector<std::string> names;
  bool more = false;
};

// The same of names that were given one by one to an EachName, each for the time of the call.
struct Listed {
  std::string last;  // of them
  bool more = false;
};
using EachName = std::function<void(std::string_view name)>;

}  // namespace registry::content
