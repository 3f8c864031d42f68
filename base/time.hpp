#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

/// Times as exports and options spell them: RFC 3339 in UTC, to the second.
namespace tokensweep {

/// `2026-11-22T05:40:38Z`. A time before the year 0 or after 9999 (file systems hold such) is shown as the nearest that
/// has a spelling.
void append_time(std::string& out, std::chrono::sys_seconds time);
std::string format_time(std::chrono::sys_seconds time);

/// `2026-11-22`, in the same bounds.
void append_date(std::string& out, std::chrono::sys_days date);
std::string format_date(std::chrono::sys_days date);

/// RFC 3339 with any offset; fractions of a second are dropped. Nothing for anything else, times that do not exist
/// included.
std::optional<std::chrono::sys_seconds> parse_time(std::string_view text);

/// `YYYY-MM-DD`, a day that exists.
std::optional<std::chrono::sys_days> parse_date(std::string_view text);

/// An age: a whole number and `h`, `d` or `w`, such as `12h`, `90d`, `3w`; at most a thousand years.
std::optional<std::chrono::hours> parse_age(std::string_view text);

}  // namespace tokensweep
