#include "connectors/kubernetes/exec_plugin.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <filesystem>
#include <utility>
#include <vector>

#include "base/base64.hpp"
#include "base/time.hpp"
#include "connectors/json_document.hpp"

namespace tokensweep::kubernetes {
namespace {

namespace json = boost::json;

/// Some ask a browser's session or a cloud's servers first.
constexpr std::chrono::seconds kDeadline{60};
constexpr std::size_t kLongestHint = 300;
constexpr std::string_view kVersions[] = {"client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"};

/// A usual plugin, and the words behind one another among its arguments that make it give a credential and nothing
/// else.
struct UsualPlugin {
  std::string_view command;
  std::vector<std::string_view> words;
};

const std::array<UsualPlugin, 6>& usual_plugins() {
  static const std::array<UsualPlugin, 6> kUsual = {{
      {"aws", {"eks", "get-token"}},
      {"aws-iam-authenticator", {"token"}},
      {"doctl", {"kubernetes", "cluster", "kubeconfig", "exec-credential"}},
      {"gke-gcloud-auth-plugin", {}},
      {"kubelogin", {"get-token"}},
      {"oci", {"ce", "cluster", "generate-token"}},
  }};
  return kUsual;
}

/// Variables that choose an account, a region or a way to log in, and name no file, address or program.
constexpr std::string_view kHarmlessVariables[] = {
    "AAD_LOGIN_METHOD",
    "AWS_DEFAULT_REGION",
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_STS_REGIONAL_ENDPOINTS",
    "AZURE_CLIENT_ID",
    "AZURE_TENANT_ID",
    "CLOUDSDK_ACTIVE_CONFIG_NAME",
    "CLOUDSDK_CORE_ACCOUNT",
    "CLOUDSDK_CORE_PROJECT",
    "OCI_CLI_AUTH",
    "OCI_CLI_PROFILE",
    "OCI_CLI_REGION",
    "USE_GKE_GCLOUD_AUTH_PLUGIN",
};

Error misconfigured(std::string what) { return {ErrorKind::misconfigured, std::move(what)}; }

template <class Range, class Value>
bool holds(const Range& range, const Value& value) {
  return std::find(std::begin(range), std::end(range), value) != std::end(range);
}

Result<> check_usual(const ExecPlugin& plugin) {
  const auto& usual = usual_plugins();
  const auto* const known = std::find_if(usual.begin(), usual.end(),
                                         [&plugin](const UsualPlugin& one) { return one.command == plugin.command; });
  if (known == usual.end()) {
    return misconfigured(
        "no command that a kubeconfig names is run but the usual credential plugins: to have this one run, list its "
        "name or path in allow_exec");
  }
  const auto& arguments = plugin.arguments;
  const bool gets_credential =
      std::search(arguments.begin(), arguments.end(), known->words.begin(), known->words.end()) != arguments.end();
  if (!gets_credential && !known->words.empty()) {
    return misconfigured("its arguments do more than to get a credential: to have it run, list its name in allow_exec");
  }
  const bool harmless = std::all_of(plugin.variables.begin(), plugin.variables.end(),
                                    [](const auto& variable) { return holds(kHarmlessVariables, variable.first); });
  if (!harmless) {
    return misconfigured(
        "it sets variables that do more than to choose an account or a region: to have it run with them, list its "
        "name in allow_exec");
  }
  return {};
}

/// A hint without terminal escapes, on one line.
std::string plain_hint(std::string_view hint) {
  std::string plain;
  while (!hint.empty() && plain.size() < kLongestHint) {
    if (hint.starts_with("\x1b[")) {
      const std::size_t end = hint.find_first_not_of("0123456789;?", 2);
      hint.remove_prefix(end == std::string_view::npos ? hint.size() : end + 1);
      continue;
    }
    const char c = hint.front();
    const bool is_blank = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (is_blank && !plain.empty() && plain.back() != ' ') plain.push_back(' ');
    if (!is_blank && (c < 0 || c > ' ') && c != '\x7f') plain.push_back(c);
    hint.remove_prefix(1);
  }
  while (plain.ends_with(' ')) plain.pop_back();
  return plain;
}

bool is_executable(const std::string& file) {
  struct stat status {};
  return ::stat(file.c_str(), &status) == 0 && S_ISREG(status.st_mode) && ::access(file.c_str(), X_OK) == 0;
}

/// The file that a command means; empty where there is none.
std::string find_command(const std::string& command, const Environment& environment) {
  if (command.starts_with('/')) return is_executable(command) ? command : std::string();
  const std::string path = environment("PATH").value_or("");
  std::string_view rest = path;
  while (!rest.empty()) {
    const std::string_view folder = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(rest.size(), folder.size() + 1));
    if (!folder.starts_with('/')) continue;
    std::string file = (std::filesystem::path(folder) / command).native();
    if (is_executable(file)) return file;
  }
  return {};
}

Result<> check_owner(const std::string& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) return misconfigured("cannot be looked at");
  const bool is_ours = status.st_uid == ::geteuid() || status.st_uid == 0;
  if (is_ours && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0) return {};
  return misconfigured("others can change it: it has to belong to root or to you, and chmod go-w");
}

/// `"name":value`, where the value may be secret.
void append_member(WipedText& out, std::string_view name, std::string_view value) {
  std::string quoted = json::serialize(json::string_view(value));
  out.append(out.view().ends_with('{') ? "\"" : ",\"");
  out.append(name);
  out.append("\":");
  out.append(quoted);
  wipe(quoted.data(), quoted.size());
}

/// The value of KUBERNETES_EXEC_INFO.
Secret exec_info(const ExecPlugin& plugin, const ClusterEntry& cluster, std::string_view authority) {
  WipedText out("{");
  append_member(out, "kind", "ExecCredential");
  append_member(out, "apiVersion", plugin.api_version);
  out.append(R"(,"spec":{"interactive":false)");
  if (plugin.wants_cluster) {
    out.append(R"(,"cluster":{)");
    append_member(out, "server", cluster.server);
    if (!cluster.server_name.empty()) append_member(out, "tls-server-name", cluster.server_name);
    if (!authority.empty()) {
      WipedText encoded;
      append_base64(encoded, authority);
      append_member(out, "certificate-authority-data", encoded.view());
    }
    if (!cluster.proxy.empty()) append_member(out, "proxy-url", cluster.proxy.reveal());
    if (cluster.disables_compression) out.append(R"(,"disable-compression":true)");
    if (!cluster.plugin_settings.empty()) out.append(R"(,"config":)");
    out.append(cluster.plugin_settings);
    out.append("}");
  }
  out.append("}}");
  return Secret(out.view());
}

/// A text member of an object, if it has one. Fails for another type.
Result<std::string_view> text_of(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains(name);
  if (value == nullptr || value->is_null()) return std::string_view();
  if (!value->is_string()) return misconfigured(std::string("in what it prints, ") + std::string(name) + " is no text");
  return std::string_view(value->get_string());
}

bool fits_in_header(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

}  // namespace

Result<ProcessRun> plugin_run(const ExecPlugin& plugin, const ClusterEntry& cluster, std::string_view authority,
                              std::span<const std::string> allowed, const Environment& environment) {
  if (!holds(kVersions, plugin.api_version)) {
    return misconfigured("apiVersion: only client.authentication.k8s.io/v1 and v1beta1 are known");
  }
  if (plugin.interactive == ExecPlugin::Interactive::always) {
    return misconfigured("interactiveMode: it wants to ask somebody, and a sweep has nobody to answer");
  }
  if (!holds(allowed, plugin.command)) TRY_VOID(check_usual(plugin));
  std::string file = find_command(plugin.command, environment);
  if (file.empty()) {
    const std::string hint = plain_hint(plugin.install_hint);
    return misconfigured("its command is not there" + (hint.empty() ? std::string() : ": " + hint));
  }
  TRY_VOID(check_owner(file));

  ProcessRun run;
  run.arguments.push_back(std::move(file));
  run.arguments.insert(run.arguments.end(), plugin.arguments.begin(), plugin.arguments.end());
  for (const auto& [name, value] : plugin.variables) run.variables.emplace_back(name, Secret(value.reveal()));
  run.variables.emplace_back("KUBERNETES_EXEC_INFO", exec_info(plugin, cluster, authority));
  run.deadline = kDeadline;
  return run;
}

Result<PluginCredential> parse_plugin_credential(std::string_view printed, std::string_view api_version) {
  auto parsed = parse_json(printed);
  if (!parsed) return misconfigured("prints " + std::move(parsed).error().what);
  const json::object* const object = parsed->if_object();
  const json::value* const status = object == nullptr ? nullptr : object->if_contains("status");
  if (status == nullptr || !status->is_object()) return misconfigured("prints no ExecCredential");
  TRY(const std::string_view kind, text_of(*object, "kind"));
  TRY(const std::string_view version, text_of(*object, "apiVersion"));
  if (kind != "ExecCredential") return misconfigured("prints no ExecCredential");
  if (version != api_version) return misconfigured("answers in another apiVersion than the kubeconfig says");

  const json::object& given = status->get_object();
  TRY(const std::string_view token, text_of(given, "token"));
  TRY(const std::string_view certificates, text_of(given, "clientCertificateData"));
  TRY(const std::string_view key, text_of(given, "clientKeyData"));
  TRY(const std::string_view expires, text_of(given, "expirationTimestamp"));
  if (token.empty() && certificates.empty() && key.empty())
    return misconfigured("prints neither token nor certificate");
  if (certificates.empty() != key.empty()) return misconfigured("prints a certificate without a key, or the reverse");
  if (!fits_in_header(token)) return misconfigured("prints a blank or a character that no token has");
  PluginCredential credential;
  credential.token = Secret(token);
  if (!key.empty()) {
    credential.certificate.emplace();
    credential.certificate->certificates = Secret(certificates);
    credential.certificate->key = Secret(key);
  }
  if (!expires.empty()) {
    credential.expires = parse_time(expires);
    if (!credential.expires) return misconfigured("in what it prints, expirationTimestamp is no time");
  }
  return credential;
}

}  // namespace tokensweep::kubernetes
