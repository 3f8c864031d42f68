#include "formats/npm_package_list.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <string>
#include <unordered_set>
#include <utility>

#include "formats/layers.hpp"
#include "formats/npm_output.hpp"
#include "formats/package_name.hpp"

namespace tokensweep {
namespace {

constexpr std::string_view kCommand = "npm access list packages NAME --json";

Error malformed(std::string what) { return {ErrorKind::malformed, std::move(what)}; }

/// A bare UUID is a package's name by its letters, but nobody's: it is an npm token of before 2021.
bool is_uuid(std::string_view text) {
  constexpr std::string_view kForm = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  constexpr std::string_view kDigits = "0123456789abcdefABCDEF";
  const auto fits = [kDigits](char character, char form) {
    return form == '-' ? character == '-' : kDigits.find(character) != std::string_view::npos;
  };
  return std::ranges::equal(text, kForm, fits);
}

/// Collects what can be written.
class Packages {
 public:
  explicit Packages(std::string_view account) : account_(account) {}

  Result<> add(std::string_view name, std::string_view access) {
    if (holds_npm_token(name) || is_uuid(name)) return malformed("a token where a package's name should be");
    if (!is_package_name(name)) return malformed("no package's name");
    if (access == "read-only" || access == "read") return {};
    if (access != "read-write" && access != "write") return malformed("expected the right read-write or read-only");
    if (seen_.emplace(name).second) list_.push_back({.account = account_, .name = std::string(name)});
    return {};
  }

  std::vector<WritablePackage> take() && { return std::move(list_); }

 private:
  std::string account_;
  std::vector<WritablePackage> list_;
  std::unordered_set<std::string> seen_;
};

std::string_view right_of(const boost::json::value& value) {
  const auto* word = value.if_string();
  return word == nullptr ? std::string_view() : std::string_view(word->data(), word->size());
}

Result<> add_members(const boost::json::value& document, Packages& packages) {
  if (document.is_null()) return {};
  const auto* members = document.if_object();
  if (members == nullptr) {
    return malformed("no object of names and rights; expected what `" + std::string(kCommand) + "` prints");
  }
  std::size_t number = 0;
  for (const auto& [key, value] : *members) {
    ++number;
    const std::string_view name(key.data(), key.size());
    auto added = packages.add(name, right_of(value));
    if (added) continue;
    if (name == "error" || name == "message") {
      return malformed("the registry's refusal instead of a list; log in with `npm login` and ask again");
    }
    return std::move(added).error().within("package " + std::to_string(number));
  }
  return {};
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r";
  const std::size_t begin = std::min(text.find_first_not_of(kSpace), text.size());
  return text.substr(begin, text.find_last_not_of(kSpace) + 1 - begin);
}

/// `name` or `name: right`.
Result<> add_line(std::string_view line, Packages& packages) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return packages.add(line, "read-write");
  return packages.add(line.substr(0, colon), trimmed(line.substr(colon + 1)));
}

Result<> add_lines(const NpmOutput& output, Packages& packages) {
  std::string_view rest = output.body;
  for (std::size_t number = output.first_line; !rest.empty(); ++number) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = trimmed(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.empty()) continue;
    if (auto added = add_line(line, packages); !added) {
      return std::move(added).error().within("line " + std::to_string(number));
    }
  }
  return {};
}

}  // namespace

Result<std::vector<WritablePackage>> read_npm_package_list(std::string_view text, std::string_view account) {
  TRY(const NpmOutput output, find_npm_output(text, kCommand));
  Packages packages(account);
  if (may_be_json(output.body) || output.body == "null") {
    TRY(const boost::json::value document, parse_npm_json(output, kCommand));
    TRY_VOID(add_members(document, packages));
  } else {
    TRY_VOID(add_lines(output, packages));
  }
  return std::move(packages).take();
}

}  // namespace tokensweep
