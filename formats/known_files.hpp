#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace tokensweep {

/// How a file is read.
enum class FileFormat : std::uint8_t {
  npmrc,
  yarnrc_yml,
  yarnrc,
  pnpm_config,
  bunfig,
  text,  ///< no package manager's format: the rules alone
};

/// What a file is for, by its name. Classification builds on it.
enum class Place : std::uint8_t {
  user_config,     ///< one person's or machine's settings
  project_config,  ///< lies beside the code (an `.npmrc` may be either: the directory decides, not the name)
  ci_config,
  shell,  ///< profiles and histories
  log,
  container,
  infrastructure,
  other,
};

struct KnownFile {
  FileFormat format = FileFormat::text;
  Place place = Place::other;
};

/// Whether a file is read by default, judged by its name and the names of the two directories above it (empty where
/// there are none). It is asked for every entry of every directory: a name that is not known costs a few nanoseconds.
std::optional<KnownFile> default_format(std::string_view name, std::string_view parent,
                                        std::string_view grandparent) noexcept;

/// The same knowledge for people: `.npmrc*`, `pnpm/auth.ini`, `*.tfvars`. One `*` stands for any text in a name.
std::span<const std::string_view> default_names() noexcept;

}  // namespace tokensweep
