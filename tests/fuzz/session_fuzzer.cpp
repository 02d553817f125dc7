#include <charconv>

#include "connection.hpp"
#include "fuzzer.hpp"

namespace registry::fuzz {
namespace {

// To a client that greets with TLS; nobody is told of it.
constexpr std::string_view kToTls = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain";
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

std::size_t length_in(std::string_view head) {
  constexpr std::string_view kName = "\r\nContent-Length: ";
  const auto at = head.find(kName);
  if (at == std::string_view::npos) return 0;
  const auto digits = head.substr(at + kName.size());
  std::size_t length = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  require(error == std::errc() && *end == '\r', "a length is a number");
  return length;
}

// Cuts one answer off `output`. False: it is the last on its connection.
bool take_answer(std::string_view& output, const Told& told) {
  while (output.starts_with(kContinue)) output.remove_prefix(kContinue.size());
  require(output.starts_with("HTTP/1.1 " + std::to_string(told.status) + ' '),
          "each request is answered, in turn, as is told of it");
  const auto end = output.find("\r\n\r\n");
  require(end != std::string_view::npos, "the head of an answer has an end");
  const auto head = output.substr(0, end + 4);
  output.remove_prefix(head.size());
  const bool has_body = !told.is_head && told.status != 204 && told.status != 304;
  const auto length = has_body ? length_in(head) : 0;
  require(length <= output.size(), "a body is as long as its head says");
  output.remove_prefix(length);
  return head.find("\r\nConnection: close\r\n") == std::string_view::npos;
}

void test_answers(const Conversation& conversation) {
  constexpr unsigned kGone = 499;
  std::string_view output = conversation.output;
  bool goes_on = true;
  for (const auto& told : conversation.told) {
    require(goes_on, "nothing is answered behind what was said to be the last");
    goes_on = told.status != kGone && take_answer(output, told);
  }
  while (output.starts_with(kContinue)) output.remove_prefix(kContinue.size());
  require(output.empty() || (goes_on && output.starts_with(kToTls)), "nothing else is sent");
  require(conversation.seen.size() <= conversation.told.size(), "every request is told of");
}

// Of a body that was cut off the pieces decide how much was seen.
bool agree(const Seen& a, const Seen& b) {
  if (a.is_whole && b.is_whole) return a == b;
  return a.is_whole == b.is_whole && a.method == b.method && a.raw_target == b.raw_target;
}

}  // namespace

// The bytes of a connection, as a whole and in small pieces: what the handler is asked must be the
// same, or somebody could smuggle a request in.
void test(std::string_view input) {
  if (input.empty()) return;
  constexpr std::size_t kMostPieces = 100;  // for the sake of speed
  const std::size_t piece =
      1 + static_cast<unsigned char>(input.back()) % 61 + input.size() / kMostPieces;
  const auto whole = converse(input, input.size());
  const auto in_pieces = converse(input, piece);
  test_answers(whole);
  test_answers(in_pieces);
  require(std::ranges::equal(whole.seen, in_pieces.seen, agree),
          "the same is asked, in however many pieces it comes");
}

}  // namespace registry::fuzz
