#include "connectors/ssm/survey.hpp"

#include <utility>

#include "base/text.hpp"

namespace tokensweep::ssm {

Task<StoreSurvey> survey(Api& api, const Store& store, const CrawlOptions& options) {
  const std::string where = store.account + "/" + store.region;
  StoreSurvey survey;
  ParameterList list(api, false);
  std::uint64_t parameters = 0;
  std::vector<std::string> first;
  for (;;) {
    auto page = co_await list.next();
    if (!page) {
      survey.missing.push_back(where + ": DescribeParameters: " + page.value.error().what);
      co_return survey;
    }
    if (!*page.value) break;
    parameters += (**page.value).size();
    for (const Parameter& parameter : **page.value) {
      if (first.size() < kValues) first.push_back(parameter.name);
    }
  }
  survey.plan.push_back({.what = "list of the parameters of " + where, .requests = list.requests()});
  if (options.values && !first.empty()) {
    survey.plan.push_back({.what = "values of " + counted(parameters, "parameter") + " of " + where,
                           .requests = (parameters + kValues - 1) / kValues});
    auto values = co_await api.values(std::move(first));
    if (!values) survey.missing.push_back(where + ": GetParameters: " + values.value.error().what);
  }
  for (const SourceCheck::Line& line : survey.plan) survey.requests += line.requests;
  co_return survey;
}

}  // namespace tokensweep::ssm
