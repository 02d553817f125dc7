#include "read.hpp"
#include "values.hpp"

namespace registry::config {
namespace {

Health::File read_file(Section section) {
  Health::File file;
  section.read_required("file", file.file);
  section.read_positive("interval", file.interval);
  // As in 2.8, where the file is there or not.
  section.from_here(Fate::silent).accept(Kind::number, {"threshold"});
  section.warn_of_unknown();
  return file;
}

Health::Tcp read_tcp(Section section) {
  Health::Tcp tcp;
  section.read_required("addr", tcp.addr);
  if (!tcp.addr.empty() && !is_address(tcp.addr)) {
    section.refuse("addr", "must be host:port or :port, not \"" + tcp.addr + "\"");
  }
  section.read_positive("timeout", tcp.timeout);
  section.read_positive("interval", tcp.interval);
  section.read("threshold", tcp.threshold);
  section.warn_of_unknown();
  return tcp;
}

void read_http_checks(Section& health) {
  health.from_here(Fate::warned);
  for (auto& check : health.sections("http")) {
    check.accept(Kind::text, {"uri"});
    auto headers = check.section("headers");
    for (const auto& name : headers.names()) headers.accept(Kind::texts, {name});
    check.accept(Kind::number, {"statuscode", "threshold"});
    check.accept(Kind::duration, {"timeout", "interval"});
    check.warn_of_unknown();
  }
  if (!health.is_set("http")) return;
  health.warn("http", "no URL is asked: use health.tcp for the same host and port");
}

}  // namespace

void read_health(Section health, Health& out) {
  auto storagedriver = health.section("storagedriver");
  storagedriver.read("enabled", out.storagedriver.enabled);
  storagedriver.read_positive("interval", out.storagedriver.interval);
  storagedriver.read("threshold", out.storagedriver.threshold);
  storagedriver.warn_of_unknown();
  for (const auto& file : health.sections("file")) out.file.push_back(read_file(file));
  for (const auto& tcp : health.sections("tcp")) out.tcp.push_back(read_tcp(tcp));
  read_http_checks(health);
  health.warn_of_unknown();
}

}  // namespace registry::config
