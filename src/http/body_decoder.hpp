#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace registry::http {

// Finds the bytes of a request's body among those of its connection: by a length, or in chunks
// (RFC 9112 6.2, 7.1). Used by one thread at a time.
class BodyDecoder {
 public:
  BodyDecoder() = default;  // of no body
  static BodyDecoder of_length(std::uint64_t bytes);
  static BodyDecoder in_chunks();

  bool is_done() const { return state_ == State::done; }
  bool is_chunked() const { return is_chunked_; }
  // What is still to come; nullopt: chunks do not say.
  std::optional<std::uint64_t> remaining() const;

  // The next bytes of the body in `raw`, of which they are cut off with all that stands before
  // them. Empty: there are no more of them in it; and where the body is done, `raw` begins with
  // what follows it. Throws MalformedBody.
  std::span<const std::byte> next(std::span<const std::byte>& raw);

 private:
  enum class State {
    size,
    extension,
    size_end,
    data,
    data_cr,
    data_lf,
    trailer,
    trailer_end,
    done
  };

  // Of an extension: `blank` is space in front of the next.
  enum class Part { blank, name_begin, name, value_begin, value, quoted, escaped, quote_end };

  std::span<const std::byte> take_data(std::span<const std::byte>& raw);
  void take_framing(unsigned char c);
  void take_size(unsigned char c);
  void take_extension(unsigned char c);
  void end_part(unsigned char c);
  void take_trailer(unsigned char c);
  void end_of_size_line();
  void end_of_trailer();
  void count_framing();

  State state_ = State::done;
  bool is_chunked_ = false;
  Part part_ = Part::blank;
  std::uint64_t left_ = 0;         // of the body, or of the chunk
  unsigned digits_ = 0;            // of the chunk's size so far
  std::size_t framing_bytes_ = 0;  // of this line; of all trailers
  std::string trailer_;            // the line under way
};

}  // namespace registry::http
