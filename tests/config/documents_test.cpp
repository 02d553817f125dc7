#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "config/grammar.hpp"
#include "parsing.hpp"

// docs/configuration.md and config/config.yml against what the code reads: whoever adds a key in
// one place only fails here.
namespace registry::config {
namespace {

std::string content(const std::string& file) {
  std::ifstream in(std::filesystem::path(__FILE__).parent_path() / "../.." / file);
  std::ostringstream text;
  text << in.rdbuf();
  EXPECT_FALSE(text.str().empty()) << file;
  return text.str();
}

std::vector<std::string> lines(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> cells(const std::string& row) {
  static const std::regex kBar(R"(\s*\|\s*)");
  std::sregex_token_iterator cell(row.begin(), row.end(), kBar, -1), end;
  return {cell == end ? end : std::next(cell), end};  // nothing stands before the first bar
}

std::vector<std::string> in_backticks(const std::string& text) {
  static const std::regex kCode("`([^`]*)`");
  std::vector<std::string> found;
  for (std::sregex_iterator match(text.begin(), text.end(), kCode), end; match != end; ++match) {
    found.push_back((*match)[1]);
  }
  return found;
}

struct Row {
  Fate fate;
  std::string otherwise, variable;
};

// The rows of the document below the headings that say what becomes of a key.
std::map<std::string, Row> documented() {
  static const std::map<std::string, Fate> kHeadings = {
      {"## Served", Fate::served},
      {"## Accepted, without effect", Fate::silent},
      {"## Warned of", Fate::warned},
      {"## Refused", Fate::refused}};
  std::map<std::string, Row> rows;
  auto heading = kHeadings.end();
  for (const auto& line : lines(content("docs/configuration.md"))) {
    if (line.starts_with("## ")) heading = kHeadings.find(line);
    if (heading == kHeadings.end() || !line.starts_with("| `")) continue;
    const auto row = cells(line);
    const bool is_served = heading->second == Fate::served;
    EXPECT_EQ(row.size(), is_served ? 4U : 2U) << line;
    for (const auto& key : in_backticks(row[0])) {
      const bool is_new =
          rows.insert({key, {heading->second, is_served ? row[1] : "", is_served ? row[2] : ""}})
              .second;
      EXPECT_TRUE(is_new) << key << " is documented twice";
    }
  }
  return rows;
}

std::string variable_of(const std::string& path) {
  if (path == "version") return "–";
  std::string name = "`REGISTRY_";
  for (const char c : path) {
    if (c == '.')
      name += '_';
    else if (c == '[')
      name += "_0";
    else if (c == '*')
      name += "<NAME>";
    else if (c != ']')
      name += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return name + "`";
}

TEST(ConfigurationDocument, HasEveryKeyThatIsRead) {
  const auto rows = documented();
  for (const auto& key : known_keys()) {
    const auto row = rows.find(key.path);
    if (row == rows.end()) {
      ADD_FAILURE() << key.path << " is not in docs/configuration.md";
      continue;
    }
    EXPECT_EQ(row->second.fate, key.fate) << key.path << " stands in the wrong table";
    if (key.fate != Fate::served) continue;
    EXPECT_EQ(row->second.otherwise, key.otherwise.empty() ? "–" : "`" + key.otherwise + "`")
        << "the default of " << key.path;
    EXPECT_EQ(row->second.variable, variable_of(key.path));
  }
}

TEST(ConfigurationDocument, HasNoKeyThatIsNotRead) {
  std::set<std::string> known;
  for (const auto& key : known_keys()) known.insert(key.path);
  for (const auto& [path, row] : documented()) EXPECT_TRUE(known.contains(path)) << path;
  EXPECT_GT(known.size(), 100U);
}

TEST(KnownKeys, AreEachReadOnce) {
  std::set<std::string> seen;
  for (const auto& key : known_keys()) EXPECT_TRUE(seen.insert(key.path).second) << key.path;
}

// The file with the # taken away before each key.
std::string uncommented(const std::string& text) {
  static const std::regex kCommentedKey("^( *)#([^ ]|  )");
  std::string all;
  for (const auto& line : lines(text))
    all += std::regex_replace(line, kCommentedKey, "$1$2") + "\n";
  return all;
}

void collect(const YAML::Node& node, const std::string& path, const Grammar& grammar,
             std::set<std::string>& paths) {
  if (node.IsScalar() || node.IsNull()) paths.insert(path);
  if (node.IsSequence()) {
    for (const auto& element : node) collect(element, path + "[]", grammar, paths);
  }
  if (!node.IsMap()) return;
  for (const auto& entry : node) {
    const auto key = grammar.is_free(path) ? "*" : entry.first.Scalar();
    collect(entry.second, Grammar::below(path, key), grammar, paths);
  }
}

TEST(ConfigurationFile, ShowsEveryKeyThatIsServed) {
  const auto text = uncommented(content("config/config.yml"));
  EXPECT_THAT(parse_text(text).warnings, testing::IsEmpty());
  std::set<std::string> shown, served;
  for (const auto& key : known_keys()) {
    if (key.fate == Fate::served) served.insert(key.path);
  }
  collect(YAML::Load(text), "", Grammar(known_keys()), shown);
  for (const char* left_out : {"loglevel", "validation.enabled", "storage.inmemory"}) {
    EXPECT_EQ(served.erase(left_out), 1U) << left_out;  // deprecated, or instead of another
  }
  EXPECT_EQ(shown, served);
}

}  // namespace
}  // namespace registry::config
