#pragma once

#include <cstdint>
#include <memory>
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
  std::uint32_t rule = 0;         ///< index into RuleSet::rules()
  std::size_t begin = 0;          ///< of the whole match
  std::size_t end = 0;
  std::size_t secret_begin = 0;   ///< of the secret inside it
  std::size_t secret_end = 0;
  Checksum checksum = Checksum::none;
};

/// Compiled rules. Immutable, so any number of threads may call its functions at once.
class RuleSet {
 public:
  /// Compiles every expression and runs every rule's own examples. Fails with the id of the first rule whose expression
  /// RE2 cannot take, and why, or whose examples disagree with it.
  static Result<RuleSet> compile(RuleFile file);

  RuleSet(RuleSet&&) noexcept;
  RuleSet& operator=(RuleSet&&) noexcept;
  ~RuleSet();

  [[nodiscard]] std::span<const Rule> rules() const;

  /// Every secret that the rules numbered in `candidates` find in `text`, by position. It is for the caller to know which rules may match there
  /// (keywords, literals: see Prefilter). `path` is what path expressions and path allow lists see.
  /// An engine that ran out of memory is an error, not "no matches".
  Result<std::vector<Match>> match(std::string_view text, std::string_view path, std::span<const std::uint32_t> candidates) const;

  /// The first rule in order that takes the whole of `value` for its secret, given the rules of that kind's value shape
  /// (`[rules.tokensweep] shape = true`): how a credential that a format reader found gets its kind and checksum.
  struct Shape {
    std::uint32_t rule = 0;
    Checksum checksum = Checksum::none;
  };
  [[nodiscard]] std::optional<Shape> shape_of(std::string_view value) const;

  /// Digest of rules and allow lists (hex): equal for equal behaviour. A sweep records it.
  [[nodiscard]] const std::string& digest() const;

 private:
  struct Impl;  // keeps <re2/re2.h> out of everyone else's build
  explicit RuleSet(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tokensweep
