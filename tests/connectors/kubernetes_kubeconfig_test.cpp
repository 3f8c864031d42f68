#include <doctest/doctest.h>

#include <string>

#include "connectors/kubernetes/kubeconfig.hpp"
#include "connectors/kubernetes/kubeconfig_files.hpp"
#include "tests/support/temp_directory.hpp"
#include "tests/support/tokens.hpp"

namespace {

using namespace tokensweep;
using namespace tokensweep::kubernetes;
using testing::base64;
using testing::TempDirectory;
using testing::write_file;

constexpr const char* kFile = "/home/ann/.kube/config";

Kubeconfig parsed(const std::string& text) {
  auto config = parse_kubeconfig(text, kFile);
  REQUIRE(config);
  return std::move(*config);
}

/// What is wrong with the only user, or else the only cluster; empty where nothing is.
std::string trouble_of_user(const std::string& fields) {
  const Kubeconfig config = parsed("users:\n- name: ann\n  user: {" + fields + "}\n");
  REQUIRE(config.users.size() == 1);
  return config.users[0].wrong ? config.users[0].wrong->what : "";
}

std::string trouble_of_cluster(const std::string& fields) {
  const Kubeconfig config = parsed("clusters:\n- name: prod\n  cluster: {" + fields + "}\n");
  REQUIRE(config.clusters.size() == 1);
  return config.clusters[0].wrong ? config.clusters[0].wrong->what : "";
}

TEST_CASE("a kubeconfig with everything in it") {
  const Kubeconfig config = parsed(R"(
apiVersion: v1
kind: Config
current-context: prod
preferences: {colors: true}
contexts:
- name: prod
  context: {cluster: c, user: u, namespace: web}
clusters:
- name: c
  cluster:
    server: https://kube.corp.example:6443/k8s/c-1
    certificate-authority: pki/ca.crt
    certificate-authority-data: )" +
                                   base64("PEM of an authority") +
                                   R"(
    tls-server-name: kubernetes
    proxy-url: socks5://ann:canary@proxy.test
    disable-compression: true
    extensions:
    - name: other
      extension: 1
    - name: client.authentication.k8s.io/exec
      extension: {audience: "1", retries: 3, quick: true, none: ~, list: [a, 'true', 0x1]}
users:
- name: u
  user:
    client-certificate: ../client.crt
    client-key-data: )" + base64("PEM of a key") +
                                   R"(
    token: abc
    tokenFile: /var/run/token
    as: system:admin
    as-uid: 1-2
    as-groups: [ops, dev]
    as-user-extra: {Scopes: [view, edit]}
    exec:
      apiVersion: client.authentication.k8s.io/v1
      command: bin/../plugin
      args: [get-token, --cluster, 7]
      env: [{name: AWS_PROFILE, value: prod}, {name: EMPTY, value: ""}]
      provideClusterInfo: true
      interactiveMode: Never
      installHint: get it
)");
  CHECK(config.current_context == "prod");
  REQUIRE(config.contexts.size() == 1);
  CHECK(config.contexts[0].file == kFile);
  CHECK(config.contexts[0].cluster == "c");
  CHECK(config.contexts[0].user == "u");
  CHECK(config.contexts[0].default_namespace == "web");
  REQUIRE(config.clusters.size() == 1);
  const ClusterEntry& cluster = config.clusters[0];
  CHECK(!cluster.wrong);
  CHECK(cluster.server == "https://kube.corp.example:6443/k8s/c-1");
  CHECK(cluster.authority.file == "/home/ann/.kube/pki/ca.crt");
  CHECK(cluster.authority.data.reveal() == "PEM of an authority");
  CHECK(!cluster.skips_verification);
  CHECK(cluster.server_name == "kubernetes");
  CHECK(cluster.proxy.reveal() == "socks5://ann:canary@proxy.test");
  CHECK(cluster.disables_compression);
  CHECK(cluster.plugin_settings ==
        R"({"audience":"1","retries":3,"quick":true,"none":null,"list":["a","true","0x1"]})");
  REQUIRE(config.users.size() == 1);
  const UserEntry& user = config.users[0];
  CHECK(!user.wrong);
  CHECK(user.folder == "/home/ann/.kube");
  CHECK(user.certificate.file == "/home/ann/client.crt");
  CHECK(user.key.data.reveal() == "PEM of a key");
  CHECK(user.token.reveal() == "abc");
  CHECK(user.token_file == "/var/run/token");
  CHECK(user.as.user == "system:admin");
  CHECK(user.as.uid == "1-2");
  CHECK(user.as.groups == std::vector<std::string>{"ops", "dev"});
  CHECK(user.as.extra == std::vector<std::pair<std::string, std::string>>{{"Scopes", "view"}, {"Scopes", "edit"}});
  REQUIRE(user.exec.has_value());
  CHECK(user.exec->command == "/home/ann/.kube/plugin");
  CHECK(user.exec->arguments == std::vector<std::string>{"get-token", "--cluster", "7"});
  REQUIRE(user.exec->variables.size() == 2);
  CHECK(user.exec->variables[0].first == "AWS_PROFILE");
  CHECK(user.exec->variables[0].second.reveal() == "prod");
  CHECK(user.exec->variables[1].second.reveal() == "");
  CHECK(user.exec->wants_cluster);
  CHECK(user.exec->interactive == ExecPlugin::Interactive::never);
  CHECK(user.exec->install_hint == "get it");
}

TEST_CASE("what is empty, JSON or in other words of YAML is a kubeconfig too") {
  for (const char* const text : {"", "\n# nothing\n", "---\n", "~", "{}", "clusters: null\nusers:\ncontexts: []\n"}) {
    CAPTURE(text);
    const Kubeconfig config = parsed(text);
    CHECK(config.contexts.empty());
    CHECK(config.clusters.empty());
  }
  CHECK(parsed(R"({"clusters":[{"name":"c","cluster":{"server":"https://a.test"}}]})").clusters[0].server ==
        "https://a.test");
  const Kubeconfig aliased = parsed("users:\n- name: a\n  user: &u {token: abc}\n- name: b\n  user: *u\n");
  CHECK(aliased.users[1].token.reveal() == "abc");
  CHECK(parsed("users:\n- name: a\n").users[0].token.empty());
}

TEST_CASE("a command's name stays a name, and a path belongs to the kubeconfig's folder") {
  const struct {
    const char* written;
    const char* meant;
  } cases[] = {{"aws", "aws"},
               {"./aws", "/home/ann/.kube/aws"},
               {"../bin/aws", "/home/ann/bin/aws"},
               {"/usr/bin/aws", "/usr/bin/aws"},
               {"~/aws", "/home/ann/.kube/~/aws"}};
  for (const auto& c : cases) {
    CAPTURE(c.written);
    const Kubeconfig config =
        parsed(std::string("users:\n- name: a\n  user: {exec: {command: '") + c.written + "'}}\n");
    CHECK(config.users[0].exec->command == c.meant);
  }
}

TEST_CASE("a server that is not to be verified is one however that is written") {
  for (const char* const yes : {"true", "True", "yes", "on", "1", "'true'", "maybe"}) {
    CAPTURE(yes);
    CHECK(parsed(std::string("clusters:\n- name: c\n  cluster: {insecure-skip-tls-verify: ") + yes + "}\n")
              .clusters[0]
              .skips_verification);
  }
  for (const char* const no : {"false", "no", "off", "''", "~"}) {
    CAPTURE(no);
    CHECK(!parsed(std::string("clusters:\n- name: c\n  cluster: {insecure-skip-tls-verify: ") + no + "}\n")
               .clusters[0]
               .skips_verification);
  }
}

TEST_CASE("what is wrong with an entry is said of it alone, by the field's name") {
  CHECK(trouble_of_cluster("server: [canary]") == "server: expected a text");
  CHECK(trouble_of_cluster("certificate-authority-data: 'canary!'") == "certificate-authority-data: is no base64");
  CHECK(trouble_of_cluster("certificate-authority-data: Y2FuYXJ5Cg") == "certificate-authority-data: is no base64");
  CHECK(trouble_of_cluster("extensions: canary") == "extensions: expected a list");
  CHECK(trouble_of_cluster("extensions: [canary]") == "extensions: expected a list of maps");
  CHECK(trouble_of_cluster("extensions: [{name: client.authentication.k8s.io/exec, extension: {[canary]: 1}}]") ==
        "extensions: has a key that is no text");

  CHECK(trouble_of_user("token: abc") == "");
  CHECK(trouble_of_user("token: {canary: 1}") == "token: expected a text");
  CHECK(trouble_of_user("client-key-data: canary, client-certificate: a") == "client-key-data: is no base64");
  CHECK(trouble_of_user("client-certificate: canary") ==
        "client-certificate and client-key go together, and one is missing");
  CHECK(trouble_of_user("client-key: canary") == "client-certificate and client-key go together, and one is missing");
  CHECK(trouble_of_user("token: canary, username: canary") == "has both a token and a user with a password: keep one");
  CHECK(trouble_of_user("tokenFile: canary, password: canary") ==
        "has both a token and a user with a password: keep one");
  CHECK(trouble_of_user("auth-provider: {name: oidc}").starts_with("auth-provider is not supported: let `exec` name"));
  CHECK(trouble_of_user("as-groups: [canary]") == "as-uid, as-groups and as-user-extra need as");
  CHECK(trouble_of_user("as: ann, as-groups: canary") == "as-groups: expected a list of texts");
  CHECK(trouble_of_user("as: ann, as-user-extra: {canary: canary}") ==
        "as-user-extra: expected a list of texts for each key");
  CHECK(trouble_of_user("exec: canary") == "exec: expected a map");
  CHECK(trouble_of_user("exec: {args: [a]}") == "exec: names no command");
  CHECK(trouble_of_user("exec: {command: a, args: [[canary]]}") == "exec: args: expected a list of texts");
  CHECK(trouble_of_user("exec: {command: a, env: [{value: canary}]}") == "exec: env: a variable without a name");
  CHECK(trouble_of_user("exec: {command: a, env: [{name: 'a=canary', value: b}]}") ==
        "exec: env: a variable without a name");
  CHECK(trouble_of_user("exec: {command: a, interactiveMode: canary}") ==
        "exec: interactiveMode: expected Never, IfAvailable or Always");
  CHECK(trouble_of_user("exec: {command: a, apiVersion: client.authentication.k8s.io/v1}") ==
        "exec: interactiveMode: v1 needs it");
  CHECK(trouble_of_user("exec: {command: a, apiVersion: client.authentication.k8s.io/v1beta1}") == "");
}

TEST_CASE("a file that is no kubeconfig is refused in one line, and not quoted") {
  std::string laughs = "a: &a [canary, canary]\n";
  for (char c = 'b'; c < 'z'; ++c) {
    const std::string before = std::string("*") + static_cast<char>(c - 1);
    laughs += std::string(1, c) + ": &" + c + " [" + before + "," + before + "," + before + "," + before + "]\n";
  }
  std::string nodes = "users: [";
  for (int i = 0; i < 30'000; ++i) nodes += "a,";
  const struct {
    const char* what;
    std::string text;
    std::string says;
  } cases[] = {
      {"no YAML", "users: [canary", "no YAML: line 1, column 1"},
      {"a tab", "users:\n\t- canary", "no YAML: line 2, column 2"},
      {"a text", "canary", "no kubeconfig: expected a map"},
      {"a list", "- canary", "no kubeconfig: expected a map"},
      {"users as a map", "users: {canary: {token: canary}}", "users: expected a list"},
      {"users as texts", "users: [canary]", "users: expected a list of maps"},
      {"a user as a text", "users:\n- name: a\n  user: canary", "users: user: expected a map"},
      {"a context as a text", "contexts:\n- name: a\n  context: canary", "contexts: context: expected a map"},
      {"a name that is none", "users:\n- name: [canary]\n", "users: name: expected a text"},
      {"a name twice", "users:\n- name: canary\n- name: canary\n", "users: two entries have the same name"},
      {"a current context that is none", "current-context: [canary]", "current-context: expected a text"},
      {"too many nodes", nodes + "]", "YAML of more than 20000 nodes"},
      {"too many bytes", std::string((std::size_t{4} << 20U) + 1, ' '), "YAML of more than 4 MiB"},
      {"a bomb in what is passed over", laughs, ""},
      {"a bomb as a plugin's settings",
       "anchors:\n" +
           [&laughs] {
             std::string indented;
             for (const char c : laughs) {
               if (indented.empty() || indented.back() == '\n') indented += "  ";
               indented.push_back(c);
             }
             return indented;
           }() +
           "clusters:\n- name: c\n  cluster: {extensions: [{name: client.authentication.k8s.io/exec, extension: "
           "*y}]}\n",
       ""},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const auto config = parse_kubeconfig(c.text, kFile);
    CHECK((config ? "" : config.error().what) == c.says);
    if (!config) CHECK(config.error().kind == ErrorKind::misconfigured);
  }
  CHECK(trouble_of_user("exec: {command: a}, token: &b [*b]") != "");
  const auto bomb = parse_kubeconfig(cases[std::size(cases) - 1].text, kFile);
  REQUIRE(bomb->clusters[0].wrong.has_value());
  CHECK(bomb->clusters[0].wrong->what == "extensions: has too much in it");
}

TEST_CASE("aliases that make much of little are refused") {
  const std::string large(std::size_t{1} << 20U, 'x');
  std::string users = "a: &u {token: " + large + "}\nusers:\n";
  for (int i = 0; i < 1500; ++i) users += "- {name: u" + std::to_string(i) + ", user: *u}\n";
  const auto config = parse_kubeconfig(users, kFile);
  REQUIRE(!config);
  CHECK(config.error().what == "repeats too much by its aliases");
  std::string settings;
  for (int i = 0; i < 1000; ++i) settings += "*t, ";
  const auto told = parse_kubeconfig("a: &t " + large +
                                         "\nclusters:\n- name: c\n  cluster: {extensions: [{name: "
                                         "client.authentication.k8s.io/exec, extension: [" +
                                         settings + "]}]}\n",
                                     kFile);
  REQUIRE(told);
  REQUIRE(told->clusters[0].wrong.has_value());
  CHECK(told->clusters[0].wrong->what == "extensions: has too much in it");
  std::string many = "contexts:\n";
  for (int i = 0; i < 2001; ++i) many += "- {name: c" + std::to_string(i) + "}\n";
  const auto crowd = parse_kubeconfig(many, kFile);
  REQUIRE(!crowd);
  CHECK(crowd.error().what == "contexts: more than 2,000 entries");
}

TEST_CASE("of two files the first one wins, entry by entry and never field by field") {
  Kubeconfig config = parsed(
      "current-context: ''\ncontexts:\n- name: a\n  context: {cluster: c1}\nclusters:\n- name: c\n  cluster: {server: "
      "https://first.test}\nusers:\n- name: u\n  user: {username: ann, password: x}\n");
  merge(config, parsed("current-context: b\ncontexts:\n- name: a\n  context: {cluster: c2, user: u}\n- name: b\n  "
                       "context: {cluster: c}\nclusters:\n- name: c\n  cluster: {server: https://second.test, "
                       "tls-server-name: x}\n- name: d\n  cluster: {server: https://d.test}\n"));
  merge(config, parsed("current-context: c\nusers:\n- name: u\n  user: {token: abc}\n- name: v\n"));
  CHECK(config.current_context == "b");
  REQUIRE(config.contexts.size() == 2);
  CHECK(config.contexts[0].cluster == "c1");
  CHECK(config.contexts[0].user == "");
  CHECK(config.contexts[1].name == "b");
  REQUIRE(config.clusters.size() == 2);
  CHECK(config.clusters[0].server == "https://first.test");
  CHECK(config.clusters[0].server_name == "");
  REQUIRE(config.users.size() == 2);
  CHECK(config.users[0].token.empty());
}

/// A file with one context of this name, which is the current one.
std::string context_named(const std::string& name) {
  return "current-context: " + name + "\ncontexts:\n- name: " + name + "\n  context: {cluster: " + name + "}\n";
}

TEST_CASE("the files that are meant") {
  const TempDirectory temp;
  std::filesystem::create_directory(temp / ".kube");
  write_file(temp / ".kube/config", context_named("home"));
  write_file(temp / "a", context_named("a"));
  write_file(temp / "b", context_named("b"));
  write_file(temp / "empty", "");
  write_file(temp / "broken", "users: [canary");
  write_file(temp / "shown", context_named("shown"), 0644);
  const std::string t = temp.path().native();
  struct Case {
    const char* what;
    std::vector<std::string> keys;  // the settings' files
    std::string variable;           // KUBECONFIG
    std::string contexts;           // or the error, without the folder
  };
  const Case cases[] = {
      {"the home's", {}, "", "home"},
      {"the variable's", {}, t + "/a", "a"},
      {"several, the first one's current context", {}, t + "/b:" + t + "/a", "b a"},
      {"twice, and with empty parts", {}, ":" + t + "/a::" + t + "/a:", "a"},
      {"one that is not there", {}, t + "/none:" + t + "/a", "a"},
      {"none that is there", {}, t + "/none", "nothing"},
      {"an empty file", {}, t + "/empty:" + t + "/a", "a"},
      {"a broken one costs all", {}, t + "/a:" + t + "/broken", "/broken: no YAML: line 1, column 1"},
      {"the settings' before the variable's", {t + "/b"}, t + "/a", "b"},
      {"several of the settings", {t + "/a", t + "/b"}, "", "a b"},
      {"one of the settings that is not there", {t + "/none"}, t + "/a", "/none: there is no such file"},
      {"one that others may read",
       {t + "/shown"},
       "",
       "/shown: others can read or write the file (mode 0644): chmod 600 it, after asking who has used it"},
      {"a folder", {t}, "", ": the file is not a regular file"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    Settings settings;
    if (c.keys.size() == 1) settings.add({"kubeconfig", c.keys[0], 1});
    if (c.keys.size() > 1) settings.add({"kubeconfigs", c.keys, 1});
    const Environment environment = [&](const char* name) -> std::optional<std::string> {
      if (name == std::string("HOME")) return t;
      if (name == std::string("KUBECONFIG")) return c.variable;
      return std::nullopt;
    };
    const auto config = read_kubeconfigs(settings, environment);
    if (!config) {
      CHECK(config.error().what == t + c.contexts);
      continue;
    }
    std::string names = *config ? "" : "nothing";
    if (*config) {
      CHECK((*config)->current_context == (*config)->contexts[0].name);
      for (const ContextEntry& context : (*config)->contexts) names += (names.empty() ? "" : " ") + context.name;
    }
    CHECK(names == c.contexts);
  }
}

}  // namespace
