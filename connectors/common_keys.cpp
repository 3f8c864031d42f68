#include "connectors/common_keys.hpp"

#include <array>

namespace tokensweep {
namespace {

constexpr std::array kNetwork = {
    KeySpec{.name = "concurrency",
            .kind = KeyKind::count,
            .summary = "how many requests may be under way at once",
            .most = 256},
    KeySpec{.name = "rate",
            .kind = KeyKind::rate,
            .summary = "requests a second; `\"service\"`, the default, keeps to the service's own limits"},
    KeySpec{.name = "ca_file",
            .kind = KeyKind::path,
            .summary = "certificates of the authorities to trust in place of the system's, PEM"},
    KeySpec{.name = "proxy", .kind = KeyKind::proxy, .summary = "the proxy to go through, http:// or socks5://"},
    KeySpec{.name = "timeout",
            .kind = KeyKind::count,
            .summary = "how many seconds the service may be silent, 30 by default; then the request is sent again",
            .most = 600},
};

constexpr std::array<KeySpec, 3> credentials(bool required) {
  return {
      KeySpec{.name = "token_env",
              .kind = KeyKind::variable,
              .summary = "the environment variable that holds the credential",
              .required = required,
              .one_of = "credential"},
      KeySpec{.name = "token_file",
              .kind = KeyKind::path,
              .summary = "the file that holds it, for its owner alone",
              .required = required,
              .one_of = "credential"},
      KeySpec{.name = "token_command",
              .kind = KeyKind::command,
              .summary = "a program and its arguments that print it; no shell is involved",
              .required = required,
              .one_of = "credential"},
  };
}

constexpr std::array kCredential = credentials(true);
constexpr std::array kOptionalCredential = credentials(false);

}  // namespace

std::span<const KeySpec> network_keys() { return kNetwork; }
std::span<const KeySpec> credential_keys() { return kCredential; }
std::span<const KeySpec> optional_credential_keys() { return kOptionalCredential; }

void apply_network_keys(const Settings& settings, ClientOptions& options) {
  options.tls.ca_file = settings.path("ca_file");
  if (settings.has("proxy")) options.proxy = settings.text("proxy");
  if (settings.has("timeout")) options.timeout = std::chrono::seconds(settings.count("timeout", 0));
}

}  // namespace tokensweep
