#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "connectors/circleci/followed_projects.hpp"
#include "connectors/circleci/parse.hpp"
#include "tests/fuzz/require.hpp"

using namespace tokensweep;
using namespace tokensweep::circleci;

using tokensweep::testing::require;
using tokensweep::testing::require_one_line;

namespace {

void check(const Result<Page<Variable>>& page) {
  require_one_line(page);
  if (!page) return;
  require(!page->next || !page->next->empty());
  for (const Variable& variable : page->items) {
    require(!variable.name.empty() && (variable.ending.empty() || variable.ending.size() == 4));
  }
}

Result<std::vector<std::string>> read_followed(std::string_view body, std::size_t piece) {
  FollowedProjects projects;
  projects.begin();
  for (; !body.empty(); body.remove_prefix(std::min(piece, body.size()))) {
    TRY_VOID(projects.read(body.substr(0, piece)));
  }
  return projects.finish();
}

/// The pieces in which a list comes make no difference.
void check_followed(std::string_view body) {
  const auto whole = read_followed(body, body.size() + 1);
  const auto pieces = read_followed(body, 3);
  require_one_line(whole);
  require(whole.has_value() == pieces.has_value());
  if (!whole) return;
  require(*whole == *pieces);
  for (const std::string& slug : *whole) require(is_slug(slug, 3));
}

}  // namespace

/// Each answer is tried with each reader: what is no answer of its kind has to be refused in one line.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  require_one_line(parse_user(body));
  require_one_line(parse_organisations(body));
  require_one_line(parse_contexts(body));
  require_one_line(parse_context(body));
  require_one_line(parse_restrictions(body));
  check(parse_context_variables(body));
  check(parse_project_variables(body));
  check_followed(body);
  return 0;
}
