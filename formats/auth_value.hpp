#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/secret.hpp"

/// What the readers share: how package managers spell references to the environment, basic authentication and registry
/// addresses. Pure; nothing is ever looked up.
namespace tokensweep {

/// Whose syntax for "take it from the environment" a file follows.
enum class Expansion {
  npm,   ///< `${NAME}`, `${NAME?}`, a backslash before it escapes; and pnpm's `${NAME:-default}`, `${NAME-default}`
  yarn,  ///< `${NAME}`, `${NAME:-default}`, `${NAME-default}`, nested; `\$ \} \\` escape
  bun,   ///< `${NAME}` anywhere, `$NAME` where it is the whole value
};

/// A value as a file holds it.
struct StoredText {
  /// The text that is on disk. Empty if some part of the value comes from the environment and has no default; with
  /// defaults, the value that they give.
  Secret text;
  /// The first variable that is named.
  std::optional<std::string> reference;
};

/// Tells what of `text` is stored here, and what is a reference.
StoredText read_stored_text(std::string_view text, Expansion expansion);

/// The two halves of basic authentication.
struct BasicAuth {
  std::string username;
  Secret password;
};

/// `_auth`, `npmAuthIdent`: base64 of `user:password`. What does not decode to such a text is kept whole, as the
/// password.
BasicAuth decode_basic_auth(std::string_view encoded);

/// `user:password` as plain text, split at the first colon; without a colon, all of it is the password.
BasicAuth split_basic_auth(std::string_view text);

/// `_password`: base64. What is no base64 of a text is kept as it stands. A line break at the end (`echo … | base64`)
/// is dropped: without it, the same password has one fingerprint everywhere.
Secret decode_password(std::string_view encoded);

/// A registry's address, taken apart.
struct RegistryUrl {
  /// As Credential::registry: host in lower case, no default port, path without a slash at its end. Empty if the host
  /// comes from the environment.
  std::string name;
  /// What stood before the `@`, percent-decoded; the password's reference is the credential's.
  std::string username;
  StoredText password;
  [[nodiscard]] bool has_credential() const { return !password.text.empty() || password.reference.has_value(); }
};

/// Reads `https://user:password@host:port/path/`. Nothing if it names no host and holds no credential.
/// A lone user name that is as long as a token is taken for one.
std::optional<RegistryUrl> read_registry_url(std::string_view url, Expansion expansion);

/// What npm calls a nerf-dart, the registry before the last colon of `//host/path/:_authToken`.
struct NerfDart {
  /// As Credential::registry; nothing if no host stands there, or one from the environment.
  std::optional<std::string> registry;
  /// npm finds a key only where it is spelled as npm itself spells it: `//`, lower case, no default port, no user info.
  bool found_by_npm = false;
};
NerfDart read_nerf_dart(std::string_view text);

/// The text without `user:password@` behind a `//`: keys are shown, and some people write a password into one.
std::string without_userinfo(std::string_view text);

}  // namespace tokensweep
