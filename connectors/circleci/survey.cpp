#include "connectors/circleci/survey.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "base/text.hpp"

namespace tokensweep::circleci {
namespace {

class Survey {
 public:
  Survey(Api& api, const Targets& targets) : api_(api), targets_(targets) {}

  Task<Result<SourceCheck>> run(double rate) {
    auto user = co_await api_.user();
    if (!user) co_return std::move(user.value).error();
    check_.identity = std::move(*user.value);
    auto organisations = co_await api_.organisations();
    if (!organisations) co_return std::move(organisations.value).error().within("organisations");
    auto followed = co_await api_.followed_projects();
    if (broken(followed)) co_return std::move(*broken_);
    if (!followed) miss("followed projects", followed.value.error());
    check_.plan.push_back({.what = "the user's organisations and followed projects", .requests = 2});
    const std::vector<std::string> slugs = followed ? std::move(*followed.value) : std::vector<std::string>();
    for (const std::string& slug : targets_.organisations) {
      const auto found = std::ranges::find(*organisations.value, slug, &Organisation::slug);
      if (found == organisations.value->end()) {
        check_.missing.push_back(slug + ": the token's user is not in this organisation");
        continue;
      }
      co_await survey_contexts(*found);
      co_await survey_projects(*found, projects_of(*found, targets_, slugs));
      if (broken_) co_return std::move(*broken_);
    }
    std::uint64_t requests = 0;
    for (const SourceCheck::Line& line : check_.plan) requests += line.requests;
    check_.at_least = std::chrono::seconds(std::llround(std::ceil(static_cast<double>(requests) / rate)));
    co_return std::move(check_);
  }

 private:
  Task<> survey_contexts(const Organisation& organisation) {
    auto pages = api_.contexts(organisation.slug);
    std::optional<std::string> first;
    std::uint64_t contexts = 0;
    std::uint64_t requests = 0;
    for (;;) {
      auto page = co_await pages.next();
      if (broken(page)) co_return;
      if (!page) {
        miss("contexts of " + organisation.slug, page.value.error());
        co_return;
      }
      if (!*page.value) break;
      ++requests;
      contexts += (**page.value).size();
      if (!first && !(**page.value).empty()) first = (**page.value).front().id;
    }
    check_.plan.push_back({.what = "list of the contexts of " + organisation.slug, .requests = requests});
    if (!first) co_return;
    auto detail = co_await api_.context(*first);
    if (broken(detail)) co_return;
    if (!detail) {
      miss("a context of " + organisation.slug, detail.value.error());
      co_return;
    }
    // Variables and restrictions each have a list of their own where the context's answer leaves them out.
    const bool has_variables = detail.value->variables.has_value();
    const bool has_restrictions = detail.value->restrictions.has_value();
    const std::uint64_t each = has_variables || has_restrictions ? 1U + !has_variables + !has_restrictions : 2U;
    check_.plan.push_back({.what = "variables of " + counted(contexts, "context") + " of " + organisation.slug,
                           .requests = contexts * each});
  }

  Task<> survey_projects(const Organisation& organisation, std::vector<Project> projects) {
    check_.remarks.push_back(organisation.slug + ": " + describe_sources(projects));
    if (projects.empty()) co_return;
    check_.plan.push_back({.what = "variables of " + counted(projects.size(), "project") + " of " + organisation.slug,
                           .requests = projects.size()});
    const auto known = std::ranges::find_if(
        projects, [](const Project& project) { return project.source != ProjectSource::candidate; });
    if (known == projects.end()) co_return;
    auto pages = api_.project_variables(known->slug);
    auto page = co_await pages.next();
    if (!broken(page) && !page) miss("variables of " + known->slug, page.value.error());
  }

  template <class T>
  bool broken(Answer<T>& answer) {
    if (answer.reaction == Reaction::ends_source) broken_ = std::move(answer.value).error();
    return answer.reaction == Reaction::ends_source;
  }

  void miss(std::string_view what, const Error& why) { check_.missing.push_back(std::string(what) + ": " + why.what); }

  Api& api_;
  const Targets& targets_;
  SourceCheck check_;
  std::optional<Error> broken_;  ///< what ended the source
};

}  // namespace

Task<Result<SourceCheck>> survey(Api& api, const Targets& targets, double rate) {
  Survey survey(api, targets);
  co_return co_await survey.run(rate);
}

}  // namespace tokensweep::circleci
