#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "formats/layers.hpp"
#include "model/model.hpp"
#include "rules/prefilter.hpp"
#include "rules/rule_set.hpp"

namespace tokensweep {

/// Compiled rules and the prefilter made of them. Immutable: all threads share one.
struct Detector {
  RuleSet rules;
  Prefilter prefilter;

  static Result<Detector> make(RuleSet rules);
  /// How far from a literal a text has to be known for any bounded rule to match around it, in bytes.
  [[nodiscard]] std::size_t reach() const { return reach_; }

 private:
  Detector(RuleSet compiled, Prefilter filter, std::size_t reach)
      : rules(std::move(compiled)), prefilter(std::move(filter)), reach_(reach) {}
  std::size_t reach_;
};

/// A secret in a text, or the name of one.
struct Finding {
  std::uint32_t rule = 0;
  Secret value;  ///< what the rule's group holds: for a reference, the variable's name
  std::size_t begin =
      0;  ///< of the secret, or of the outermost layer that holds it: an offset into the text that was searched
  std::size_t end = 0;
  std::string inner;  ///< the place inside the layers: `!json:/auths/x/auth!base64:3`; empty in the text itself
  Checksum checksum = Checksum::none;
  bool commented_out = false;
  std::optional<std::string> registry;  ///< of `//host/path/:_authToken=…`
  std::string key;                      ///< the setting's name, where the match begins with one: `_password`
};

/// Searches texts with the rules, through layers of base64, UTF-16 and JSON. One for each thread.
class TextSearch {
 public:
  explicit TextSearch(const Detector& detector) : detector_(detector), scratch_(detector.prefilter) {}

  /// A text, or as much of it as is in memory.
  struct Text {
    std::string_view bytes;
    std::string_view path;      ///< what path expressions see
    bool cut_in_front = false;  ///< there is more before it
    bool cut_behind = false;
    bool is_whole = false;  ///< all of it is there: it may be read as JSON
  };

  /// The literals in `bytes`, in place of what `hits` held: the cheap part, for every byte of every file.
  void literals(std::string_view bytes, std::vector<LiteralHit>& hits) {
    detector_.prefilter.find(bytes, scratch_, hits);
  }

  /// What the rules find around `hits`, by position, appended to `findings`. Rules without a literal or keyword see all
  /// of the text, and so do those without a `max_length` once one of their literals is there. An expression that cannot
  /// be compiled is an error.
  Result<> search(const Text& text, std::span<const LiteralHit> hits, std::vector<Finding>& findings);

 private:
  struct Window {
    std::uint32_t rule = 0;
    std::size_t begin = 0;
    std::size_t end = 0;
    bool cut_in_front = false;  ///< there is more of the line in front of it
    bool cut_behind = false;
  };

  Result<> search(const Text& text, std::span<const LiteralHit> hits, const std::string& inner, int depth,
                  std::vector<Finding>& findings);
  static Window whole(std::string_view bytes, std::uint32_t rule);
  static Window window_around(std::string_view bytes, const LiteralHit& hit, const Rule& rule, std::uint32_t number);
  std::vector<Window> windows(const Text& text, std::span<const LiteralHit> hits) const;
  Result<> match(const Text& text, std::span<const LiteralHit> hits, const std::string& inner,
                 std::vector<Finding>& findings);
  Result<> open_encoded(const Text& text, std::span<const LiteralHit> hits, const std::string& inner, int depth,
                        std::vector<Finding>& findings);
  Result<> open_json(const Text& text, std::span<const LiteralHit> hits, const std::string& inner, int depth,
                     std::size_t first_finding, std::vector<Finding>& findings);
  Result<> search_layer(const Layer& layer, std::string_view path, const std::string& inner, int depth,
                        std::vector<Finding>& findings);

  const Detector& detector_;
  Prefilter::Scratch scratch_;
};

/// How many line breaks a text has.
std::uint32_t line_breaks(std::string_view text);

}  // namespace tokensweep
