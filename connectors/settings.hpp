#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "connectors/credential_ref.hpp"
#include "model/model.hpp"

/// The configuration's keys as data, and what was written for them. A reader of the file, its messages and its
/// documentation all follow from the tables of keys: a new key is a row.
namespace tokensweep {

/// What may stand behind a key.
enum class KeyKind : std::uint8_t {
  text,      ///< a string, not empty
  texts,     ///< an array of such strings, not empty
  path,      ///< a file or directory: absolute, below the home (`~/`), else relative to the configuration's file
  paths,     ///< an array of such, not empty
  flag,      ///< true or false
  count,     ///< a whole number from `least` to `most`
  rate,      ///< a number of requests a second above 0, or "service": as the service's own limits allow
  date,      ///< a day: 2027-03-31, without quotes
  url,       ///< http:// or https://, without user and password
  proxy,     ///< http:// or socks5://, without user and password
  variable,  ///< the name of an environment variable
  command,   ///< a program and its arguments: an array of strings
  table,     ///< a table with `keys`
  tables,    ///< an array of tables, each with `keys`
  typed,     ///< an array of tables, each with `keys`, and with those that its `type` has
};

struct KeySpec;

/// One value of `type` in a `typed` table: a row for each kind of source.
struct TypeSpec {
  std::string_view id;
  std::string_view summary;                  ///< one line, for the documentation
  std::span<const KeySpec> keys;             ///< its own
  std::span<const KeySpec> network = {};     ///< those of all that are reached over a network
  std::span<const KeySpec> credential = {};  ///< where its credential is

  /// Whether this build can read such a source; the others have a name only.
  [[nodiscard]] bool is_built() const { return !keys.empty(); }
};

/// One key that a table may have.
struct KeySpec {
  std::string_view name;
  KeyKind kind = KeyKind::text;
  std::string_view summary;  ///< one line, for the documentation
  bool required = false;
  std::string_view one_of = {};  ///< keys with the same word here exclude one another; `required`: one has to be there
  std::int64_t least = 1;
  std::int64_t most = 1'000'000;
  std::span<const KeySpec> keys = {};    ///< of a table's, and of each in an array of tables
  std::span<const TypeSpec> types = {};  ///< of a `typed` one
};

class Settings;

/// What was written for a key. Texts, paths, addresses and variables are strings; paths are resolved; a rate of 0 is
/// the service's own.
using SettingValue =
    std::variant<bool, std::int64_t, double, Date, std::string, std::vector<std::string>, std::vector<Settings>>;

/// One key, as it stands in the file.
struct Setting {
  std::string name;
  SettingValue value;
  int line = 0;
};

/// What one table says. The keys of a table inside it have its name in front: `app.id`. Everything that a KeySpec asks
/// for has been checked, so the getters cannot fail: a key that is not there gives the fallback.
class Settings {
 public:
  explicit Settings(int line = 0) : line_(line) {}

  void add(Setting setting);
  [[nodiscard]] const Setting* find(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const { return find(name) != nullptr; }

  /// Where in the file the table begins, and where a key stands; the table's line for a key that is not there.
  [[nodiscard]] int line() const { return line_; }
  [[nodiscard]] int line_of(std::string_view name) const;

  [[nodiscard]] bool flag(std::string_view name, bool fallback = false) const;
  [[nodiscard]] std::int64_t count(std::string_view name, std::int64_t fallback) const;
  [[nodiscard]] std::optional<double> rate(std::string_view name) const;  ///< empty: the service's own
  [[nodiscard]] std::optional<Date> date(std::string_view name) const;
  [[nodiscard]] std::string text(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> texts(std::string_view name) const;
  [[nodiscard]] std::optional<std::filesystem::path> path(std::string_view name) const;
  [[nodiscard]] std::vector<std::filesystem::path> paths(std::string_view name) const;
  [[nodiscard]] std::span<const Settings> tables(std::string_view name) const;

  /// All of it in one text, equal for equal settings wherever they stand in the file: to recognise a plan by.
  [[nodiscard]] std::string plan_text() const;

  /// Where its credential is: `token_env`, `token_file` or `token_command`; empty where it names none.
  [[nodiscard]] std::optional<CredentialRef> credential() const;

 private:
  int line_ = 0;
  std::vector<Setting> all_;
};

}  // namespace tokensweep
