#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "connectors/connector.hpp"
#include "formats/known_files.hpp"
#include "scanner/classification.hpp"
#include "scanner/located.hpp"
#include "scanner/text_search.hpp"

namespace tokensweep {

/// How a value is to be read, by the name of what holds it: "/ci/.npmrc" says it as the file's own name does.
FileFormat format_of(std::string_view name);

/// Makes hits of what a store shows: values are searched with the rules, and end here; names are looked at where there
/// is no value. For one thread.
class SightingMatcher {
 public:
  /// All are borrowed.
  SightingMatcher(const Detector& detector, const ValueKeys& keys, const Classification& classification)
      : detector_(detector), keys_(keys), classification_(classification), search_(detector) {}

  /// The hits in one sighting of a scope; most have none. An error means that its value could not be searched.
  Result<std::vector<Hit>> match(const Scope& scope, Sighting sighting);

 private:
  Result<std::vector<Located>> locate_in_value(const Sighting& sighting);
  Result<std::vector<Located>> locate_in_setting(const Sighting& sighting);
  [[nodiscard]] std::vector<Located> locate_name(const Sighting& sighting) const;
  void clean(Evidence& evidence) const;
  [[nodiscard]] Hit make_hit(const Scope& scope, const Sighting& sighting, const Located& located,
                             Ordinals& ordinals) const;

  const Detector& detector_;
  const ValueKeys& keys_;
  const Classification& classification_;
  TextSearch search_;
  std::vector<LiteralHit> literals_;
};

}  // namespace tokensweep
