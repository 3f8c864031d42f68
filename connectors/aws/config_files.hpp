#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/environment.hpp"
#include "base/result.hpp"
#include "connectors/aws/config_text.hpp"

namespace tokensweep::aws {

/// What the two files say of one profile.
struct Profile {
  ConfigValues in_config;
  ConfigValues in_credentials;  ///< goes before

  /// A value, from whichever file has it; null where it is not there or empty.
  [[nodiscard]] const Secret* find(std::string_view key) const;
  /// The same for what is no secret: a region, a role, a file's name.
  [[nodiscard]] std::optional<std::string> text(std::string_view key) const;
};

/// `~/.aws/config` and `~/.aws/credentials`, or what AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE name.
class ConfigFiles {
 public:
  /// A file that is not there says nothing. `misconfigured` with the file's name for one that cannot be read, with the
  /// line where it is no such file, and for what is not its owner's alone: others may read the config, nothing else.
  static Result<ConfigFiles> read(const Environment& environment);

  /// Null where neither file has it.
  [[nodiscard]] const Profile* profile(std::string_view name) const;
  /// A `[sso-session …]` or `[services …]` section; null where it is not there.
  [[nodiscard]] const ConfigValues* sso_session(std::string_view name) const;
  [[nodiscard]] const ConfigValues* services(std::string_view name) const;

 private:
  template <class T>
  using ByName = std::map<std::string, T, std::less<>>;

  void add_config(ConfigSection section);

  ByName<Profile> profiles_;
  ByName<ConfigValues> sso_sessions_;
  ByName<ConfigValues> services_;
};

/// A value that is no secret, such as a section's `sso_region`; empty where it is not there or empty.
std::optional<std::string> text_of(const ConfigValues& values, std::string_view key);

/// An environment variable that is set and not empty.
std::optional<std::string> variable(const Environment& environment, const char* name);

}  // namespace tokensweep::aws
