#pragma once

#include <boost/beast/http/basic_parser.hpp>

#include "head.hpp"
#include "registry/http/exchange.hpp"

namespace registry::http {

// Beast's parser, as far as to the end of the head: it writes what it finds straight into a
// request, whose memory serves one request after the other.
class HeadParser final : public beast::http::basic_parser<true> {
 public:
  explicit HeadParser(Request& request) : request_(request) {
    header_limit(kMaxHeadBytes);
    body_limit(boost::none);  // limits are for the handlers, which know what they read
  }
  // As in the start line: 11 for HTTP/1.1.
  int version() const { return version_; }

 private:
  using Text = beast::string_view;
  using Error = beast::error_code;

  void on_request_impl(beast::http::verb, Text method, Text target, int version, Error&) override {
    request_.method.assign(method.data(), method.size());
    request_.raw_target.assign(target.data(), target.size());
    request_.http_1_0 = version == 10;
    version_ = version;
  }
  void on_field_impl(beast::http::field, Text name, Text value, Error&) override {
    if (fields_ == request_.headers.size()) request_.headers.emplace_back();
    auto& [to_name, to_value] = request_.headers[fields_++];
    to_name.assign(name.data(), name.size());
    to_value.assign(value.data(), value.size());
  }
  void on_header_impl(Error&) override { request_.headers.resize(fields_); }

  // The body is not its business.
  void on_response_impl(int, Text, int, Error&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, Error&) override {}
  std::size_t on_body_impl(Text, Error&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, Text, Error&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, Text, Error&) override { return 0; }
  void on_finish_impl(Error&) override {}

  Request& request_;
  std::size_t fields_ = 0;
  int version_ = 0;
};

}  // namespace registry::http
