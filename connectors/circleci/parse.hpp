#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/model.hpp"

/// CircleCI's answers: bytes in, values out, no socket. Strict: a field that we use and that has another type than the
/// API's description gives it is an error (`malformed`), which names the field and never what it holds; what we do not
/// use is passed over. No answer holds a value, but some hold the last characters of values, so pages are read into
/// memory that is wiped. They are read as a whole: a page is small. The one list that has no pages, the followed
/// projects, is read while it comes (followed_projects.hpp).
namespace tokensweep::circleci {

struct Organisation {
  std::string id;    ///< stays when it is renamed
  std::string slug;  ///< `gh/acme`, `circleci/<opaque>`
};

struct Context {
  std::string id;  ///< stays when it is renamed
  std::string name;
};

/// A variable of a context or a project: all that the API shows of it.
struct Variable {
  std::string name;
  std::string ending;  ///< the last four characters of its value; empty where fewer are shown, or the mask is no mask
  std::optional<Time> created_at;
  std::optional<Time> updated_at;  ///< of a context's: when its value was last written
};

/// To what a context is restricted; `other`: to what came after this was written.
enum class Restriction : std::uint8_t { project, expression, group, other };

/// One page of a list.
template <class Item_>
struct Page {
  using Item = Item_;
  std::vector<Item> items;
  std::optional<std::string> next;  ///< what the next page is asked for with, opaque; empty: this is the last one
};

/// One context by itself. Older servers leave both out.
struct ContextDetail {
  std::optional<std::vector<Variable>> variables;  ///< whether it names all of them is not documented
  std::optional<std::vector<Restriction>> restrictions;
};

/// `/api/v2/me`: the login.
Result<std::string> parse_user(std::string_view body);
/// `/api/v2/me/collaborations`
Result<std::vector<Organisation>> parse_organisations(std::string_view body);
/// `/api/v2/context?owner-slug=…`
Result<Page<Context>> parse_contexts(std::string_view body);
/// `/api/v2/context/{id}`
Result<ContextDetail> parse_context(std::string_view body);
/// `/api/v2/context/{id}/environment-variable`
Result<Page<Variable>> parse_context_variables(std::string_view body);
/// `/api/v2/context/{id}/restrictions`
Result<Page<Restriction>> parse_restrictions(std::string_view body);
/// `/api/v2/project/{slug}/envvar`
Result<Page<Variable>> parse_project_variables(std::string_view body);

/// Whether it is so many parts between slashes, each of which can stand in a path as it is.
bool is_slug(std::string_view text, std::size_t parts);

}  // namespace tokensweep::circleci
