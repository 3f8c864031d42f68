#include "net/paging.hpp"

#include <algorithm>

namespace tokensweep {
namespace {

Error unreadable(std::string_view why) {
  return {ErrorKind::malformed, std::string("the link to the next page ").append(why)};
}

bool is_space(char c) { return c == ' ' || c == '\t'; }

/// RFC 9110, 5.6.2.
bool is_token_char(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
}

struct Link {
  std::string_view reference;
  std::optional<std::string> relation;  ///< the first `rel`: later ones do not count (RFC 8288, 3.3)
  bool elsewhere = false;               ///< with an `anchor` it speaks of another page than this one
};

/// Reads the links of one header, one after the other: RFC 8288, 3.
class LinkReader {
 public:
  explicit LinkReader(std::string_view text) : rest_(text) {}

  /// Nothing at the end of the header. After an error, the rest cannot be read either.
  Result<std::optional<Link>> next() {
    skip([](char c) { return is_space(c) || c == ','; });  // lists may have empty parts (RFC 9110, 5.6.1.2)
    if (rest_.empty()) return std::optional<Link>();
    if (!take('<')) return unreadable("does not begin with <");
    const std::size_t close = rest_.find('>');
    if (close == std::string_view::npos) return unreadable("never ends");
    Link link;
    link.reference = rest_.substr(0, close);
    rest_.remove_prefix(close + 1);
    while (true) {
      skip(is_space);
      if (rest_.empty() || rest_.front() == ',') return std::optional(std::move(link));
      if (!take(';')) return unreadable("has something odd behind it");
      TRY_VOID(read_parameter(link));
    }
  }

 private:
  template <class Predicate>
  std::string_view skip(Predicate predicate) {
    const auto end = std::find_if_not(rest_.begin(), rest_.end(), predicate);
    const auto skipped = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
    rest_.remove_prefix(skipped.size());
    return skipped;
  }

  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  Result<> read_parameter(Link& link) {
    skip(is_space);
    const std::string_view name = skip(is_token_char);
    if (name.empty()) return {};  // a semicolon with nothing behind it is allowed
    skip(is_space);
    std::string value;
    if (take('=')) {
      skip(is_space);
      TRY(value, read_value());
    }
    if (same_name(name, "rel") && !link.relation) link.relation = std::move(value);
    if (same_name(name, "anchor")) link.elsewhere = true;
    return {};
  }

  Result<std::string> read_value() {
    if (!take('"')) {
      const std::string_view token = skip(is_token_char);
      if (token.empty()) return unreadable("has a parameter without a value");
      return std::string(token);
    }
    std::string value;
    while (!rest_.empty()) {
      if (take('"')) return value;
      if (take('\\') && rest_.empty()) break;
      value.push_back(rest_.front());
      rest_.remove_prefix(1);
    }
    return unreadable("has a quotation that never ends");
  }

  std::string_view rest_;
};

/// Whether a `rel`, which holds several relations between spaces, names this one.
bool names(std::string_view relations, std::string_view relation) {
  while (!relations.empty()) {
    const std::size_t end = std::min(relations.find(' '), relations.size());
    if (same_name(relations.substr(0, end), relation)) return true;
    relations.remove_prefix(std::min(end + 1, relations.size()));
  }
  return false;
}

}  // namespace

Result<std::optional<std::string>> next_page(const HttpResponse& response, const Url& asked,
                                             std::string_view parameter) {
  std::optional<std::string> page;
  for (const HttpHeader& header : response.headers) {
    if (!same_name(header.name, "Link")) continue;
    LinkReader reader(header.value);
    while (true) {
      TRY(const auto link, reader.next());
      if (!link) break;
      if (link->elsewhere || !link->relation || !names(*link->relation, "next")) continue;
      const auto url = asked.resolve(link->reference);
      if (!url) return unreadable("is no address");
      if (url->origin != asked.origin) return unreadable("leads to another server");
      auto value = query_value(url->target, parameter);
      if (!value) return unreadable("does not say which page that is");
      if (page && page != value) return unreadable("has a second one that contradicts it");
      page = std::move(value);
    }
  }
  return page;
}

bool PageGuard::enter(std::string_view marker) {
  if (seen_.size() == most_ || std::find(seen_.begin(), seen_.end(), marker) != seen_.end()) return false;
  seen_.emplace_back(marker);
  return true;
}

}  // namespace tokensweep
