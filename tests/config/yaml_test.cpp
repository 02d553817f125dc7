#include "config/yaml.hpp"

#include <chrono>

#include "parsing.hpp"

namespace registry::config {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

std::string repeated(const std::string& text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

TEST(Yaml, AliasesAreFollowed) {
  const auto [config, warnings] =
      parse_text(kLeast +
                 "health:\n  tcp: &checks\n    - {addr: ':1'}\n  file: []\nhttp:\n  addr: &a ':7'\n"
                 "  debug: {addr: *a}\n");
  EXPECT_EQ(config.http.debug.addr, ":7");
  EXPECT_THAT(warnings, testing::IsEmpty());
}

TEST(Yaml, MergeKeysAreResolved) {
  const auto [config, warnings] = parse_text(kLeast + R"(health:
  storagedriver: &often
    interval: 3s
    threshold: 2
  tcp:
    - <<: *often
      addr: ':1'
      threshold: 9
    - {addr: ':2', <<: [{timeout: 4s}, *often]}
)");
  ASSERT_EQ(config.health.tcp.size(), 2U);
  EXPECT_EQ(config.health.tcp[0].interval, std::chrono::seconds(3));
  EXPECT_EQ(config.health.tcp[0].threshold, 9U);  // what a map says itself counts
  EXPECT_EQ(config.health.tcp[1].timeout, std::chrono::seconds(4));
  EXPECT_EQ(config.health.tcp[1].threshold, 2U);
  EXPECT_THAT(warnings, testing::IsEmpty());
}

TEST(Yaml, ThatIsMergedKeepsItsLine) {
  EXPECT_THAT(refusal(kLeast + "health:\n  storagedriver: &a\n    interval: 3s\n    timeout: x\n"
                               "  tcp: [{<<: *a, addr: ':1'}]\n"),
              HasSubstr("test.yml:7: health.tcp[0].timeout: must be a duration"));
}

TEST(Yaml, MergesOnlyMaps) {
  EXPECT_THAT(refusal("a: 1\n<<: 5\n"), StartsWith("test.yml:2: <<: must be a map"));
  EXPECT_THAT(refusal("a: 1\n<<: [5]\n"), StartsWith("test.yml:2: <<: must be a map"));
}

TEST(Yaml, RefusesAnAliasWithinWhatItNames) {
  EXPECT_THAT(refusal("a: &x\n  b: *x\n"), StartsWith("test.yml:2: an alias that stands within"));
  EXPECT_THAT(refusal("a: &x [*x]\n"), StartsWith("test.yml:1: an alias that stands within"));
  EXPECT_THAT(refusal("a: &x\n  <<: *x\n"), StartsWith("test.yml:2: an alias that stands within"));
}

TEST(Yaml, RefusesAliasesThatMultiply) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 20; ++i) {
    const auto before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" +
            repeated(before + ", ", 9) + before + "]\n";
  }
  EXPECT_THAT(refusal(kLeast + bomb), HasSubstr("is too large, once its aliases are followed"));
}

TEST(Yaml, RefusesMoreValuesThanAnybodyWrites) {
  EXPECT_THAT(refusal("a: [" + repeated("1,", 20'000) + "1]"), HasSubstr("is too large"));
}

TEST(Yaml, RefusesWhatIsNestedTooDeep) {
  const auto says = AllOf(StartsWith("test.yml:"), HasSubstr("is nested deeper than 64 levels"));
  EXPECT_THAT(refusal("a: " + repeated("[", 500'000)), says);
  EXPECT_THAT(refusal("a: " + repeated("{a: ", 100'000)), says);
  EXPECT_THAT(refusal(repeated("- ", 100'000)), says);
  EXPECT_THAT(refusal("a: " + repeated("- ", 100'000)), StartsWith("test.yml:1: "));
  std::string steps;
  for (std::size_t i = 0; i < 100; ++i) steps += std::string(i, ' ') + "a:\n";
  EXPECT_THAT(refusal(steps), says);
  EXPECT_THAT(refusal("a: " + repeated("[", 60) + repeated("]", 60)), HasSubstr("version"));
}

TEST(Yaml, NamesTheLineOfAByteThatIsNotUtf8) {
  for (const char* bytes : {"\xff", "\xc3", "\xc0\xaf", "\xe0\x80\x80", "\xed\xa0\x80",
                            "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\x80", "\xe2\x82"}) {
    EXPECT_THAT(refusal("a: 1\nb: 2\n# " + std::string(bytes) + "\n"),
                StartsWith("test.yml:3: is not UTF-8"))
        << bytes;
  }
  EXPECT_THAT(refusal("\xff\xfe" + std::string("a\0:\0", 4)), StartsWith("test.yml:1: is not UTF"));
}

TEST(Yaml, TakesUtf8) {
  EXPECT_EQ(refusal("\xef\xbb\xbf" + kLeast + "log: {fields: {a: \u00e4\u20ac\U0001F600}}\n"), "");
}

TEST(Yaml, RefusesControlCharacters) {
  // The parser would take the first for the end, and ignore the rest of the file.
  for (const auto& byte : {std::string("\x04"), std::string("\0", 1), std::string("\x7f")}) {
    EXPECT_THAT(refusal(kLeast + "# " + byte + "\nhttp: {addr: x}\n"),
                StartsWith("test.yml:4: has a control character"));
  }
  EXPECT_EQ(refusal("version: 0.1\r\nstorage: inmemory\r\n"), "");
}

TEST(Yaml, NamesTheLineOfATab) {
  constexpr auto kSays = ": a tab in the indentation: YAML takes only spaces there";
  EXPECT_EQ(refusal("version: 0.1\nstorage:\n\tfilesystem:\n"), std::string("test.yml:3") + kSays);
  EXPECT_EQ(refusal(kLeast + " \t  rootdirectory: /a\n"), std::string("test.yml:4") + kSays);
  EXPECT_EQ(refusal(kLeast + "log:\t{level:\tinfo}\t# a comment\n"), "");
}

TEST(Yaml, NoticesAQuoteThatNobodyCloses) {
  // The parser would take the rest of the file for the secret.
  for (const std::string& quote : {std::string("'"), std::string("\"")}) {
    const auto text = kLeast + "http:\n  secret: " + quote + "abc\nauth:\n  htpasswd: x\n";
    for (const char* end : {"", "\n", "\r\n", "  \n\t\n"}) {
      EXPECT_THAT(refusal(text + end), HasSubstr("illegal EOF in scalar")) << end;
    }
  }
}

TEST(Yaml, NamesAKeyThatIsGivenTwiceWhereverItIs) {
  EXPECT_THAT(refusal(kLeast + "unknown:\n  deep:\n    a: 1\n    b: 2\n    a: 3\n"),
              StartsWith("test.yml:8: unknown.deep.a: is given twice"));
  EXPECT_THAT(refusal(kLeast + "http: {headers: {A: b, A: c}}\n"),
              StartsWith("test.yml:4: http.headers.A: is given twice"));
}

TEST(Yaml, HasKeysThatAreTexts) {
  EXPECT_THAT(refusal("[a]: b\n"), StartsWith("test.yml:1: a key must be a text"));
  EXPECT_THAT(refusal("? {a: b}\n: c\n"), StartsWith("test.yml:1: a key must be a text"));
  EXPECT_THAT(refusal("a: &x b\n*x : c\n"), StartsWith("test.yml:2: a key must be a text"));
  EXPECT_THAT(refusal(": c\n"), StartsWith("test.yml:1: "));
}

TEST(Yaml, IsOneDocument) {
  EXPECT_THAT(refusal(kLeast + "---\nhttp: {addr: x}\n"), HasSubstr("more than one document"));
  EXPECT_EQ(refusal("---\n" + kLeast), "");
  EXPECT_EQ(refusal(kLeast + "...\n"), "");
  EXPECT_EQ(refusal(kLeast + "---\n"), "");
}

TEST(Yaml, OfAVariableIsLookedAtToo) {
  const auto says = [](const std::string& value) {
    return refusal(kLeast, {{"REGISTRY_HTTP", value}});
  };
  EXPECT_THAT(says(repeated("[", 100'000)), HasSubstr("REGISTRY_HTTP: is not YAML: is nested"));
  EXPECT_THAT(says("{addr: ':1', addr: ':2'}"), HasSubstr("REGISTRY_HTTP: is not YAML: addr: is"));
  EXPECT_THAT(says("\xff"), HasSubstr("REGISTRY_HTTP: is not YAML: is not UTF-8"));
}

TEST(Yaml, EndsInTimeWhateverItIs) {
  const auto begin = std::chrono::steady_clock::now();
  for (const char* part :
       {"a", "[",   "]",    "{", "}", "- ", "? ", ": ", "'",    "\"",     "&a ",  "*a ",
        "!", "|\n", ">\n ", "#", "%", "\n", "\\", ",",  "<<: ", "a: b\n", "---\n"}) {
    const auto text = repeated(part, 30'000);
    EXPECT_THAT(refusal(text), StartsWith("test.yml")) << part;
    EXPECT_THAT(refusal(kLeast + "http: " + text), testing::AnyOf("", StartsWith("test.yml")));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(60));
}

}  // namespace
}  // namespace registry::config
