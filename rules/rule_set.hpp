#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/model.hpp"
#include "rules/rule.hpp"

namespace tokensweep {

/// One secret in a text. Offsets are bytes into the text that was searched; no value is copied.
struct Match {
  std::uint32_t rule = 0;  ///< index into RuleSet::rules()
  std::size_t begin = 0;   ///< of the whole match
  std::size_t end = 0;
  std::size_t secret_begin = 0;  ///< of the secret inside it
  std::size_t secret_end = 0;
  Checksum checksum = Checksum::none;
};

/// How a RuleSet is made.
struct CompileOptions {
  /// What all expressions may take together for programs and caches, in bytes. Each gets its share of it, within
  /// limits.
  std::int64_t memory = std::int64_t{128} << 20;
  /// The rules have been proven before (the built-in ones, by our tests): expressions are compiled when they are first
  /// needed, and examples are not run.
  bool proven = false;
};

/// Compiled rules. Immutable, so any number of threads may call its functions at once.
class RuleSet {
 public:
  /// Compiles every expression and runs every rule's own examples. Fails with the id of the first rule whose expression
  /// RE2 cannot take, and why, or whose examples disagree with it.
  static Result<RuleSet> compile(RuleFile file, CompileOptions options = {});

  RuleSet(RuleSet&&) noexcept;
  RuleSet& operator=(RuleSet&&) noexcept;
  ~RuleSet();

  [[nodiscard]] std::span<const Rule> rules() const;

  /// Every secret that the rules numbered in `candidates` find in `text`, by position. It is for the caller to know
  /// which rules may match there (keywords, literals: see Prefilter). `path` is what path expressions and path allow
  /// lists see. A rule for paths only gives a match without extent.
  ///
  /// The text's ends are ends for `^`, `$` and `\b`. So when `text` is a window cut out of a larger text, around a
  /// literal, with `max_length` bytes and one more on either side, a match that touches a cut end is not to be
  /// believed: it may go on, or be glued to something. It is the caller that drops it.
  ///
  /// An expression that cannot be compiled is an error, not "no matches"; one that outgrows its memory while it matches
  /// is matched by a slower engine.
  [[nodiscard]] Result<std::vector<Match>> match(std::string_view text, std::string_view path,
                                                 std::span<const std::uint32_t> candidates) const;

  /// What a bare value is, found in its place by a format reader: the first rule in order whose `shape` takes the whole
  /// of it. That is how such a credential gets its kind and its checksum.
  struct Shape {
    std::uint32_t rule = 0;
    Checksum checksum = Checksum::none;
    bool allowed =
        false;  ///< an allow list names it (a placeholder, an example, or what the user listed): not to be reported
  };
  [[nodiscard]] std::optional<Shape> shape_of(std::string_view value, std::string_view path = {}) const;

  /// The first rule in order that is `of_names` and takes this name of a secret; nothing where none does, or where an
  /// allow list names it. An expression that cannot be compiled takes nothing: compile() and the tests tell.
  [[nodiscard]] std::optional<std::uint32_t> named(std::string_view name) const;

  /// Digest of rules and allow lists (hex): equal for equal behaviour. A sweep records it.
  [[nodiscard]] const std::string& digest() const;

 private:
  struct Impl;  // keeps <re2/re2.h> out of everyone else's build
  explicit RuleSet(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tokensweep
