#pragma once

#include <boost/json/value.hpp>
#include <cstddef>
#include <string_view>

#include "base/result.hpp"

/// What npm printed into a file, or what a registry answered, before anybody asks what it is a list of.
namespace tokensweep {

/// An account may have 1,000 tokens, each with 50 packages and 50 organisations: some 11 MB, as npm indents them.
inline constexpr std::size_t kLargestNpmOutput = std::size_t{16} << 20U;

/// The part of a file that is the answer.
struct NpmOutput {
  /// From the first line that is none of npm's own messages (`npm warn …`, `npm notice …`, node's warnings) to the
  /// last, without white space at its end; never empty. A view into the file's text.
  std::string_view body;
  std::size_t first_line = 1;  ///< of the body, in the file
};

/// Finds the answer in a file. Leaves out a byte-order mark and npm's messages before and after it: both come along
/// where the errors' channel went into the same file. Fails, always as malformed, where there is no answer: the file is
/// empty, too large, UTF-16, a web page, nothing but messages, or npm says in them that it failed. `command` is what
/// the user is told to run again.
Result<NpmOutput> find_npm_output(std::string_view text, std::string_view command);

/// Parses the answer, which has to be one JSON value. Fails as malformed, with line and column, where it is cut off, is
/// no JSON, or is npm's report of a failure (`{"error": {"code": …}}`).
Result<boost::json::value> parse_npm_json(const NpmOutput& output, std::string_view command);

/// Whether a whole npm token stands in a text: none of npm's lists shows one, and none may get into the inventory.
bool holds_npm_token(std::string_view text);

}  // namespace tokensweep
