#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/model.hpp"

namespace tokensweep {

/// What a file that holds a token is for.
enum class FileUse : std::uint8_t {
  settings,        ///< a package manager's settings, a shell's profile, a log: says nothing about what the token may do
  build,           ///< a CI file or a Dockerfile: its commands tell
  infrastructure,  ///< Terraform state and variables: what it configures is not a person's
};

/// What a file shows of the tokens in it.
struct FileEvidence {
  FileUse use = FileUse::settings;
  bool personal = false;    ///< it lies in somebody's home directory
  bool publishes = false;   ///< build: one of its commands publishes
  bool installs = false;    ///< build: one of its commands installs
  std::string package;      ///< name of the package that the directory holds, where it can be published; else empty
  std::optional<int> rank;  ///< of that package by downloads, where it is on the list of the most downloaded
  std::string rank_date;    ///< the list's date, `2026-03-01`
};

/// A class that can be defended.
struct Verdict {
  Class klass = Class::B;
  Confidence confidence = Confidence::assumed;
  std::string reason;  ///< one sentence
  ScopeFlags flags;
};

/// Class, confidence and reason of a token in a file. Pure: the same evidence gives the same verdict.
/// A: publishes a package among the 1,000 most downloaded; B: publishes another, or nobody can tell; C: only installs;
/// D: a developer's own. Where two fit, the stricter one.
Verdict classify(const FileEvidence& evidence);

/// Whether the commands of a CI file or Dockerfile publish or install packages. Comment lines do not count.
struct Commands {
  bool publishes = false;
  bool installs = false;
};
Commands commands_in(std::string_view text);

}  // namespace tokensweep
