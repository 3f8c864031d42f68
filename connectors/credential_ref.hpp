#pragma once

#include <filesystem>
#include <string>
#include <variant>
#include <vector>

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

}  // namespace tokensweep
