#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "rules/rule.hpp"

namespace tokensweep {

/// In which clothes a rule's literal was found.
enum class Form : std::uint8_t {
  plain,   ///< as it is: the rules that need it may match around it
  base64,  ///< inside base64: the text around it is worth decoding, and searching again
  utf16,   ///< with a NUL between its letters: the text around it is worth transcoding, and searching again
};

/// Where a literal stands in a text.
struct LiteralHit {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::uint32_t literal = 0;  ///< for Prefilter::form(), phase() and rules()
};

/// Finds the literals of a rule set in gigabytes of text: the first of two steps, RE2 is the second. A rule's
/// `literals` are looked for as they are, its `encoded` ones in UTF-16 and inside base64 too; its `keywords` (gitleaks'
/// way, caseless) where it has no literals. Built on Vectorscan's literal mode: docs/speed.md has the measurement that
/// chose it.
///
/// Immutable: threads may share it, each with a Scratch of its own.
class Prefilter {
 public:
  /// One thread's working memory.
  class Scratch {
   public:
    explicit Scratch(const Prefilter& prefilter);
    Scratch(Scratch&&) noexcept;
    Scratch& operator=(Scratch&&) noexcept;
    ~Scratch();

   private:
    friend class Prefilter;
    struct Impl;
    std::unique_ptr<Impl> impl_;
  };

  static Result<Prefilter> compile(std::span<const Rule> rules);
  /// For texts that are base64 as a whole: it finds the rules' literals in what they decode to, there also in UTF-16
  /// and in base64 as deep as compile() looks. All its forms are `base64`. Rules without literals are `unfiltered`:
  /// every text may matter to them.
  static Result<Prefilter> compile_in_base64(std::span<const Rule> rules);
  Prefilter(Prefilter&&) noexcept;
  Prefilter& operator=(Prefilter&&) noexcept;
  ~Prefilter();

  /// Every occurrence in `text`, by where it ends, replaces what `hits` held.
  void find(std::string_view text, Scratch& scratch, std::vector<LiteralHit>& hits) const;

  [[nodiscard]] Form form(std::uint32_t literal) const;

  /// Of a base64 form: its first character's place, 0 to 3, in a group of four that encodes three bytes.
  [[nodiscard]] unsigned phase(std::uint32_t literal) const;

  /// Of a plain form: the rules that it makes worth trying.
  [[nodiscard]] std::span<const std::uint32_t> rules(std::uint32_t literal) const;

  /// How many bytes the longest literal has, in any form.
  [[nodiscard]] std::size_t longest() const;

  /// The rules that have neither keyword nor literal: to be tried everywhere.
  [[nodiscard]] std::span<const std::uint32_t> unfiltered() const;

 private:
  struct Impl;  // keeps <hs/hs.h> out of everyone else's build
  static Result<Prefilter> build(std::unique_ptr<Impl> impl);
  explicit Prefilter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tokensweep
