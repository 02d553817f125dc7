#include "registry/base/log.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace registry::base::log {
namespace {

const std::string kTime = "2026-11-23T11:11:00.5Z";

std::string text(std::string_view message, const Fields& fields = {}, Level level = Level::info) {
  return format(Formatter::text, level, kTime, message, fields);
}

TEST(TextLog, IsThatOf28) {
  EXPECT_EQ(text("listening on :5000", {{"version", "1.0"}, {"go.version", "x y"}}),
            "time=\"2026-11-23T11:11:00.5Z\" level=info msg=\"listening on :5000\" "
            "go.version=\"x y\" version=1.0");
}

TEST(TextLog, NamesTheLevel) {
  EXPECT_NE(text("m", {}, Level::error).find(" level=error "), std::string::npos);
  EXPECT_NE(text("m", {}, Level::warn).find(" level=warning "), std::string::npos);
  EXPECT_NE(text("m", {}, Level::debug).find(" level=debug "), std::string::npos);
}

TEST(TextLog, QuotesWhatIsNotPlain) {
  const auto quoted = [](const std::string& value) {
    const auto line = text("m", {{"k", value}});
    return line.substr(line.find(" k=") + 3);
  };
  EXPECT_EQ(quoted("a-b._/@^+Z9"), "a-b._/@^+Z9");
  EXPECT_EQ(quoted(""), "\"\"");
  EXPECT_EQ(quoted("a b"), "\"a b\"");
  EXPECT_EQ(quoted("a=b"), "\"a=b\"");
  EXPECT_EQ(quoted("sha256:ab"), "\"sha256:ab\"");
  EXPECT_EQ(quoted(R"(say "hi" \o/)"), R"("say \"hi\" \\o/")");
  EXPECT_EQ(quoted("\xc3\xa4"), "\"\xc3\xa4\"");
}

TEST(TextLog, HoldsNoControlCharacters) {
  EXPECT_EQ(text("a\nb"), "time=\"" + kTime + "\" level=info msg=\"a\\nb\"");
  for (int c = 0; c < 0x20; ++c) {
    const std::string value = "a" + std::string(1, static_cast<char>(c)) + "b";
    for (const char found : text(value, {{"k", value}})) {
      EXPECT_GE(static_cast<unsigned char>(found), 0x20) << c;
    }
  }
  EXPECT_EQ(text("a\x1b[31mb\x7f").substr(text("").find("msg=")), R"(msg="a?[31mb?")");
}

TEST(JsonLog, IsOneObjectInALine) {
  const auto line = format(Formatter::json, Level::warn, kTime, "a \"b\"\nc", {{"k", "v\x01"}});
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const auto json = nlohmann::json::parse(line);
  EXPECT_EQ(json,
            nlohmann::json(
                {{"level", "warning"}, {"msg", "a \"b\"\nc"}, {"time", kTime}, {"k", "v\x01"}}));
}

TEST(LogstashLog, HasTheNamesOfLogstash) {
  const auto json =
      nlohmann::json::parse(format(Formatter::logstash, Level::error, kTime, "m", {{"k", "v"}}));
  EXPECT_EQ(json, nlohmann::json({{"level", "error"},
                                  {"message", "m"},
                                  {"@timestamp", kTime},
                                  {"@version", "1"},
                                  {"k", "v"}}));
}

TEST(JsonLog, ReplacesBytesThatAreNotUtf8) {
  for (const auto formatter : {Formatter::json, Formatter::logstash}) {
    const auto line = format(formatter, Level::info, kTime, "a\xff", {{"k", "\xc3"}});
    EXPECT_TRUE(nlohmann::json::accept(line)) << line;
  }
}

TEST(Log, IsEnabledUpToItsLevel) {
  EXPECT_TRUE(enabled(Level::info));  // the default
  EXPECT_FALSE(enabled(Level::debug));
  configure({Level::warn, Formatter::text, true, {}});
  EXPECT_TRUE(enabled(Level::error));
  EXPECT_TRUE(enabled(Level::warn));
  EXPECT_FALSE(enabled(Level::info));
  configure({});
}

TEST(Log, IsWrittenToStandardError) {
  testing::internal::CaptureStderr();
  warn("to be seen", {{"k", "v"}});
  debug("not to be seen");
  const auto written = testing::internal::GetCapturedStderr();
  EXPECT_NE(written.find("level=warning msg=\"to be seen\" k=v\n"), std::string::npos) << written;
  EXPECT_EQ(written.find("not to be seen"), std::string::npos);
}

TEST(Log, HasTheConfiguredFieldsInEveryLine) {
  configure({Level::info, Formatter::text, true, {{"cluster", "one"}}});
  testing::internal::CaptureStderr();
  info("line", {{"k", "v"}});
  EXPECT_NE(testing::internal::GetCapturedStderr().find("msg=line cluster=one k=v\n"),
            std::string::npos);
  configure({});
}

TEST(Log, WarnsOnceOfTheSame) {
  testing::internal::CaptureStderr();
  for (int i = 0; i < 3; ++i) warn_once("damaged", {{"path", "a"}});
  warn_once("damaged", {{"path", "b"}});
  const auto written = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::ranges::count(written, '\n'), 2) << written;
}

TEST(AccessLog, IsWrittenToStandardOutputUnlessItIsOff) {
  testing::internal::CaptureStdout();
  access("a {line} %s");
  configure({Level::info, Formatter::text, false, {}});
  access("another");
  configure({});
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "a {line} %s\n");
}

}  // namespace
}  // namespace registry::base::log
