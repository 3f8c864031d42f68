#include "connectors/circleci/crawl.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "base/text.hpp"
#include "net/task_group.hpp"

namespace tokensweep::circleci {
namespace {

/// How the use of a context is restricted, as flags and words for all that it holds.
struct ContextUse {
  ScopeFlags flags;
  std::string note;
};

/// Groups say who may run a pipeline with it, not which: with groups alone, every project of the organisation can.
ContextUse use_of(const std::optional<std::vector<Restriction>>& restrictions) {
  ContextUse use;
  use.flags.add(ScopeFlag::context);
  if (!restrictions) {
    use.note = "to what the context is restricted could not be read";
    return use;
  }
  const auto count = [&](Restriction kind) {
    return static_cast<std::size_t>(std::ranges::count(*restrictions, kind));
  };
  const std::size_t groups = count(Restriction::group);
  if (groups == restrictions->size()) {
    use.flags.add(ScopeFlag::unrestricted_context);
    use.note = "every project of the organisation can use the context";
    if (groups > 0) use.note += ", in pipelines of the members of " + counted(groups, "group");
    return use;
  }
  use.note = "the context is restricted to";
  std::string_view separator = " ";
  const auto add = [&](Restriction kind, std::string_view one, std::string_view many = {}) {
    if (const std::size_t number = count(kind); number > 0) {
      use.note += std::string(separator) + counted(number, one, many);
      separator = ", ";
    }
  };
  add(Restriction::project, "project");
  add(Restriction::expression, "expression");
  add(Restriction::group, "group");
  add(Restriction::other, "thing of another kind", "things of other kinds");
  return use;
}

Sighting sighting_of(const Variable& variable, const std::string& prefix) {
  Sighting sighting;
  sighting.place = prefix + "/" + percent_encoded(variable.name);
  sighting.locator = variable.name;
  sighting.name = variable.name;
  sighting.ending = variable.ending;
  sighting.created_at = variable.created_at;
  sighting.updated_at = variable.updated_at;
  if (variable.created_at) sighting.age_basis = AgeBasis::created_at;
  if (variable.updated_at) sighting.age_basis = AgeBasis::updated_at;
  sighting.evidence.push_back({.kind = EvidenceKind::ci_secret});
  return sighting;
}

ScopeEnd ended(ScopeState state, std::string reason) {
  ScopeEnd end;
  end.state = state;
  end.reason = std::move(reason);
  return end;
}

/// How a scope ends of which one answer did not come.
ScopeEnd ended_by(Reaction reaction, const Error& why) {
  const bool denied = reaction == Reaction::denied || reaction == Reaction::absent;
  return ended(denied ? ScopeState::denied : ScopeState::failed, why.what);
}

class Crawl {
 public:
  Crawl(Api& api, const Targets& targets, const CrawlOptions& options, Sink& sink)
      : api_(api), targets_(targets), options_(options), sink_(sink), group_(options.in_flight) {}

  Task<Result<>> run() {
    auto organisations = co_await api_.organisations();
    if (!organisations) co_return std::move(organisations.value).error().within("organisations");
    for (const std::string& slug : targets_.organisations) co_await enter(slug, *organisations.value);
    // Each list is read while what it named so far is read too; what ends a list waits until all that is done.
    for (Lists& lists : lists_) co_await list_contexts(lists);
    co_await list_projects();
    co_await group_.join();
    for (Lists& lists : lists_) co_await end(lists);
    if (broken_) co_return *std::move(broken_);
    co_return Result<>();
  }

 private:
  /// The two lists of an organisation, while they are read. Without a scope, this sweep has read one already.
  struct Lists {
    Organisation organisation;
    std::optional<ScopeNumber> contexts;
    ScopeEnd contexts_end;
    std::shared_ptr<std::set<std::string, std::less<>>> context_prefixes;  ///< that were listed
    std::optional<ScopeNumber> projects;
    ScopeEnd projects_end;
  };

  [[nodiscard]] Scope scope(std::string store, std::string prefix) const {
    return {.source = "circleci",
            .name = options_.name,
            .store = std::move(store),
            .realm = "circleci:" + options_.host,
            .prefix = std::move(prefix)};
  }

  static std::string contexts_prefix(const Organisation& organisation) { return organisation.id + "/context"; }
  static std::string projects_prefix(const Organisation& organisation) { return organisation.id + "/project"; }

  Task<> enter(const std::string& slug, const std::vector<Organisation>& known) {
    const auto found = std::ranges::find(known, slug, &Organisation::slug);
    if (found == known.end()) {
      const auto number = sink_.begin(scope(slug, percent_encoded(slug)));
      if (!number) co_return;
      ScopeEnd end = ended(ScopeState::denied, "the token's user is not in this organisation");
      co_await sink_.end(*number, std::move(end));
      co_return;
    }
    Lists& lists = lists_.emplace_back();
    lists.organisation = *found;
    lists.context_prefixes = std::make_shared<std::set<std::string, std::less<>>>();
    lists.contexts = sink_.begin(scope(slug, contexts_prefix(*found)));
    lists.projects = sink_.begin(scope(slug, projects_prefix(*found)));
  }

  Task<> list_contexts(Lists& lists) {
    if (!lists.contexts) co_return;
    auto pages = api_.contexts(lists.organisation.slug);
    while (!broken_) {
      co_await sink_.room();
      auto page = co_await pages.next();
      if (!page) {
        lists.contexts_end = failed(page.reaction, std::move(page.value).error().within("contexts"));
        co_return;
      }
      if (!*page.value) {
        lists.contexts_end.covers = covers_vanished(lists);
        co_return;
      }
      for (Context& context : **page.value) {
        std::string prefix = contexts_prefix(lists.organisation) + "/" + context.id;
        if (!lists.context_prefixes->insert(prefix).second) continue;  // the list moved while it was read
        Scope of_context = scope(lists.organisation.slug + "/" + context.name, std::move(prefix));
        co_await group_.start(read_context(std::move(of_context), std::move(context)));
      }
    }
  }

  /// Of the places of contexts, those in contexts that the list no longer has.
  static std::function<bool(std::string_view)> covers_vanished(const Lists& lists) {
    return [listed = lists.context_prefixes](std::string_view place) {
      const std::size_t id = place.find('/', place.find('/') + 1);
      return !listed->contains(place.substr(0, place.find('/', id + 1)));
    };
  }

  Task<> list_projects() {
    if (broken_ || std::ranges::none_of(lists_, [](const Lists& lists) { return lists.projects.has_value(); })) {
      co_return;
    }
    co_await sink_.room();
    auto followed = co_await api_.followed_projects();
    std::vector<std::string> slugs;
    if (followed) {
      slugs = std::move(*followed.value);
    } else {
      const ScopeEnd end = failed(followed.reaction, std::move(followed.value).error().within("followed projects"));
      for (Lists& lists : lists_) lists.projects_end = end;
    }
    for (Lists& lists : lists_) {
      if (lists.projects) co_await read_projects(lists, slugs);
    }
  }

  Task<> read_projects(Lists& lists, const std::vector<std::string>& followed) {
    const std::string prefix = projects_prefix(lists.organisation);
    auto projects = projects_of(lists.organisation, targets_, followed);
    Gap known{.place = prefix + "/?", .reason = describe_sources(projects), .incomplete = false};
    sink_.gap(*lists.projects, std::move(known));
    lists.projects_end.covers = [](std::string_view) { return false; };
    for (Project& project : projects) {
      const std::string_view own = std::string_view(project.slug).substr(project.slug.rfind('/') + 1);
      Scope of_project = scope(project.slug, prefix + "/" + percent_encoded(own));
      co_await sink_.room();
      co_await group_.start(read_project(std::move(of_project), std::move(project)));
    }
  }

  /// What was begun before the source broke ends too.
  Task<> end(Lists& lists) {
    if (broken_) {
      lists.contexts_end = ended(ScopeState::failed, broken_->what);
      lists.projects_end = lists.contexts_end;
    }
    if (lists.contexts) co_await sink_.end(*lists.contexts, std::move(lists.contexts_end));
    if (lists.projects) co_await sink_.end(*lists.projects, std::move(lists.projects_end));
  }

  Task<> read_context(Scope scope, Context context) {
    if (broken_) co_return;
    const auto number = sink_.begin(scope);
    if (!number) co_return;
    ScopeEnd end = co_await read_context_into(*number, scope.prefix, context.id);
    co_await sink_.end(*number, std::move(end));
  }

  Task<ScopeEnd> read_context_into(ScopeNumber number, const std::string& prefix, const std::string& id) {
    ContextDetail detail;
    if (details_embed_) {
      auto answer = co_await api_.context(id);
      if (!answer) co_return failed(answer.reaction, std::move(answer.value).error());
      detail = std::move(*answer.value);
      details_embed_ = detail.variables || detail.restrictions;
    }
    if (!detail.restrictions) {
      auto restrictions = co_await all_of(api_.restrictions(id));
      if (restrictions.reaction == Reaction::ends_source) {
        co_return failed(restrictions.reaction, std::move(restrictions.value).error());
      }
      if (restrictions) {
        detail.restrictions = std::move(*restrictions.value);
      } else {
        Gap gap{.place = prefix + "/?restrictions",
                .reason = std::move(restrictions.value).error().within("restrictions").what,
                .incomplete = restrictions.reaction == Reaction::failed};
        sink_.gap(number, std::move(gap));
      }
    }
    const ContextUse use = use_of(detail.restrictions);
    const auto take = [&](const Variable& variable) {
      Sighting sighting = sighting_of(variable, prefix);
      sighting.flags.add(use.flags);
      sighting.evidence.push_back({.kind = EvidenceKind::note, .value = use.note});
      sink_.found(number, std::move(sighting));
    };
    if (detail.variables && detail.variables->size() < kMaybeCut) {
      std::ranges::for_each(*detail.variables, take);
      co_return ScopeEnd();
    }
    auto pages = api_.context_variables(id);
    for (;;) {
      co_await sink_.room();
      auto page = co_await pages.next();
      if (!page) co_return failed(page.reaction, std::move(page.value).error());
      if (!*page.value) co_return ScopeEnd();
      std::ranges::for_each(**page.value, take);
    }
  }

  Task<> read_project(Scope scope, Project project) {
    if (broken_) co_return;
    const auto number = sink_.begin(scope);
    if (!number) co_return;
    ScopeEnd end = co_await read_project_into(*number, scope.prefix, project);
    co_await sink_.end(*number, std::move(end));
  }

  Task<ScopeEnd> read_project_into(ScopeNumber number, const std::string& prefix, const Project& project) {
    auto pages = api_.project_variables(project.slug);
    for (;;) {
      co_await sink_.room();
      auto page = co_await pages.next();
      if (page.reaction == Reaction::absent && project.source == ProjectSource::candidate) {
        co_return ended(ScopeState::skipped, "no CircleCI project, or not for the token's user to see");
      }
      if (!page) co_return failed(page.reaction, std::move(page.value).error());
      if (!*page.value) co_return ScopeEnd();
      for (const Variable& variable : **page.value) {
        Sighting sighting = sighting_of(variable, prefix);
        sighting.flags.add(ScopeFlag::project);
        sink_.found(number, std::move(sighting));
      }
    }
  }

  /// A list that is small enough to be held.
  template <class Item>
  static Task<Answer<std::vector<Item>>> all_of(Pages<Item> pages) {
    std::vector<Item> all;
    for (;;) {
      auto page = co_await pages.next();
      if (!page) co_return Answer<std::vector<Item>>(page.reaction, std::move(page.value).error());
      if (!*page.value) co_return Answer<std::vector<Item>>(std::move(all));
      all.insert(all.end(), (**page.value).begin(), (**page.value).end());
    }
  }

  /// How a scope ends by an answer that did not come; remembers what ends all others with it.
  ScopeEnd failed(Reaction reaction, const Error& why) {
    if (reaction == Reaction::ends_source && !broken_) broken_ = why;
    return ended_by(reaction, why);
  }

  Api& api_;
  const Targets& targets_;
  const CrawlOptions& options_;
  Sink& sink_;
  TaskGroup group_;
  std::vector<Lists> lists_;
  bool details_embed_ = true;    ///< false once a server was seen to leave both lists out of a context's answer
  std::optional<Error> broken_;  ///< what ended the source
};

}  // namespace

Task<Result<>> crawl(Api& api, const Targets& targets, const CrawlOptions& options, Sink& sink) {
  Crawl crawl(api, targets, options, sink);
  co_return co_await crawl.run();
}

}  // namespace tokensweep::circleci
