#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/secret.hpp"

namespace tokensweep {

/// How a package manager presents a credential to a registry.
enum class AuthKind : std::uint8_t {
  token,        ///< `Authorization: Bearer`: _authToken, npmAuthToken, bunfig's token
  basic,        ///< `Authorization: Basic`: _auth, username + _password, npmAuthIdent
  certificate,  ///< a client certificate and key: named by path, or inline PEM
};

/// One credential in a package manager's file, with the registry that it is bound to. Readers of all formats yield it.
struct Credential {
  AuthKind auth = AuthKind::token;
  /// The key as the file's format names it, never the value: `//registry.corp.example/npm/:_authToken`,
  /// `npmScopes.acme.npmAuthToken`, `install.scopes.@acme.token`.
  std::string key;
  /// The registry's host, with a port that is not the scheme's default and with its path if it has one, no scheme and
  /// no slash at the end: `registry.corp.example:8443/npm`. Empty where the file does not bind the credential.
  std::optional<std::string> registry;
  /// The credential itself, decoded: the token, or the password (never `user:password`), or an inline private key.
  /// Empty for a reference, and for a certificate that is named by its path.
  Secret value;
  /// Of basic authentication; it is no secret by itself, and it is not stored.
  std::string username;
  /// `${NPM_TOKEN}` gives "NPM_TOKEN": the file holds a name, no value. Nothing is ever expanded from the environment.
  /// A value that mixes text and a reference (`npm_${HALF}`) is a reference too.
  std::optional<std::string> reference;
  /// 1-based line on which the value stands (its first line, where it has several).
  std::uint32_t line = 0;
  /// Another credential of this file wins over this one for the same registry (a later duplicate, a stronger kind).
  bool shadowed = false;
  /// Bound to no registry (legacy `_auth=` at top level): npm 9 and later refuse it, older clients and yarn 1 send it.
  bool unscoped = false;
  /// The package manager cannot see it: a key in an ini section, a registry spelled otherwise than npm spells it.
  bool inert = false;
  bool commented_out = false;
};

/// What a reader made of one file.
struct Reading {
  std::vector<Credential> credentials;
  /// Package scopes to registries, as the file maps them: `@acme` -> `registry.corp.example`. Empty scope: the default
  /// registry.
  std::vector<std::pair<std::string, std::string>> registries;
};

}  // namespace tokensweep
