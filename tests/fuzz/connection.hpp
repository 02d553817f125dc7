#pragma once

#include <string>
#include <string_view>

#include "recorder.hpp"

namespace registry::fuzz {

// What a server made of a connection.
struct Conversation {
  std::vector<Seen> seen;
  std::vector<Told> told;
  std::string output;  // all that it sent
};

// Sends `input` to a session in pieces of `piece` bytes, then ends it, and takes what comes back
// until the session has ended too. A session that does not end is a fault. All in one thread, over
// a pair of sockets, so that the same input always goes the same way.
Conversation converse(std::string_view input, std::size_t piece);

}  // namespace registry::fuzz
