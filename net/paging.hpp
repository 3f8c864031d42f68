#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "net/http.hpp"

namespace tokensweep {

/// The value of `parameter` (`page`, `after`) in the answer's `Link: <…>; rel="next"` (RFC 8288); nothing where there
/// is no next page. Only that one value is taken from it: the next address is made of the one that was asked, so a link
/// cannot lead anywhere else. A link to another origin than `asked` is an error (`malformed`), as is one that cannot be
/// read.
Result<std::optional<std::string>> next_page(const HttpResponse& response, const Url& asked,
                                             std::string_view parameter);

/// Notices pages that go round: each page's marker may come once, and so many of them.
class PageGuard {
 public:
  explicit PageGuard(std::size_t most_pages) : most_(most_pages) {}
  /// False where this marker was seen before, or pages never end.
  [[nodiscard]] bool enter(std::string_view marker);

 private:
  std::size_t most_;
  std::vector<std::string> seen_;
};

}  // namespace tokensweep
