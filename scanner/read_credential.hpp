#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "report/terminal.hpp"

/// Where a credential for a store is, as the configuration says it: never the credential itself.
namespace tokensweep {

/// An environment variable.
struct EnvironmentCredential {
  std::string variable;
  friend bool operator==(const EnvironmentCredential&, const EnvironmentCredential&) = default;
};

/// A file for its owner alone that holds the credential and perhaps a line break behind it.
struct FileCredential {
  std::filesystem::path file;
  friend bool operator==(const FileCredential&, const FileCredential&) = default;
};

/// A program that prints it: its name (looked for in PATH where it holds no slash) and its arguments.
struct CommandCredential {
  std::vector<std::string> arguments;  ///< at least one
  friend bool operator==(const CommandCredential&, const CommandCredential&) = default;
};

using CredentialRef = std::variant<EnvironmentCredential, FileCredential, CommandCredential>;

/// What bounds the wait for a command.
struct CredentialOptions {
  std::chrono::milliseconds deadline{30'000};  ///< after which it is killed, with what it started
  const std::atomic<bool>* stop = nullptr;     ///< Ctrl-C: not waited for any longer, where it is given
};

/// Reads the credential. It has to be one line of printable ASCII, so that it can stand in a request's header; line
/// breaks at its end are taken off. The bytes pass through memory that is wiped. A command runs without a shell, with
/// nothing to read, and what it writes to its standard error goes nowhere; it must end with 0.
///
/// An error (`misconfigured`) names the key (`token_file: …`), and nothing that stands behind it or in the file: a
/// token that was pasted in the wrong place would be on the screen. Whoever calls this puts the source's name in front.
Result<Secret> read_credential(const CredentialRef& reference, const Environment& environment,
                               const CredentialOptions& options = {});

}  // namespace tokensweep
