#pragma once

#include <string>
#include <string_view>

namespace tokensweep {

/// A prefix as the inventory stores it: without slashes at its end. "/" and "" are the same: the whole realm.
std::string_view normal_prefix(std::string_view prefix);

/// Whether `place` is `prefix` (as normal_prefix gives it) or lies below it: "/home/a" holds "/home/a/x", not
/// "/home/ab".
bool is_at_or_below(std::string_view place, std::string_view prefix);

/// The first text after all places that is_at_or_below() can be true for, in the order of bytes. Between `prefix` and
/// it lie others too ("/home/a-b"), so it only narrows an index. Not for the whole realm, which has no end.
std::string end_of_range(std::string_view prefix);

}  // namespace tokensweep
