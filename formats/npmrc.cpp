#include "formats/npmrc.hpp"

#include <array>
#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "formats/auth_value.hpp"
#include "formats/ini.hpp"
#include "formats/readers.hpp"

namespace tokensweep {
namespace {

/// A real `.npmrc` is a few kilobytes. Above this the rules for text do better than a list of settings.
constexpr std::size_t kFileSizeMax = 1 << 20;

enum class Field : std::uint8_t { auth_token, auth, password, username, certfile, keyfile, key, registry };

struct FieldName {
  std::string_view name;
  Field field;
};
constexpr std::array<FieldName, 8> kFields = {{{"_authToken", Field::auth_token},
                                               {"_auth", Field::auth},
                                               {"_password", Field::password},
                                               {"username", Field::username},
                                               {"certfile", Field::certfile},
                                               {"keyfile", Field::keyfile},
                                               {"key", Field::key},
                                               {"registry", Field::registry}}};

bool equal_but_for_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto fold = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    if (fold(a[i]) != fold(b[i])) return false;
  }
  return true;
}

/// What a key is about: `//host/path/` `:@scope` `:_authToken`.
struct KeyParts {
  std::string_view base;   // the nerf-dart, empty at top level
  std::string_view scope;  // pnpm's `@scope`, and of `@scope:registry`
  std::string_view name;   // as spelled
  Field field = Field::registry;
  bool exact = false;  // npm's keys are case-sensitive
};

std::optional<KeyParts> read_key(std::string_view key) {
  KeyParts parts;
  const std::size_t colon = key.rfind(':');
  parts.name = colon == std::string_view::npos ? key : key.substr(colon + 1);
  parts.base = colon == std::string_view::npos ? std::string_view{} : key.substr(0, colon);
  for (const FieldName& known : kFields) {
    if (!equal_but_for_case(parts.name, known.name)) continue;
    parts.field = known.field;
    parts.exact = parts.name == known.name;
    if (parts.base.find_first_of(" \t") != std::string_view::npos) return std::nullopt;
    const std::size_t scope = parts.base.rfind(":@");
    if (scope != std::string_view::npos && parts.base.find('/', scope) == std::string_view::npos) {
      parts.scope = parts.base.substr(scope + 1);
      parts.base = parts.base.substr(0, scope);
    } else if (parts.field == Field::registry) {
      if (colon != std::string_view::npos && !parts.base.starts_with('@')) return std::nullopt;
      std::swap(parts.scope, parts.base);
    }
    if (parts.field == Field::registry && !parts.base.empty()) return std::nullopt;
    return parts;
  }
  return std::nullopt;
}

/// One line that has to do with credentials.
struct Setting {
  Field field = Field::registry;
  std::string key;  // as it may be shown
  std::string base;
  std::string scope;
  StoredText value;
  std::optional<std::string> registry;
  std::uint32_t line = 0;
  bool inert = false;
  bool commented_out = false;
  bool overridden = false;
  bool in_list = false;  // one of several values of `key[]=`
};

/// Keys of different lives do not override one another: at top level, commented out, in a section.
using Realm = std::tuple<bool, std::string>;

/// What npm sends for a value: of one that is no text, a number as it is spelled (zero counts as nothing).
std::string_view text_of(const IniValue& value) {
  const std::string_view text = trim_like_javascript(value.text.reveal());
  const bool number = value.type == IniValue::Type::json && text.find_first_of("[{") != 0 &&
                      text.find_first_of("123456789") != std::string_view::npos;
  if (value.type != IniValue::Type::text && !number) return {};
  return text == "undefined" ? std::string_view{} : text;
}

/// Prose mentions keys as well: only what could be uncommented as it stands is taken out of a comment.
bool plausible_in_comment(const KeyParts& parts, const NerfDart& dart) {
  if (!parts.exact) return false;
  if (parts.base.empty()) return parts.name.starts_with('_') || parts.field == Field::registry;
  return parts.base.starts_with("//") && (dart.registry || dart.found_by_npm);
}

std::optional<Setting> read_setting(const IniLine& line) {
  const std::string_view key = line.key.reveal();
  const auto parts = read_key(key);
  if (!parts) return std::nullopt;
  const NerfDart dart = parts->base.empty() ? NerfDart{} : read_nerf_dart(parts->base);
  if (line.commented_out && !plausible_in_comment(*parts, dart)) return std::nullopt;

  const bool bound = parts->field != Field::registry && key.size() != parts->name.size();
  Setting setting;
  setting.field = parts->field;
  setting.base = parts->base;
  setting.scope = parts->scope;
  setting.key = without_userinfo(parts->base).append(key.substr(parts->base.size()));
  const std::string_view text = text_of(line.value);
  // Of an address only the password is read for references: the rest of it is wanted as it stands.
  setting.value =
      parts->field == Field::registry ? StoredText{Secret(text), {}} : read_stored_text(text, Expansion::npm);
  setting.registry = dart.registry;
  setting.line = line.line;
  setting.inert = line.section != nullptr || !parts->exact || (bound && !dart.found_by_npm);
  setting.commented_out = line.commented_out;
  return setting;
}

/// All settings of a file; of each key, ini's rules applied: the last one counts, unless `[]` made a list of it.
class Settings {
 public:
  void add(Setting setting, const IniLine& line) {
    const Realm realm{line.commented_out, line.section ? "[" + *line.section : std::string()};
    const std::size_t index = settings_.size();
    Values& values = values_[{realm, setting.key}];
    values.list = values.list || line.appends;
    if (!values.list) {
      for (const std::size_t earlier : values.indexes) settings_[earlier].overridden = true;
      values.indexes.clear();
    }
    values.indexes.push_back(index);
    if (values.indexes.size() == 2) settings_[values.indexes.front()].in_list = true;
    setting.in_list = values.indexes.size() > 1;
    // '["…"]' is a list as well, and takes in what follows.
    values.list = values.list || (line.value.type == IniValue::Type::json && line.value.text.reveal().starts_with('['));
    if (setting.field == Field::username) usernames_[{realm, setting.base}] = index;
    if (setting.field == Field::certfile) certfiles_[{realm, setting.base}] = index;
    settings_.push_back(std::move(setting));
    realms_.push_back(realm);
  }

  [[nodiscard]] std::size_t size() const { return settings_.size(); }
  Setting& operator[](std::size_t index) { return settings_[index]; }
  /// The user name that goes with a password; npm joins the two by their registry.
  const Setting* username_for(std::size_t index) const { return partner(usernames_, index); }
  const Setting* certfile_for(std::size_t index) const { return partner(certfiles_, index); }

 private:
  struct Values {
    std::vector<std::size_t> indexes;
    bool list = false;
  };
  using Key = std::pair<Realm, std::string>;

  const Setting* partner(const std::map<Key, std::size_t>& where, std::size_t index) const {
    const auto found = where.find({realms_[index], settings_[index].base});
    if (found == where.end()) return nullptr;
    const Setting& setting = settings_[found->second];
    return setting.value.text.empty() && !setting.value.reference ? nullptr : &setting;
  }

  std::vector<Setting> settings_;
  std::vector<Realm> realms_;
  std::map<Key, Values> values_;
  std::map<Key, std::size_t> usernames_;
  std::map<Key, std::size_t> certfiles_;
};

Credential start_credential(Setting& setting, AuthKind auth) {
  Credential credential;
  credential.auth = auth;
  credential.key = setting.key;
  credential.registry = setting.registry;
  credential.reference = setting.value.reference;
  credential.line = setting.line;
  credential.shadowed = setting.overridden;
  credential.unscoped = setting.base.empty() && setting.field != Field::registry;
  // A list is sent with commas between its elements: no registry takes that.
  credential.inert = setting.inert || setting.in_list;
  credential.commented_out = setting.commented_out;
  return credential;
}

/// `https://user:password@host/` of a registry's address.
void read_registry(Setting& setting, Reading& reading) {
  const bool live = !setting.inert && !setting.commented_out && !setting.overridden && !setting.in_list;
  auto url = read_registry_url(setting.value.text.reveal(), Expansion::npm);
  if (!url) return;
  if (live && !url->name.empty()) reading.registries.emplace_back(setting.scope, url->name);
  if (!url->has_credential()) return;
  Credential credential = start_credential(setting, AuthKind::basic);
  if (!url->name.empty()) credential.registry = std::move(url->name);
  credential.username = std::move(url->username);
  credential.value = std::move(url->password.text);
  credential.reference = std::move(url->password.reference);
  reading.credentials.push_back(std::move(credential));
}

void read_credential(Settings& settings, std::size_t index, Reading& reading) {
  Setting& setting = settings[index];
  if (setting.field == Field::registry) return read_registry(setting, reading);
  if (setting.value.text.empty() && !setting.value.reference) return;
  const std::string_view text = setting.value.text.reveal();
  switch (setting.field) {
    case Field::auth_token: {
      Credential credential = start_credential(setting, AuthKind::token);
      credential.value = std::move(setting.value.text);
      return reading.credentials.push_back(std::move(credential));
    }
    case Field::auth: {
      Credential credential = start_credential(setting, AuthKind::basic);
      BasicAuth basic = decode_basic_auth(text);
      credential.username = std::move(basic.username);
      credential.value = std::move(basic.password);
      return reading.credentials.push_back(std::move(credential));
    }
    case Field::password: {
      Credential credential = start_credential(setting, AuthKind::basic);
      credential.value = decode_password(text);
      if (const Setting* username = settings.username_for(index)) {
        credential.username = std::string(username->value.text.reveal());
        if (credential.username.empty()) credential.username = "${" + *username->value.reference + "}";
      }
      return reading.credentials.push_back(std::move(credential));
    }
    case Field::keyfile: {
      Credential credential = start_credential(setting, AuthKind::certificate);
      credential.reference.reset();  // of a path, not of a secret
      credential.inert = credential.inert || settings.certfile_for(index) == nullptr;
      return reading.credentials.push_back(std::move(credential));
    }
    case Field::key: {
      // `key` alone is a word that other settings may use; npm's holds a PEM block.
      if (setting.base.empty() && text.find("-----BEGIN") == std::string_view::npos) return;
      Credential credential = start_credential(setting, AuthKind::certificate);
      credential.value = std::move(setting.value.text);
      return reading.credentials.push_back(std::move(credential));
    }
    case Field::username:
    case Field::certfile:
    case Field::registry:
      return;
  }
}

/// The part of a credential's key that names its registry: `//host/path/`, empty for a legacy one.
std::string_view base_of(const Credential& credential) {
  const std::size_t colon = credential.key.rfind(':');
  return std::string_view(credential.key).substr(0, colon == std::string::npos ? 0 : colon);
}

/// The order in which npm looks for what to send. Nothing for what it does not choose among.
std::optional<std::size_t> rank_of(const Credential& credential) {
  const std::string_view key = credential.key;
  if (key.ends_with("_authToken")) return 0;
  if (key.ends_with("_auth")) return 1;
  if (key.ends_with("_password")) return 2;
  return std::nullopt;
}

bool competes(const Credential& credential) {
  return !credential.shadowed && !credential.inert && !credential.commented_out;
}

/// Which credential is sent for which registry, out of one file or two.
class Ranking {
 public:
  /// The file whose keys hold comes first.
  void add(NpmrcFile file, const Reading& reading) {
    for (std::size_t i = 0; i < reading.credentials.size(); ++i) {
      const Credential& credential = reading.credentials[i];
      if (!competes(credential)) continue;
      keys_.try_emplace(credential.key, Sent{file, i});
      const auto rank = rank_of(credential);
      if (!rank) continue;
      Slot& slot = slots_[std::string(base_of(credential))];
      if (!slot.best[*rank]) slot.best[*rank] = Sent{file, i};
      slot.has_username = slot.has_username || (*rank == 2 && !credential.username.empty());
    }
  }

  /// For one nerf-dart. npm tries `//host/a/` before `//host/a`: both are keys of the same registry.
  [[nodiscard]] std::optional<Sent> sent(std::string_view base) const {
    if (base.ends_with('/')) base.remove_suffix(1);
    for (const std::string& spelled : {std::string(base) + "/", std::string(base)}) {
      const auto found = slots_.find(spelled);
      if (found == slots_.end()) continue;
      const Slot& slot = found->second;
      for (std::size_t rank = 0; rank < slot.best.size(); ++rank) {
        if (slot.best[rank] && (rank < 2 || slot.has_username)) return slot.best[rank];
      }
    }
    return std::nullopt;
  }

  [[nodiscard]] Standing standing(NpmrcFile file, std::size_t index, const Credential& credential) const {
    if (!competes(credential)) return {};
    const auto same_key = keys_.find(credential.key);
    std::optional<Sent> winner = same_key == keys_.end() ? std::nullopt : std::optional(same_key->second);
    if (rank_of(credential)) {
      if (const auto chosen = sent(base_of(credential))) winner = chosen;
    }
    if (!winner || (winner->file == file && winner->index == index)) return {};
    return {winner->file};
  }

 private:
  struct Slot {
    std::array<std::optional<Sent>, 3> best;
    bool has_username = false;
  };
  std::map<std::string, Slot, std::less<>> slots_;
  std::map<std::string, Sent, std::less<>> keys_;
};

}  // namespace

Result<Reading> read_npmrc(std::string_view bytes) {
  if (bytes.size() > kFileSizeMax) return Error{ErrorKind::malformed, "an npmrc file of more than 1 MiB"};
  IniReader reader(bytes);
  return read_npm_settings([&reader](IniLine& line) { return reader.next(line); });
}

Reading read_npm_settings(const std::function<bool(IniLine&)>& next) {
  Settings settings;
  IniLine line;
  while (next(line)) {
    if (auto setting = read_setting(line)) settings.add(std::move(*setting), line);
  }
  Reading reading;
  for (std::size_t i = 0; i < settings.size(); ++i) read_credential(settings, i, reading);

  Ranking ranking;
  ranking.add(NpmrcFile::project, reading);
  std::vector<bool> shadowed;
  for (std::size_t i = 0; i < reading.credentials.size(); ++i) {
    shadowed.push_back(ranking.standing(NpmrcFile::project, i, reading.credentials[i]).shadowed_by.has_value());
  }
  for (std::size_t i = 0; i < shadowed.size(); ++i) {
    if (shadowed[i]) reading.credentials[i].shadowed = true;
  }
  return reading;
}

Standings lay_over(const Reading& project, const Reading& user) {
  Ranking ranking;
  ranking.add(NpmrcFile::project, project);
  ranking.add(NpmrcFile::user, user);
  Standings standings;
  for (std::size_t i = 0; i < project.credentials.size(); ++i) {
    standings.project.push_back(ranking.standing(NpmrcFile::project, i, project.credentials[i]));
  }
  for (std::size_t i = 0; i < user.credentials.size(); ++i) {
    standings.user.push_back(ranking.standing(NpmrcFile::user, i, user.credentials[i]));
  }
  return standings;
}

std::optional<Sent> credential_for(std::string_view registry, const Reading& project, const Reading& user) {
  Ranking ranking;
  ranking.add(NpmrcFile::project, project);
  ranking.add(NpmrcFile::user, user);
  while (true) {
    if (const auto sent = ranking.sent("//" + std::string(registry))) return sent;
    const std::size_t slash = registry.rfind('/');
    if (slash == std::string_view::npos) return std::nullopt;
    registry = registry.substr(0, slash);
  }
}

}  // namespace tokensweep
