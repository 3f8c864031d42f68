#include <doctest/doctest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "connectors/kubernetes/proof.hpp"
#include "connectors/kubernetes/proven_client.hpp"
#include "net/task_group.hpp"
#include "tests/connectors/kubernetes_rig.hpp"
#include "tests/support/temp_directory.hpp"
#include "tests/support/virtual_clock.hpp"

namespace {

using namespace std::chrono_literals;
using namespace tokensweep;
using namespace tokensweep::kubernetes;
using tokensweep::testing::TempDirectory;
using tokensweep::testing::VirtualTime;
using tokensweep::testing::write_file;

/// The bearer token that is shown now, or what went wrong.
std::string shown(VirtualTime& time, ProofSource& source) {
  const auto proof = time.run(source.current());
  if (!proof) return proof.error().what;
  if (proof->headers->empty()) return "";
  return std::string(proof->headers->at(0).value.reveal()).substr(7);
}

void wait(VirtualTime& time, std::chrono::seconds how_long) {
  time.run(time.clock.sleep_until(time.clock.now() + how_long));
}

TEST_CASE("a token file is read again after a minute, and when its token is refused") {
  const TempDirectory temp;
  VirtualTime time;
  write_file(temp / "token", "\n one \n", 0644);
  const auto source = file_proof({.file = temp / "token", .until_read = {}}, {}, nullptr, time.clock);
  CHECK(shown(time, *source) == "one");
  write_file(temp / "token", "two");
  wait(time, 59s);
  CHECK(shown(time, *source) == "one");
  wait(time, 1s);
  CHECK(shown(time, *source) == "two");

  write_file(temp / "token", "three");
  const auto refused = time.run(source->current());
  CHECK(time.run(source->renew(refused->headers)));
  CHECK(shown(time, *source) == "three");
  const auto again = time.run(source->current());
  CHECK(!time.run(source->renew(again->headers)));
}

TEST_CASE("a token file that cannot be read any more leaves the last token in force") {
  const TempDirectory temp;
  VirtualTime time;
  write_file(temp / "token", "one");
  const auto source = file_proof({.file = temp / "token", .until_read = {}}, {}, nullptr, time.clock);
  CHECK(shown(time, *source) == "one");
  for (const char* const half_written : {"", "two lines\n", "can\x07"}) {
    write_file(temp / "token", half_written);
    wait(time, 60s);
    CHECK(shown(time, *source) == "one");
  }
  std::filesystem::remove(temp / "token");
  wait(time, 60s);
  CHECK(shown(time, *source) == "one");
}

TEST_CASE("a token in the kubeconfig holds until the file can be read") {
  const TempDirectory temp;
  VirtualTime time;
  const auto source = file_proof({.file = temp / "token", .until_read = Secret("zero")}, {}, nullptr, time.clock);
  CHECK(shown(time, *source) == "zero");
  write_file(temp / "token", "one");
  wait(time, 60s);
  CHECK(shown(time, *source) == "one");
  const auto bare = file_proof({.file = temp / "none", .until_read = {}}, {}, nullptr, time.clock);
  CHECK(shown(time, *bare) == "tokenFile: there is no such file");
  CHECK(shown(time, *bare) == "tokenFile: there is no such file");
}

/// A plugin that takes a second, and gives tokens "1", "2", … that live so long, of which so many can be had.
struct Plugin {
  VirtualTime& time;
  std::optional<std::chrono::seconds> lives;
  int most = 100;
  int runs = 0;
  int at_once = 0;
  int most_at_once = 0;

  Task<Result<PluginCredential>> run() {
    most_at_once = std::max(most_at_once, ++at_once);
    co_await time.clock.sleep_until(time.clock.now() + 1s);
    --at_once;
    if (++runs > most) co_return Error{ErrorKind::misconfigured, "no more"};
    PluginCredential credential;
    credential.token = Secret(std::to_string(runs));
    if (lives) credential.expires = std::chrono::floor<std::chrono::seconds>(time.clock.wall()) + *lives;
    co_return credential;
  }
  std::unique_ptr<ProofSource> source() {
    return plugin_proof([this] { return run(); }, {}, nullptr, time.clock);
  }
};

TEST_CASE("a plugin's token is kept until it expires") {
  VirtualTime time;
  Plugin plugin{.time = time, .lives = 600s};
  const auto source = plugin.source();
  CHECK(shown(time, *source) == "1");
  wait(time, 599s);
  CHECK(shown(time, *source) == "1");
  wait(time, 2s);
  CHECK(shown(time, *source) == "2");
  CHECK(plugin.runs == 2);
}

TEST_CASE("a token without an end is kept until it is refused") {
  VirtualTime time;
  Plugin plugin{.time = time, .lives = std::nullopt, .most = 2};
  const auto source = plugin.source();
  const auto first = time.run(source->current());
  wait(time, 1'000'000s);
  CHECK(shown(time, *source) == "1");
  CHECK(time.run(source->renew(first->headers)));
  CHECK(shown(time, *source) == "2");
  // Of several requests that were refused, the first one has it renewed.
  CHECK(time.run(source->renew(first->headers)));
  CHECK(plugin.runs == 2);
  const auto second = time.run(source->current());
  CHECK(!time.run(source->renew(second->headers)));
}

Task<> ask(ProofSource& source, int& answered) {
  const auto proof = co_await source.current();
  if (proof) ++answered;
}

Task<> all_at_once(ProofSource& source, int& answered) {
  TaskGroup group(5);
  for (int i = 0; i < 5; ++i) co_await group.start(ask(source, answered));
  co_await group.join();
}

TEST_CASE("a plugin runs once, however many wait for it") {
  VirtualTime time;
  Plugin plugin{.time = time, .lives = std::nullopt};
  const auto source = plugin.source();
  int answered = 0;
  time.run(all_at_once(*source, answered));
  CHECK(answered == 5);
  CHECK(plugin.runs == 1);
  CHECK(plugin.most_at_once == 1);
}

Task<> ask_thrice(Plugin& plugin, ClientFactory& clients, std::vector<std::string>& outcomes) {
  const MakeClient make = [&clients](std::unique_ptr<Authorizer> authorizer, const ClientCertificate*) {
    ClientOptions options;
    options.name = "prod";
    options.origin.host = "kube.corp.example";
    options.authorizer = std::move(authorizer);
    return clients.make(std::move(options));
  };
  const auto client = co_await proven_client("prod", plugin.source(), make);
  HttpRequest request;
  request.url.origin.host = "kube.corp.example";
  for (int i = 0; i < 3; ++i) {
    const auto answer = co_await (*client)->send(request);
    outcomes.push_back(answer ? std::to_string(answer->status) : answer.error().what);
    co_await plugin.time.clock.sleep_until(plugin.time.clock.now() + 601s);
  }
}

TEST_CASE("a plugin that fails in the middle is not run for each request from then on") {
  VirtualTime time;
  Plugin plugin{.time = time, .lives = 600s, .most = 1};
  kubernetes::testing::ScriptedClients clients(time.clock, [](const kubernetes::testing::Arrival&) { return 200; });
  std::vector<std::string> outcomes;
  time.run(ask_thrice(plugin, clients, outcomes));
  CHECK(outcomes == std::vector<std::string>{"200", "prod: no more", "prod: no more"});
  CHECK(plugin.runs == 2);
}

}  // namespace
