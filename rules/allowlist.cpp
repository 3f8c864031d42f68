#include "rules/allowlist.hpp"

#include <algorithm>
#include <iterator>

#include "base/secret.hpp"

namespace tokensweep {

namespace {

char lower(char letter) { return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter; }

}  // namespace

std::string lower_ascii(std::string_view text) {
  std::string lowered(text);
  std::transform(lowered.begin(), lowered.end(), lowered.begin(), lower);
  return lowered;
}

AllowlistMatcher::AllowlistMatcher(const Allowlist& list, std::int64_t memory)
    : all_conditions_(list.all_conditions), target_(list.target) {
  if (!list.paths.empty()) paths_.emplace(join_alternatives(list.paths), memory);
  if (!list.regexes.empty()) regexes_.emplace(join_alternatives(list.regexes), memory);
  std::transform(list.stopwords.begin(), list.stopwords.end(), std::back_inserter(stopwords_), lower_ascii);
}

Result<> AllowlistMatcher::check() const {
  if (paths_) TRY_VOID(paths_->check());
  if (regexes_) TRY_VOID(regexes_->check());
  return {};
}

Result<bool> AllowlistMatcher::allows_path(std::string_view path) const {
  const bool needs_more = all_conditions_ && (regexes_ || !stopwords_.empty());
  if (needs_more) return false;
  return path_matches(path);
}

Result<bool> AllowlistMatcher::allows(const Candidate& candidate, std::string_view path) const {
  TRY(const bool regex, text_matches(candidate));
  const bool stopword = has_stopword(candidate.secret);
  if (!all_conditions_) return regex || stopword;
  if ((regexes_ && !regex) || (!stopwords_.empty() && !stopword)) return false;
  return paths_ ? path_matches(path) : true;
}

Result<bool> AllowlistMatcher::path_matches(std::string_view path) const {
  if (!paths_ || path.empty()) return false;
  return paths_->found_in(path);
}

Result<bool> AllowlistMatcher::text_matches(const Candidate& candidate) const {
  const std::string_view text = target_ == AllowTarget::match  ? candidate.match
                                : target_ == AllowTarget::line ? candidate.line
                                                               : candidate.secret;
  if (!regexes_ || text.empty()) return false;
  return regexes_->found_in(text);
}

bool AllowlistMatcher::has_stopword(std::string_view secret) const {
  if (stopwords_.empty() || secret.empty()) return false;
  WipedBuffer buffer(secret.size());
  std::transform(secret.begin(), secret.end(), buffer.data(), lower);
  const std::string_view lowered(buffer.data(), secret.size());
  return std::any_of(stopwords_.begin(), stopwords_.end(),
                     [&](const std::string& word) { return lowered.find(word) != std::string_view::npos; });
}

}  // namespace tokensweep
