#include "connectors/aws/config_files.hpp"

#include <cstddef>
#include <filesystem>
#include <utility>
#include <vector>

#include "connectors/private_file.hpp"

namespace tokensweep::aws {
namespace {

namespace fs = std::filesystem;

// Generated files of large organisations have thousands of profiles, of some 200 bytes each.
constexpr std::size_t kLargestFile = std::size_t{4} << 20U;

/// Where a file is: as the variable says, `~/` below the home, else in `~/.aws`. Empty where there is no home.
fs::path path_of(const Environment& environment, const char* name, const char* usual) {
  const auto home = variable(environment, "HOME");
  if (auto named = variable(environment, name)) {
    if (!named->starts_with("~/")) return *named;
    return home ? fs::path(*home) / named->substr(2) : fs::path();
  }
  return home ? fs::path(*home) / ".aws" / usual : fs::path();
}

Result<std::vector<ConfigSection>> sections_of(const fs::path& file, Sharing sharing) {
  std::vector<ConfigSection> none;
  if (file.empty()) return none;
  const auto wrong = [&file](Error&& error) {
    return Error{ErrorKind::misconfigured, std::move(error).within(file.native()).what};
  };
  auto text = read_private_file(file, kLargestFile, sharing);
  if (!text) return wrong(std::move(text).error());
  if (!*text) return none;
  auto sections = read_config((*text)->view());
  if (!sections) return wrong(std::move(sections).error());
  return sections;
}

/// Of `kind NAME` or `kind "NAME"`, the name; empty for anything else.
std::string_view name_in(std::string_view section, std::string_view kind) {
  if (!section.starts_with(kind)) return {};
  section.remove_prefix(kind.size());
  const std::size_t begin = section.find_first_not_of(" \t");
  if (begin == 0 || begin == std::string_view::npos) return {};
  section = section.substr(begin, section.find_last_not_of(" \t") + 1 - begin);
  const char quote = section.front();
  if (quote == '"' || quote == '\'') {
    const bool is_quoted = section.size() > 2 && section.find(quote, 1) == section.size() - 1;
    return is_quoted ? section.substr(1, section.size() - 2) : std::string_view();
  }
  return section.find_first_of(" \t") == std::string_view::npos ? section : std::string_view();
}

const Secret* value_in(const ConfigValues& values, std::string_view key) {
  const auto found = values.find(key);
  return found == values.end() || found->second.empty() ? nullptr : &found->second;
}

template <class Map>
auto* find_in(Map& map, std::string_view name) {
  const auto found = map.find(name);
  return found == map.end() ? nullptr : &found->second;
}

}  // namespace

const Secret* Profile::find(std::string_view key) const {
  const Secret* const value = value_in(in_credentials, key);
  return value != nullptr ? value : value_in(in_config, key);
}

std::optional<std::string> Profile::text(std::string_view key) const {
  const Secret* const value = find(key);
  if (value == nullptr) return std::nullopt;
  return std::string(value->reveal());
}

Result<ConfigFiles> ConfigFiles::read(const Environment& environment) {
  ConfigFiles files;
  TRY(auto config, sections_of(path_of(environment, "AWS_CONFIG_FILE", "config"), Sharing::may_be_read));
  for (ConfigSection& section : config) files.add_config(std::move(section));
  const fs::path credentials_file = path_of(environment, "AWS_SHARED_CREDENTIALS_FILE", "credentials");
  TRY(auto credentials, sections_of(credentials_file, Sharing::none));
  for (ConfigSection& section : credentials) files.profiles_[section.name].in_credentials = std::move(section.values);
  return files;
}

void ConfigFiles::add_config(ConfigSection section) {
  if (section.name == "default") {
    profiles_["default"].in_config = std::move(section.values);
  } else if (const auto profile = name_in(section.name, "profile"); !profile.empty()) {
    profiles_[std::string(profile)].in_config = std::move(section.values);
  } else if (const auto session = name_in(section.name, "sso-session"); !session.empty()) {
    sso_sessions_[std::string(session)] = std::move(section.values);
  } else if (const auto services = name_in(section.name, "services"); !services.empty()) {
    services_[std::string(services)] = std::move(section.values);
  }
}

const Profile* ConfigFiles::profile(std::string_view name) const { return find_in(profiles_, name); }
const ConfigValues* ConfigFiles::sso_session(std::string_view name) const { return find_in(sso_sessions_, name); }
const ConfigValues* ConfigFiles::services(std::string_view name) const { return find_in(services_, name); }

std::optional<std::string> text_of(const ConfigValues& values, std::string_view key) {
  const Secret* const value = value_in(values, key);
  if (value == nullptr) return std::nullopt;
  return std::string(value->reveal());
}

std::optional<std::string> variable(const Environment& environment, const char* name) {
  auto value = environment(name);
  if (value && value->empty()) return std::nullopt;
  return value;
}

}  // namespace tokensweep::aws
