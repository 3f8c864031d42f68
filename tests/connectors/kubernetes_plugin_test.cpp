#include <doctest/doctest.h>

#include <boost/json.hpp>
#include <string>

#include "connectors/kubernetes/exec_plugin.hpp"
#include "tests/support/temp_directory.hpp"
#include "tests/support/tokens.hpp"

namespace {

using namespace tokensweep;
using namespace tokensweep::kubernetes;
using testing::TempDirectory;
using testing::write_file;

constexpr const char* kV1 = "client.authentication.k8s.io/v1";
constexpr const char* kV1Beta1 = "client.authentication.k8s.io/v1beta1";

/// A machine with a folder of programs, which is all of its PATH.
struct Programs {
  TempDirectory temp;
  Environment environment = [this](const char* name) -> std::optional<std::string> {
    if (name == std::string("PATH")) return "relative::" + temp.path().native() + ":/none";
    return std::nullopt;
  };
  void add(const std::string& name, mode_t mode = 0700) { write_file(temp / name.c_str(), "#!/bin/sh\n", mode); }
};

ExecPlugin plugin_of(const std::string& command, std::vector<std::string> arguments = {}) {
  ExecPlugin plugin;
  plugin.command = command;
  plugin.arguments = std::move(arguments);
  plugin.api_version = kV1;
  return plugin;
}

/// What is run, joined by blanks; or why not.
std::string outcome(const Programs& programs, const ExecPlugin& plugin, const std::vector<std::string>& allowed = {}) {
  const auto run = plugin_run(plugin, {}, "", allowed, programs.environment);
  if (!run) return run.error().what;
  std::string words;
  for (const std::string& word : run->arguments) words += (words.empty() ? "" : " ") + word;
  const std::string folder = programs.temp.path().native() + "/";
  if (words.starts_with(folder)) words.erase(0, folder.size());
  return words;
}

TEST_CASE("the usual plugins run unasked, for a credential and nothing else") {
  Programs programs;
  for (const char* name : {"aws", "aws-iam-authenticator", "doctl", "gke-gcloud-auth-plugin", "kubelogin", "oci"}) {
    programs.add(name);
  }
  CHECK(outcome(programs, plugin_of("aws", {"--region", "eu-west-1", "eks", "get-token", "--cluster-name", "c"})) ==
        "aws --region eu-west-1 eks get-token --cluster-name c");
  CHECK(outcome(programs, plugin_of("aws-iam-authenticator", {"token", "-i", "c"})) ==
        "aws-iam-authenticator token -i c");
  CHECK(outcome(programs, plugin_of("doctl", {"kubernetes", "cluster", "kubeconfig", "exec-credential", "id"})) ==
        "doctl kubernetes cluster kubeconfig exec-credential id");
  CHECK(outcome(programs, plugin_of("gke-gcloud-auth-plugin")) == "gke-gcloud-auth-plugin");
  CHECK(outcome(programs, plugin_of("kubelogin", {"get-token", "--login", "msi"})) ==
        "kubelogin get-token --login msi");
  CHECK(outcome(programs, plugin_of("oci", {"ce", "cluster", "generate-token"})) == "oci ce cluster generate-token");

  const std::string more =
      "its arguments do more than to get a credential: to have it run, list its name in allow_exec";
  CHECK(outcome(programs, plugin_of("aws", {"s3", "cp", "canary", "s3://canary"})) == more);
  CHECK(outcome(programs, plugin_of("aws", {"eks", "--x", "get-token"})) == more);
  CHECK(outcome(programs, plugin_of("doctl")) == more);
  CHECK(outcome(programs, plugin_of("aws", {"s3", "ls"}), {"aws"}) == "aws s3 ls");

  ExecPlugin with_variables = plugin_of("aws", {"eks", "get-token"});
  with_variables.variables.emplace_back("AWS_PROFILE", Secret("prod"));
  CHECK(outcome(programs, with_variables) == "aws eks get-token");
  with_variables.variables.emplace_back("LD_PRELOAD", Secret("canary"));
  CHECK(outcome(programs, with_variables) ==
        "it sets variables that do more than to choose an account or a region: to have it run with them, list its name "
        "in allow_exec");
  CHECK(outcome(programs, with_variables, {"aws"}) == "aws eks get-token");
}

TEST_CASE("any other command runs where the configuration lists it, as the kubeconfig has it") {
  Programs programs;
  programs.add("mine");
  const std::string path = (programs.temp / "mine").native();
  const std::string refused =
      "no command that a kubeconfig names is run but the usual credential plugins: to have this one run, list its name "
      "or path in allow_exec";
  CHECK(outcome(programs, plugin_of("mine")) == refused);
  CHECK(outcome(programs, plugin_of("mine"), {"other", path}) == refused);
  CHECK(outcome(programs, plugin_of("mine"), {"mine"}) == "mine");
  CHECK(outcome(programs, plugin_of(path), {"mine"}) == refused);
  CHECK(outcome(programs, plugin_of(path), {path}) == "mine");
  // Whatever it is called, a path leads anywhere.
  programs.add("gke-gcloud-auth-plugin");
  CHECK(outcome(programs, plugin_of((programs.temp / "gke-gcloud-auth-plugin").native())) == refused);
}

TEST_CASE("what runs is there, is a program, and cannot be changed by others") {
  Programs programs;
  const std::vector<std::string> all = {"mine"};
  ExecPlugin plugin = plugin_of("mine");
  CHECK(outcome(programs, plugin, all) == "its command is not there");
  plugin.install_hint = "\x1b[1;31mRun\x1b[0m\n\n  this:\tget\x07 mine  \x1b[";
  CHECK(outcome(programs, plugin, all) == "its command is not there: Run this: get mine");
  plugin.install_hint = std::string(10'000, 'x');
  CHECK(outcome(programs, plugin, all).size() < 400);
  programs.add("mine", 0600);
  CHECK(outcome(programs, plugin, all).starts_with("its command is not there: xxx"));
  const std::string changeable = "others can change it: it has to belong to root or to you, and chmod go-w";
  for (const mode_t mode : {0722, 0720, 0702}) {
    programs.add("mine", mode);
    CHECK(outcome(programs, plugin, all) == changeable);
  }
  programs.add("mine", 0755);
  CHECK(outcome(programs, plugin, all) == "mine");
  std::filesystem::create_directory(programs.temp / "folder");
  CHECK(outcome(programs, plugin_of("folder"), {"folder"}) == "its command is not there");
  CHECK(outcome(programs, plugin_of("sh"), {"sh"}) == "its command is not there");  // not in this PATH
  // A relative folder of PATH is another one wherever somebody stands.
  const std::string here = std::filesystem::relative(programs.temp.path()).native();
  const Environment relative = [&here](const char*) { return here; };
  CHECK(!plugin_run(plugin, {}, "", all, relative));
}

TEST_CASE("a plugin that needs somebody, or another protocol, is not run") {
  Programs programs;
  programs.add("mine");
  ExecPlugin plugin = plugin_of("mine");
  plugin.interactive = ExecPlugin::Interactive::always;
  CHECK(outcome(programs, plugin, {"mine"}) ==
        "interactiveMode: it wants to ask somebody, and a sweep has nobody to answer");
  plugin.interactive = ExecPlugin::Interactive::if_available;
  for (const char* const version : {"", "client.authentication.k8s.io/v1alpha1", "canary"}) {
    plugin.api_version = version;
    CHECK(outcome(programs, plugin, {"mine"}) ==
          "apiVersion: only client.authentication.k8s.io/v1 and v1beta1 are known");
  }
  plugin.api_version = kV1Beta1;
  CHECK(outcome(programs, plugin, {"mine"}) == "mine");
}

/// The value of KUBERNETES_EXEC_INFO that a plugin gets.
boost::json::value info_of(const ExecPlugin& plugin, const ClusterEntry& cluster, const std::string& authority) {
  Programs programs;
  programs.add("mine");
  const std::vector<std::string> allowed = {"mine"};
  const auto run = plugin_run(plugin, cluster, authority, allowed, programs.environment);
  REQUIRE(run);
  REQUIRE(!run->variables.empty());
  CHECK(run->variables.back().first == "KUBERNETES_EXEC_INFO");
  return boost::json::parse(run->variables.back().second.reveal());
}

TEST_CASE("a plugin is told what it is for") {
  ExecPlugin plugin = plugin_of("mine");
  ClusterEntry cluster;
  cluster.server = "https://kube.corp.example/\"quoted\"";
  cluster.server_name = "kubernetes";
  cluster.proxy = Secret("socks5://proxy.test");
  cluster.disables_compression = true;
  cluster.plugin_settings = R"({"audience":"a"})";
  CHECK(info_of(plugin, cluster, "PEM") == boost::json::parse(R"({"kind":"ExecCredential",
    "apiVersion":"client.authentication.k8s.io/v1","spec":{"interactive":false}})"));
  plugin.wants_cluster = true;
  CHECK(info_of(plugin, cluster, "PEM") == boost::json::parse(R"({"kind":"ExecCredential",
    "apiVersion":"client.authentication.k8s.io/v1","spec":{"interactive":false,"cluster":{
    "server":"https://kube.corp.example/\"quoted\"","tls-server-name":"kubernetes","certificate-authority-data":"UEVN",
    "proxy-url":"socks5://proxy.test","disable-compression":true,"config":{"audience":"a"}}}})"));
  ClusterEntry bare;
  bare.server = "https://kube.corp.example";
  plugin.api_version = kV1Beta1;
  CHECK(info_of(plugin, bare, "") == boost::json::parse(R"({"kind":"ExecCredential",
    "apiVersion":"client.authentication.k8s.io/v1beta1","spec":{"interactive":false,"cluster":{
    "server":"https://kube.corp.example"}}})"));
}

std::string printed(const std::string& status, const std::string& version = kV1,
                    const std::string& kind = "ExecCredential") {
  return R"({"kind":")" + kind + R"(","apiVersion":")" + version + R"(","status":)" + status + "}";
}

TEST_CASE("what a plugin gives") {
  const auto token = parse_plugin_credential(printed(R"({"token":"abc","more":1})") + "\n", kV1);
  REQUIRE(token);
  CHECK(token->token.reveal() == "abc");
  CHECK(!token->certificate);
  CHECK(!token->expires);
  const auto both = parse_plugin_credential(
      printed(
          R"({"token":"abc","clientCertificateData":"CERT","clientKeyData":"KEY","expirationTimestamp":"2026-01-02T03:04:05Z"})",
          kV1Beta1),
      kV1Beta1);
  REQUIRE(both);
  REQUIRE(both->certificate.has_value());
  CHECK(both->certificate->certificates.reveal() == "CERT");
  CHECK(both->certificate->key.reveal() == "KEY");
  CHECK(both->expires == std::chrono::sys_seconds(std::chrono::seconds(1'767'323'045)));
  CHECK(parse_plugin_credential(printed(R"({"token":"abc","expirationTimestamp":null,"clientKeyData":null})"), kV1));
}

TEST_CASE("what is no credential is refused, and not quoted") {
  const struct {
    const char* what;
    std::string text;
    std::string says;
  } cases[] = {
      {"nothing", "", "prints nothing in place of JSON"},
      {"a sentence", "canary", "prints no JSON: byte 1"},
      {"a web page", "<html>canary", "prints a web page in place of JSON"},
      {"more behind it", printed(R"({"token":"canary"})") + "canary", "prints no JSON: byte 101"},
      {"a list", R"(["canary"])", "prints no ExecCredential"},
      {"another kind", printed(R"({"token":"canary"})", kV1, "TokenReview"), "prints no ExecCredential"},
      {"a request", R"({"kind":"ExecCredential","spec":{}})", "prints no ExecCredential"},
      {"another version", printed(R"({"token":"canary"})", kV1Beta1),
       "answers in another apiVersion than the kubeconfig says"},
      {"no status", printed("null"), "prints no ExecCredential"},
      {"an empty status", printed("{}"), "prints neither token nor certificate"},
      {"a token that is a number", printed(R"({"token":1})"), "in what it prints, token is no text"},
      {"two lines", printed(R"({"token":"canary\ncanary"})"), "prints a blank or a character that no token has"},
      {"no key", printed(R"({"token":"a","clientCertificateData":"canary"})"),
       "prints a certificate without a key, or the reverse"},
      {"no certificate", printed(R"({"clientKeyData":"canary"})"),
       "prints a certificate without a key, or the reverse"},
      {"no time", printed(R"({"token":"a","expirationTimestamp":"canary"})"),
       "in what it prints, expirationTimestamp is no time"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const auto credential = parse_plugin_credential(c.text, kV1);
    REQUIRE(!credential);
    CHECK(credential.error().kind == ErrorKind::misconfigured);
    CHECK(credential.error().what == c.says);
  }
}

}  // namespace
