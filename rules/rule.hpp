#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tokensweep {

/// What of a match an allow list looks at (gitleaks: `regexTarget`).
enum class AllowTarget : std::uint8_t { secret, match, line };

/// An allow list: what it names is not reported. Fields and meaning are gitleaks'.
struct Allowlist {
  std::string description;
  bool all_conditions = false;       ///< `condition = "AND"`; else one of them is enough
  std::vector<std::string> paths;    ///< expressions
  std::vector<std::string> regexes;  ///< expressions
  AllowTarget target = AllowTarget::secret;
  std::vector<std::string> stopwords;
  std::vector<std::string> target_rules;  ///< of a global allow list: the rules it is for; empty: all
};

/// Which checksum a rule's secret carries, an addition of ours to the gitleaks format.
enum class ChecksumKind : std::uint8_t {
  none,
  crc32_base62,  ///< the last 6 characters are the CRC-32 of the 30 before them, in base 62: `npm_` tokens
};

/// One rule, as a rule file states it. The gitleaks keys, and ours under `[rules.tokensweep]`.
struct Rule {
  std::string id;
  std::string description;
  std::string regex;  ///< empty: a rule for paths only
  std::string path;   ///< expression for the file's path; empty: every file
  int secret_group = 0;
  double entropy = 0;
  std::vector<std::string> keywords;  ///< lower case; tested case-insensitively; empty: the rule is always tried
  std::vector<std::string> tags;
  /// The rule's own. Entropy, regexes and stop words do not silence a secret whose checksum is valid: it is no
  /// placeholder.
  std::vector<Allowlist> allowlists;
  // tokensweep's own
  std::string kind;  ///< the hit's kind: `npm-token`, ...; gitleaks rules have `secret`
  ChecksumKind checksum = ChecksumKind::none;
  /// Case-sensitive literals of at least kShortestLiteral bytes, one of which is in each match.
  std::vector<std::string> literals;
  /// Those that are also looked for inside base64 and UTF-16. Where one is found, the layer is opened for all rules.
  std::vector<std::string> encoded;
  /// How many layers of base64 they are looked for in, up to kMostBase64Layers: each triples what is looked for.
  std::uint32_t base64_layers = 1;
  std::uint32_t max_length = 0;  ///< bytes that a match can span at most; 0: unknown, the whole text is searched
  /// Bytes of a match that can stand before the first of its literals, at most; 0: as many as it can span.
  std::uint32_t max_lead = 0;
  bool single_line = false;  ///< no match spans a line break: the line around a literal is all that is searched
  /// Expression that matches the whole of a bare value of this kind; empty: none, see RuleSet::shape_of.
  std::string shape;
  /// Its expression is tried on the names of secrets that no store shows the value of, and on nothing else.
  bool of_names = false;
  /// Must match; templates (rules/templates.hpp), so that no file looks like a leak.
  std::vector<std::string> examples;
  std::vector<std::string> counterexamples;  ///< must not match
};

/// A shorter literal would send the matcher everywhere.
inline constexpr std::size_t kShortestLiteral = 4;
inline constexpr std::uint32_t kMostBase64Layers = 2;

/// A rule file: its rules, and the allow lists for all of them.
struct RuleFile {
  std::string title;
  std::vector<Rule> rules;
  std::vector<Allowlist> allowlists;
};

}  // namespace tokensweep
