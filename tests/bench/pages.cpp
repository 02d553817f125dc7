#include "workloads.hpp"

namespace registry::bench {

namespace {

// Of the one array in such an answer: {"repositories":["a","b"]}, {"name":"a","tags":["1"]}.
std::size_t names_in(const std::string& body) {
  const auto json = Json::parse(body);
  for (const auto& [key, value] : json.items())
    if (value.is_array()) return value.size();
  return 0;
}

}  // namespace

Json run_pages(const Server& server, const PagesOptions& options) {
  Failures failures;
  std::vector<std::string> bodies;
  std::string next = options.path;
  const Usage usage(server.pids);
  try {
    Connection connection(server);
    while (!next.empty() && usage.seconds() < options.at_most) {
      connection.give(options.at_most - usage.seconds());
      const auto answer = connection.ask("GET", next);
      expect(answer, 200, next);
      bodies.push_back(answer.body);
      next = answer.head.next;
    }
  } catch (const std::exception& error) {
    if (usage.seconds() < options.at_most) failures.add(error.what());
  }
  Json json{{"workload", "pages"}, {"pages", bodies.size()}, {"complete", next.empty()}};
  put(json, usage.to_json());
  std::size_t names = 0;
  for (const auto& body : bodies) names += names_in(body);
  json["names"] = names;
  put_failures(json, failures);
  return json;
}

}  // namespace registry::bench
