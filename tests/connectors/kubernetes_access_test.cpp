#include <doctest/doctest.h>

#include <string>

#include "connectors/kubernetes/cluster_access.hpp"
#include "connectors/kubernetes/pod.hpp"
#include "tests/connectors/kubernetes_rig.hpp"
#include "tests/support/temp_directory.hpp"
#include "tests/support/tokens.hpp"

namespace {

using namespace tokensweep;
using namespace tokensweep::kubernetes;
using tokensweep::kubernetes::testing::Arrival;
using tokensweep::kubernetes::testing::Behaviour;
using tokensweep::kubernetes::testing::Machine;
using tokensweep::testing::base64;
using tokensweep::testing::read_file;
using tokensweep::testing::TempDirectory;
using tokensweep::testing::write_file;

using Lines = std::vector<std::string>;

/// A kubeconfig of one context, "prod".
std::string kubeconfig(const std::string& cluster, const std::string& user) {
  return "current-context: prod\ncontexts:\n- name: prod\n  context: {cluster: c, user: u, namespace: "
         "web}\nclusters:\n- name: c\n  cluster: {" +
         cluster + "}\nusers:\n- name: u\n  user: {" + user + "}\n";
}

const std::string kServer = "server: 'https://kube.corp.example:6443'";

/// A machine with this kubeconfig, named by the settings.
struct Home {
  explicit Home(
      const std::string& text, Behaviour behaviour = [](const Arrival&) { return 200; })
      : machine(std::move(behaviour)) {
    write_file(temp / "config", text);
    machine.settings.add({"kubeconfig", (temp / "config").native(), 1});
  }
  /// An outcome without the folder's name.
  std::string ask(unsigned times = 1) {
    std::string outcome = machine.ask(times);
    const std::string folder = temp.path().native() + "/";
    for (std::size_t at = 0; (at = outcome.find(folder)) != std::string::npos;) outcome.erase(at, folder.size());
    return outcome;
  }
  TempDirectory temp;
  Machine machine;
};

TEST_CASE("a client has what the kubeconfig and the settings say") {
  Home home(kubeconfig("server: 'https://kube.corp.example/k8s/c-1/', certificate-authority-data: " + base64("CA") +
                           ", tls-server-name: kubernetes, proxy-url: 'socks5://proxy.test'",
                       "token: abc, client-certificate-data: " + base64("CERT") +
                           ", client-key: key, as: ann, "
                           "as-uid: '7', as-groups: [ops, dev], as-user-extra: {'Acme.com/Scopes': [view, edit]}"));
  write_file(home.temp / "key", "KEY");
  home.machine.settings.add({"ca_file", std::string("/ca.pem"), 2});
  home.machine.settings.add({"proxy", std::string("http://other.test"), 3});
  CHECK(home.ask() == "200");
  REQUIRE(home.machine.clients.made.size() == 1);
  const auto& made = home.machine.clients.made[0];
  CHECK(made.name == "prod");
  CHECK(made.origin == "https://kube.corp.example");
  CHECK(made.ca_pem == "CA");
  CHECK(made.ca_file == "");
  CHECK(made.server_name == "kubernetes");
  CHECK(made.proxy == "socks5://proxy.test");
  CHECK(made.certificate == "CERT");
  CHECK(made.key == "KEY");
  CHECK(home.machine.clients.arrivals.at(0).target == "/k8s/c-1/api/v1/secrets");
  CHECK(home.machine.clients.arrivals.at(0).proofs ==
        Lines{"Authorization: Bearer abc", "Impersonate-User: ann", "Impersonate-Uid: 7", "Impersonate-Group: ops",
              "Impersonate-Group: dev", "Impersonate-Extra-acme.com%2Fscopes: view",
              "Impersonate-Extra-acme.com%2Fscopes: edit"});
  const auto found = home.machine.accesses();
  REQUIRE(found);
  const Cluster& cluster = found->usable.at(0)->cluster();
  CHECK(cluster.context == "prod");
  CHECK(cluster.authority.size() == 64);
  CHECK(cluster.namespaces == Lines{"web"});
}

TEST_CASE("where a kubeconfig names neither authority nor proxy, the settings do") {
  Home home(kubeconfig(kServer + ", insecure-skip-tls-verify: true", "username: ann, password: 'x:y'"));
  home.machine.settings.add({"ca_file", std::string("/ca.pem"), 2});
  home.machine.settings.add({"proxy", std::string("http://other.test"), 3});
  CHECK(home.ask() == "200");
  const auto& made = home.machine.clients.made.at(0);
  CHECK(made.ca_file == "/ca.pem");
  CHECK(made.proxy == "http://other.test");
  CHECK(home.machine.clients.arrivals.at(0).proofs == Lines{"Authorization: Basic " + base64("ann:x:y")});
}

TEST_CASE("what cannot be used is said in one line, with the file and the context, and not quoted") {
  const struct {
    const char* what;
    std::string cluster;
    std::string user;
    std::string says;
  } cases[] = {
      {"an unverified server", kServer + ", insecure-skip-tls-verify: true", "token: canary",
       "insecure-skip-tls-verify: a credential never goes to a server that is not verified: name its authority in "
       "certificate-authority or ca_file"},
      {"no server", "tls-server-name: canary", "", "server: the cluster names none"},
      {"a server that is none", "server: 'https://canary@kube.test'", "",
       "server: expected an address such as https://kube.corp.example:6443"},
      {"a server with a query", "server: 'https://kube.test/?canary'", "",
       "server: expected an address such as https://kube.corp.example:6443"},
      {"a server elsewhere without TLS", "server: 'http://canary.test'", "",
       "server: without TLS, only this machine is asked: use https"},
      {"a credential without TLS", "server: 'http://127.0.0.1:8001'", "token: canary",
       "server: a credential is sent by https alone, and the user has one"},
      {"a broken cluster", kServer + ", certificate-authority-data: canary!", "",
       "cluster: certificate-authority-data: is no base64"},
      {"a broken user", kServer, "token: [canary]", "user: token: expected a text"},
      {"no authority's file", kServer + ", certificate-authority: canary", "",
       "certificate-authority: there is no such file"},
      {"an authority that others can change", kServer + ", certificate-authority: changeable", "",
       "certificate-authority: others can write the file (mode 0622): chmod 600 it, after asking who has used it"},
      {"no certificate's file", kServer, "client-certificate: canary, client-key: canary",
       "client-certificate: there is no such file"},
      {"a key that others may read", kServer, "client-certificate-data: QQ==, client-key: shown",
       "client-key: others can read or write the file (mode 0644): chmod 600 it, after asking who has used it"},
      {"no token's file", kServer, "tokenFile: canary", "tokenFile: there is no such file"},
      {"a token's file elsewhere", kServer, "tokenFile: /etc/passwd",
       "tokenFile: is outside the kubeconfig's folder: move it below that folder"},
      {"one that only looks near", kServer, "tokenFile: sub/../../canary",
       "tokenFile: is outside the kubeconfig's folder: move it below that folder"},
      {"one that is no token", kServer, "tokenFile: letter",
       "tokenFile: holds no token, which is one line without blanks"},
      {"a command", kServer,
       "exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: sh, args: [-c, canary]}",
       "exec: no command that a kubeconfig names is run but the usual credential plugins: to have this one run, list "
       "its name or path in allow_exec"},
      {"an older helper", kServer, "auth-provider: {name: canary}",
       "user: auth-provider is not supported: let `exec` name the provider's credential plugin"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    Home home(kubeconfig(c.cluster, c.user));
    write_file(home.temp / "changeable", "CA", 0622);
    write_file(home.temp / "shown", "KEY", 0644);
    write_file(home.temp / "letter", "-----BEGIN canary\ncanary\n");
    CHECK(home.ask() == "config: context prod: " + c.says);
    CHECK(home.machine.clients.arrivals.empty());
  }
}

const std::string kMany = R"(
contexts:
- {name: a, context: {cluster: c, user: u, namespace: web}}
- {name: b, context: {cluster: d, user: u, namespace: shop}}
- {name: other path, context: {cluster: e, user: u}}
- {name: no cluster, context: {cluster: none, user: u}}
- {name: no user, context: {cluster: c, user: none}}
- {name: other user, context: {cluster: c, user: v, namespace: web}}
- {name: nobody, context: {cluster: c}}
- {name: other authority, context: {cluster: f, user: u}}
clusters:
- {name: c, cluster: {server: 'https://one.test:443'}}
- {name: d, cluster: {server: 'https://ONE.test/'}}
- {name: e, cluster: {server: 'https://one.test/e'}}
- {name: f, cluster: {server: 'https://one.test', certificate-authority-data: QQ==}}
users:
- {name: u, user: {token: abc}}
- {name: v, user: {token: abc}}
)";

TEST_CASE("contexts that mean the same are one, and one that is broken costs the others nothing") {
  Home home(kMany);
  home.machine.settings.add({"contexts", Lines{"*"}, 2});
  const auto found = home.machine.accesses();
  REQUIRE(found);
  Lines lines;
  for (const auto& access : found->usable) {
    const Cluster& cluster = access->cluster();
    std::string line = cluster.context;
    for (const std::string& other : cluster.other_contexts) line += "+" + other;
    line += " " + to_string(cluster.at("/x"));
    for (const std::string& each : cluster.namespaces) line += " " + each;
    lines.push_back(line);
  }
  CHECK(lines == Lines{"a+b https://one.test/x web shop", "other path https://one.test/e/x",
                       "other user https://one.test/x web", "nobody https://one.test/x",
                       "other authority https://one.test/x"});
  REQUIRE(found->unusable.size() == 2);
  const std::string file = (home.temp / "config").native();
  CHECK(found->unusable[0].context == "no cluster");
  CHECK(found->unusable[0].why.what == file + ": context no cluster: its cluster is in none of the kubeconfigs");
  CHECK(found->unusable[1].context == "no user");
  CHECK(found->unusable[1].why.what == file + ": context no user: its user is in none of the kubeconfigs");
}

TEST_CASE("which contexts are meant") {
  const struct {
    const char* what;
    std::string config;
    Lines contexts;
    std::string outcome;  // the contexts, or the error
  } cases[] = {
      {"the current one", "current-context: nobody\n" + kMany, {}, "nobody"},
      {"none is current", kMany, {}, "the kubeconfig has no current context: name some in contexts"},
      {"the current one is not there", "current-context: z\n" + kMany, {}, "the kubeconfig has no context z"},
      {"some, in the settings' order", kMany, {"other user", "a"}, "other user a"},
      {"one that is not there", kMany, {"a", "y"}, "the kubeconfig has no context y"},
      {"all of none", "users: []", {"*"}, "the kubeconfig has no contexts"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    Home home(c.config);
    if (!c.contexts.empty()) home.machine.settings.add({"contexts", c.contexts, 2});
    const auto found = home.machine.accesses();
    std::string names;
    if (found) {
      for (const auto& access : found->usable) names += (names.empty() ? "" : " ") + access->cluster().context;
    }
    CHECK((found ? names : found.error().what) == c.outcome);
  }
}

TEST_CASE("nothing that says which cluster") {
  Machine machine;
  const TempDirectory temp;
  machine.variables["HOME"] = temp.path().native();
  CHECK(machine.ask() == "no kubeconfig: name one with kubeconfig or $KUBECONFIG, or put it at ~/.kube/config");
  machine.settings.add({"in_cluster", true, 1});
  CHECK(machine.ask() == "in_cluster: this is no pod of a cluster");
}

/// A plugin that speaks the protocol: it counts its runs, keeps what it was told, and prints a token with the number.
std::string plugin_script(const std::string& status) {
  return "#!/bin/sh\necho run >> \"$0.runs\"\nn=$(wc -l < \"$0.runs\" | tr -d ' ')\nprintf '%s' "
         "\"$KUBERNETES_EXEC_INFO\" "
         "> \"$0.info\"\nprintf '{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\","
         "\"status\":{" +
         status + "}}' $n\n";
}

std::string plugin_user(const std::string& more = {}) {
  return "exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: IfAvailable, provideClusterInfo: true, "
         "command: ./plugin, env: [{name: PLUGIN_TEST, value: x}]}" +
         more;
}

struct PluginHome : Home {
  PluginHome(
      const std::string& script, const std::string& user, Behaviour behaviour = [](const Arrival&) { return 200; })
      : Home(kubeconfig(kServer + ", certificate-authority-data: " + base64("CA"), user), std::move(behaviour)) {
    write_file(temp / "plugin", script, 0700);
    machine.settings.add({"allow_exec", Lines{(temp / "plugin").native()}, 2});
  }
  [[nodiscard]] std::size_t runs() const { return read_file(temp / "plugin.runs").size() / 4; }
};

TEST_CASE("a plugin runs once, and again when its token is refused, once") {
  PluginHome home(plugin_script(R"("token":"token-%s")"), plugin_user(", as: ann"), [](const Arrival& arrival) {
    return arrival.proofs.at(0) == "Authorization: Bearer token-1" ? 401 : 200;
  });
  CHECK(home.ask(3) == "200");
  CHECK(home.runs() == 2);
  Lines proofs;
  for (const Arrival& arrival : home.machine.clients.arrivals) proofs.push_back(arrival.proofs.at(0));
  CHECK(proofs == Lines{"Authorization: Bearer token-1", "Authorization: Bearer token-2",
                        "Authorization: Bearer token-2", "Authorization: Bearer token-2"});
  CHECK(home.machine.clients.arrivals.back().proofs.at(1) == "Impersonate-User: ann");
  CHECK(home.machine.clients.made.size() == 1);
  CHECK(read_file(home.temp / "plugin.info") ==
        R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","spec":{"interactive":false,)"
        R"("cluster":{"server":"https://kube.corp.example:6443","certificate-authority-data":")" +
            base64("CA") + R"("}}})");
}

TEST_CASE("a plugin whose tokens are all refused ends the source") {
  PluginHome home(plugin_script(R"("token":"token-%s")"), plugin_user(), [](const Arrival&) { return 401; });
  CHECK(home.ask(3) == "prod: https://kube.corp.example:6443 does not accept the credential (HTTP 401)");
  CHECK(home.runs() == 2);
  CHECK(home.machine.clients.arrivals.size() == 2);
}

TEST_CASE("a token that expires is had again before it is used") {
  PluginHome home(plugin_script(R"("token":"token-%s","expirationTimestamp":"2999-01-01T00:00:00Z")"), plugin_user());
  CHECK(home.ask(3) == "200");
  CHECK(home.runs() == 1);
  // It says that it has expired: this machine's clock may be wrong, and the cluster knows better.
  PluginHome expired(plugin_script(R"("token":"token-%s","expirationTimestamp":"2001-01-01T00:00:00Z")"),
                     plugin_user());
  CHECK(expired.ask(3) == "200");
  CHECK(expired.runs() == 1);
}

TEST_CASE("another certificate of a plugin means other connections") {
  PluginHome home(plugin_script(R"("clientCertificateData":"CERT-%s","clientKeyData":"KEY")"), plugin_user(),
                  [](const Arrival& arrival) { return arrival.client == 0 ? 401 : 200; });
  CHECK(home.ask(2) == "200");
  CHECK(home.runs() == 2);
  REQUIRE(home.machine.clients.made.size() == 2);
  CHECK(home.machine.clients.made[0].certificate == "CERT-1");
  CHECK(home.machine.clients.made[1].certificate == "CERT-2");
  CHECK(home.machine.clients.arrivals.size() == 3);
}

TEST_CASE("the same certificate again does not help, and is not tried for ever") {
  PluginHome home(plugin_script(R"("clientCertificateData":"CERT","clientKeyData":"KEY")"), plugin_user(),
                  [](const Arrival&) { return 401; });
  CHECK(home.ask(2) == "prod: https://kube.corp.example:6443 does not accept the credential (HTTP 401)");
  PluginHome others(plugin_script(R"("clientCertificateData":"CERT-%s","clientKeyData":"KEY")"), plugin_user(),
                    [](const Arrival&) { return 401; });
  CHECK(others.ask(1).starts_with("prod: "));
  CHECK(others.runs() <= 4);
}

TEST_CASE("what the kubeconfig has itself goes before its plugin") {
  PluginHome token(plugin_script(R"("token":"token-%s")"), plugin_user(", token: abc"));
  CHECK(token.ask() == "200");
  CHECK(token.runs() == 0);
  CHECK(token.machine.clients.arrivals.at(0).proofs == Lines{"Authorization: Bearer abc"});
  PluginHome certificate(
      plugin_script(R"("clientCertificateData":"CERT-%s","clientKeyData":"KEY","token":"t")"),
      plugin_user(", client-certificate-data: " + base64("OWN") + ", client-key-data: " + base64("OWN KEY")));
  CHECK(certificate.ask() == "200");
  CHECK(certificate.runs() == 1);
  CHECK(certificate.machine.clients.made.at(0).certificate == "OWN");
  CHECK(certificate.machine.clients.arrivals.at(0).proofs == Lines{"Authorization: Bearer t"});
}

TEST_CASE("a plugin that fails says how, in one line without what it printed") {
  const struct {
    const char* what;
    std::string script;
    std::string says;
  } cases[] = {
      {"a status", "#!/bin/sh\necho canary; echo canary >&2; exit 3\n",
       "ended with status 3: run it by hand to see why"},
      {"no credential", "#!/bin/sh\necho canary\n", "prints no JSON: byte 1"},
      {"another version", plugin_script("").replace(plugin_script("").find("k8s.io/v1\""), 10, "k8s.io/v2\""),
       "answers in another apiVersion than the kubeconfig says"},
      {"no end", "#!/bin/sh\nyes canary\n", "prints more than a credential"},
      {"no program", "canary", "cannot be started: Exec format error"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    PluginHome home(c.script, plugin_user());
    CHECK(home.ask() == "config: context prod: exec: " + c.says);
  }
}

TEST_CASE("a pod's own cluster") {
  const TempDirectory account;
  const std::string folder = account.path().native();
  std::map<std::string, std::string> variables = {{"KUBERNETES_SERVICE_HOST", "10.0.0.1"},
                                                  {"KUBERNETES_SERVICE_PORT", "443"}};
  const Environment environment = [&variables](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
  const auto without = pod_kubeconfig(environment, account.path());
  REQUIRE(!without);
  CHECK(without.error().what.starts_with("in-cluster: this pod has no service account's token"));
  write_file(account / "token", "abc", 0644);
  write_file(account / "namespace", "web\n", 0644);
  auto pod = pod_kubeconfig(environment, account.path());
  REQUIRE(pod);
  REQUIRE(pod->has_value());
  const Kubeconfig& config = **pod;
  CHECK(config.current_context == "in-cluster");
  CHECK(config.contexts.at(0).default_namespace == "web");
  CHECK(config.clusters.at(0).server == "https://10.0.0.1:443");
  CHECK(config.clusters.at(0).authority.file == folder + "/ca.crt");
  CHECK(config.users.at(0).token_file == folder + "/token");
  variables["KUBERNETES_SERVICE_HOST"] = "fd00::1";
  CHECK((*pod_kubeconfig(environment, account.path()))->clusters.at(0).server == "https://[fd00::1]:443");
  variables.erase("KUBERNETES_SERVICE_PORT");
  CHECK(!pod_kubeconfig(environment, account.path())->has_value());
}

}  // namespace
