#include "model/policy.hpp"

#include <fnmatch.h>

#include <algorithm>

namespace tokensweep {

std::chrono::days Cadences::of(Class klass, std::optional<int> rank) const {
  switch (klass) {
    case Class::A:
      return rank && *rank <= top_ranks ? a_top : a;
    case Class::B:
      return b;
    case Class::C:
      return c;
    case Class::D:
      return d;
  }
  return a_top;  // the strictest, should a class be added and forgotten here
}

bool HitPattern::fits(const Hit& hit, std::string_view token, std::string_view source_name) const {
  const auto fit = [](const std::string& pattern, const std::string& text) {
    return pattern.empty() || fnmatch(pattern.c_str(), text.c_str(), FNM_NOESCAPE) == 0;
  };
  return (id.empty() || id == hit.id || id == token) &&
         (source.empty() || source == hit.source || source == source_name) && fit(store, hit.store) &&
         fit(locator, hit.locator) && fit(name, hit.name);
}

const PolicyRule* Policy::rule_for(const Hit& hit, std::string_view token, std::string_view source_name) const {
  const auto found = std::find_if(rules.begin(), rules.end(),
                                  [&](const PolicyRule& rule) { return rule.hits.fits(hit, token, source_name); });
  return found == rules.end() ? nullptr : &*found;
}

const PolicyException* Policy::exception_for(const Hit& hit, std::string_view token, std::string_view source_name,
                                             Date day) const {
  const auto found = std::find_if(exceptions.begin(), exceptions.end(), [&](const PolicyException& exception) {
    return day <= exception.until && exception.hits.fits(hit, token, source_name);
  });
  return found == exceptions.end() ? nullptr : &*found;
}

}  // namespace tokensweep
