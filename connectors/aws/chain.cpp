#include "connectors/aws/chain.hpp"

#include <charconv>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "base/wiped_text.hpp"
#include "connectors/aws/metadata.hpp"
#include "connectors/aws/process.hpp"
#include "connectors/aws/sso.hpp"
#include "connectors/aws/sts.hpp"

namespace tokensweep::aws {
namespace {

using Provider = std::shared_ptr<KeyProvider>;
/// Null where this is not where keys come from.
using Found = Result<Provider>;

constexpr int kShortestRole = 900;
constexpr int kLongestRole = 43'200;
const Profile kNoProfile;

Error misconfigured(std::string what) { return {ErrorKind::misconfigured, std::move(what)}; }

/// The profile's own words, for messages: names come from files.
std::string called(std::string_view profile) { return "profile " + printable(profile); }

std::optional<Secret> copied(const Secret* secret) {
  if (secret == nullptr) return std::nullopt;
  return Secret(secret->reveal());
}

class Chain {
 public:
  Chain(const Outside& outside, const ConfigFiles& files) : outside_(outside), files_(files) {}

  Found find(const ProfileChoice& choice) {
    const Profile* const profile = files_.profile(choice.name);
    if (profile == nullptr && (choice.is_explicit || choice.name != "default")) {
      return misconfigured(called(choice.name) + ": is in neither of AWS' files");
    }
    const Profile& settings = profile == nullptr ? kNoProfile : *profile;
    if (!choice.is_explicit) {
      TRY(auto keys, environment_keys());
      if (keys) return keys;
    }
    if (is_role(settings)) return role_of(choice.name, settings);
    TRY(auto keys, keys_in(choice.name, settings, !choice.is_explicit));
    if (keys) return keys;
    if (has_container_keys(outside_)) return made_by(container_keys(outside_, "the container's role"));
    return instance_or_nothing(profile);
  }

 private:
  [[nodiscard]] Provider renewed(std::unique_ptr<KeySource> source) const {
    return renewed_keys(std::move(source), outside_.services.clock);
  }
  [[nodiscard]] Found made_by(Result<std::unique_ptr<KeySource>> source) const {
    if (!source) return std::move(source).error();
    return renewed(std::move(*source));
  }

  Found environment_keys() const {
    const auto id = outside_.variable("AWS_ACCESS_KEY_ID");
    if (!id) return Provider();
    auto secret = outside_.variable("AWS_SECRET_ACCESS_KEY");
    if (!secret) return misconfigured("AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not");
    auto token = outside_.variable("AWS_SESSION_TOKEN");
    auto keys =
        make_keys(*id, Secret(*secret), token ? std::optional(Secret(*token)) : std::nullopt, "AWS_ACCESS_KEY_ID");
    wipe(secret->data(), secret->size());
    if (token) wipe(token->data(), token->size());
    if (!keys) return std::move(keys).error().within("AWS_ACCESS_KEY_ID");
    return fixed_keys(std::move(*keys));
  }

  static bool is_role(const Profile& profile) {
    return profile.find("role_arn") != nullptr && profile.find("web_identity_token_file") == nullptr;
  }
  static bool has_static_keys(const Profile& profile) { return profile.find("aws_access_key_id") != nullptr; }

  /// What is left when neither the environment nor a role gives keys: all that a profile can say by itself.
  Found keys_in(std::string_view name, const Profile& profile, bool with_environment) const {
    TRY(auto web_identity, web_identity_of(name, profile, with_environment));
    if (web_identity) return web_identity;
    TRY(auto sso, sso_of(name, profile));
    if (sso) return sso;
    TRY(auto shared, static_keys(name, profile.in_credentials, "credentials file"));
    if (shared) return shared;
    if (profile.find("login_session") != nullptr) {
      return misconfigured(called(name) + ": login_session is not supported: log in with `aws sso login`, or set " +
                           "credential_process to `aws configure export-credentials`");
    }
    TRY(auto process, process_of(name, profile));
    if (process) return process;
    return static_keys(name, profile.in_config, "config file");
  }

  Found static_keys(std::string_view name, const ConfigValues& values, std::string_view file) const {
    const auto value = [&values](std::string_view key) -> const Secret* {
      const auto found = values.find(key);
      return found == values.end() || found->second.empty() ? nullptr : &found->second;
    };
    const Secret* const id = value("aws_access_key_id");
    const Secret* const secret = value("aws_secret_access_key");
    if (id == nullptr) return Provider();
    const std::string source = called(name) + ", " + std::string(file);
    if (secret == nullptr) return misconfigured(source + ": aws_access_key_id without aws_secret_access_key");
    auto keys = make_keys(id->reveal(), Secret(secret->reveal()), copied(value("aws_session_token")), source);
    if (!keys) return std::move(keys).error().within(source);
    return fixed_keys(std::move(*keys));
  }

  // Roles.

  Found role_of(const std::string& name, const Profile& profile) {
    visited_.insert(name);
    if (profile.find("mfa_serial") != nullptr) {
      return misconfigured(called(name) + ": mfa_serial asks for a code, and nobody is there to type it: use SSO, or " +
                           "a role that asks for none");
    }
    TRY(Role role, role_in(name, profile));
    TRY(auto base, base_of(name, profile));
    return renewed(role_keys(outside_, std::move(role), std::move(base), called(name) + ", assume-role"));
  }

  Result<Role> role_in(std::string_view name, const Profile& profile) const {
    Role role{.arn = profile.text("role_arn").value_or(""),
              .external_id = profile.text("external_id"),
              .session_name = profile.text("role_session_name")};
    if (const auto text = profile.text("duration_seconds")) {
      int duration = 0;
      const char* const end = text->data() + text->size();
      const auto [stop, failed] = std::from_chars(text->data(), end, duration);
      const bool fits = failed == std::errc() && stop == end && duration >= kShortestRole && duration <= kLongestRole;
      if (!fits) return misconfigured(called(name) + ": duration_seconds: expected a number from 900 to 43200");
      role.duration_seconds = duration;
    }
    return role;
  }

  /// The keys that take the role on.
  Found base_of(const std::string& name, const Profile& profile) {
    const auto from = profile.text("source_profile");
    const auto source = profile.text("credential_source");
    if (from.has_value() == source.has_value()) {
      return misconfigured(called(name) + ": role_arn wants either source_profile or credential_source");
    }
    if (source) return keys_of_source(name, profile, *source);
    const Profile* const base = files_.profile(*from);
    if (base == nullptr) return misconfigured(called(name) + ": its source_profile is in neither of AWS' files");
    // A profile that names itself takes its role on with its own keys; every other way round has no end.
    const bool names_itself = *from == name;
    if (visited_.contains(*from) && !(names_itself && has_static_keys(*base))) {
      return misconfigured(called(name) + ": its source_profile leads back to itself");
    }
    if (is_role(*base) && !has_static_keys(*base)) return role_of(*from, *base);
    TRY(auto keys, keys_in(*from, *base, false));
    if (!keys) return misconfigured(called(*from) + ": has no keys, and is a source_profile");
    return keys;
  }

  Found keys_of_source(std::string_view name, const Profile& profile, std::string_view source) const {
    if (source == "Environment") {
      TRY(auto keys, environment_keys());
      if (!keys) return misconfigured(called(name) + ": credential_source is Environment, which has no keys");
      return keys;
    }
    if (source == "Ec2InstanceMetadata") return made_by(instance_keys(outside_, &profile, "the instance's role"));
    if (source == "EcsContainer") {
      if (has_container_keys(outside_)) return made_by(container_keys(outside_, "the container's role"));
      return misconfigured(called(name) + ": credential_source is EcsContainer, and this is no container of AWS'");
    }
    return misconfigured(called(name) +
                         ": credential_source: expected Environment, Ec2InstanceMetadata or EcsContainer");
  }

  // What a profile says by itself.

  Found web_identity_of(std::string_view name, const Profile& profile, bool with_environment) const {
    bool is_profile = true;
    const auto setting = [&](const char* variable, std::string_view key) {
      if (auto value = with_environment ? outside_.variable(variable) : std::nullopt) {
        is_profile = false;
        return value;
      }
      return profile.text(key);
    };
    const auto file = setting("AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file");
    if (!file) return Provider();
    const std::string source = is_profile ? called(name) + ", web identity" : "AWS_WEB_IDENTITY_TOKEN_FILE";
    const auto arn = setting("AWS_ROLE_ARN", "role_arn");
    if (!arn) return misconfigured(source + ": there is no role for it: set role_arn, or AWS_ROLE_ARN");
    Role role{.arn = *arn, .external_id = {}, .session_name = setting("AWS_ROLE_SESSION_NAME", "role_session_name")};
    return renewed(web_identity_keys(outside_, std::move(role), *file, source));
  }

  Found sso_of(std::string_view name, const Profile& profile) const {
    const auto session = profile.text("sso_session");
    const auto start_url = profile.text("sso_start_url");
    const auto account = profile.text("sso_account_id");
    const auto role_name = profile.text("sso_role_name");
    // One that only says who logs in gives no keys.
    if ((!session && !start_url) || (!account && !role_name)) return Provider();
    const std::string source = called(name) + ", SSO";
    if (!account) return misconfigured(source + ": sso_account_id is missing");
    if (!role_name) return misconfigured(source + ": sso_role_name is missing");
    SsoRole role{.account_id = *account, .role_name = *role_name, .session = session, .profile = printable(name)};
    const ConfigValues* const section = session ? files_.sso_session(*session) : nullptr;
    if (session && section == nullptr) return misconfigured(source + ": there is no such sso-session section");
    const auto shared = [&](std::string_view key) { return section ? text_of(*section, key) : profile.text(key); };
    role.start_url = shared("sso_start_url").value_or("");
    role.region = shared("sso_region").value_or("");
    if (role.start_url.empty()) return misconfigured(source + ": sso_start_url is missing");
    if (role.region.empty()) return misconfigured(source + ": sso_region is missing");
    return renewed(sso_keys(outside_, std::move(role), source));
  }

  Found process_of(std::string_view name, const Profile& profile) const {
    const auto command = profile.text("credential_process");
    if (!command) return Provider();
    const std::string source = called(name) + ", credential_process";
    auto words = split_command(*command);
    if (!words || words->empty()) return misconfigured(source + ": no command, or a quote that is not closed");
    return renewed(process_keys(outside_, std::move(*words), source));
  }

  Found instance_or_nothing(const Profile* profile) const {
    const std::string source = "no AWS keys in variables, files or a container; the instance's role";
    return made_by(instance_keys(outside_, profile, source));
  }

  const Outside& outside_;
  const ConfigFiles& files_;
  std::set<std::string, std::less<>> visited_;  // profiles whose role is to be taken on
};

}  // namespace

Found find_keys(const Outside& outside, const ConfigFiles& files, const ProfileChoice& choice) {
  return Chain(outside, files).find(choice);
}

}  // namespace tokensweep::aws
