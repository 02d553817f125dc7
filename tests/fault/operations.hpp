#pragma once

#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "world.hpp"

namespace registry::fault {

// Something that a client asks for, and what must be true whatever happens meanwhile.
struct Operation {
  std::string name;
  std::function<void(World&)> prepare;  // was acknowledged before
  std::function<void(World&)> run;      // throws unless it is acknowledged
  // Of the store afterwards, and of what `prepare` made.
  std::function<void(World&, bool acknowledged)> check;
};

// For GoogleTest.
// NOLINTNEXTLINE(readability-identifier-naming)
inline void PrintTo(const Operation& operation, std::ostream* out) {
  *out << operation.name;
}

std::vector<Operation> operations();

}  // namespace registry::fault
