#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "formats/credential.hpp"
#include "formats/known_files.hpp"
#include "scanner/located.hpp"
#include "scanner/text_search.hpp"

/// What a package manager's settings hold, wherever their text comes from: its reader and the rules together.
namespace tokensweep {

/// The ids of what format readers find by themselves, beside the rule set's own: a sweep has all of them in force.
std::span<const std::string_view> reader_rules();

/// What the format's reader makes of a text; nothing for plain text, which has none. What is no valid file of its
/// format reads as empty: it has been searched as text, and its package manager refuses it as well.
std::optional<Reading> read_settings(FileFormat format, std::string_view text);

/// Something in such a text.
struct LocatedSetting {
  Located located;
  int credential = -1;  ///< its number in the reading; -1 for what the rules alone found
};

/// Brings together what a reader and the rules found, each thing once. Placeholders are left out.
std::vector<LocatedSetting> locate_settings(const Detector& detector, FileFormat format, Reading reading,
                                            std::vector<Located> by_rules);

}  // namespace tokensweep
