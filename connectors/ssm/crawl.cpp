#include "connectors/ssm/crawl.hpp"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "base/text.hpp"
#include "net/task_group.hpp"

namespace tokensweep::ssm {
namespace {

ScopeEnd ended_by(Reaction reaction, const Error& why) {
  const bool denied = reaction == Reaction::denied || reaction == Reaction::off;
  ScopeEnd end;
  end.state = denied ? ScopeState::denied : ScopeState::failed;
  end.reason = why.what;
  return end;
}

/// One scope, while it is read.
class ScopeCrawl {
 public:
  ScopeCrawl(Api& api, const CrawlOptions& options, Sink& sink, ScopeNumber number, std::string prefix)
      : api_(api),
        options_(options),
        sink_(sink),
        number_(number),
        prefix_(std::move(prefix)),
        group_(std::max<std::size_t>(options.in_flight, 2) - 1) {}

  Task<ScopeEnd> run(bool shared) {
    ScopeEnd end = co_await list(shared);
    if (!batch_.empty()) co_await group_.start(read(std::move(batch_)));
    co_await group_.join();
    if (unasked_ > 0) {
      Gap gap{.place = prefix_,
              .reason = counted(unasked_, "value was", "values were") + " not asked for: the first " +
                        std::to_string(kHopeless) + " were refused"};
      sink_.gap(number_, std::move(gap));
    }
    co_return end;
  }

 private:
  using Batch = std::vector<Parameter>;

  Task<ScopeEnd> list(bool shared) {
    ParameterList list(api_, shared);
    const auto listed = std::make_shared<std::set<std::string, std::less<>>>();
    for (;;) {
      co_await sink_.room();
      auto page = co_await list.next();
      if (!page) co_return ended_by(page.reaction, std::move(page.value).error().within("DescribeParameters"));
      if (!*page.value) break;
      for (Parameter& parameter : **page.value) {
        if (!options_.values) listed->insert(place_of(prefix_, parameter));
        co_await want(std::move(parameter));
      }
    }
    ScopeEnd end;
    if (!options_.values) {
      end.covers = [listed](std::string_view place) { return !listed->contains(place); };
    }
    co_return end;
  }

  /// Has its value read, unless this version's was. What is not asked for must not be taken for read the next time.
  Task<> want(Parameter parameter) {
    if (is_hopeless()) {
      ++unasked_;
      look_at_name(parameter);
      co_return;
    }
    const std::string version = version_of(parameter) + (options_.values ? "" : " by name");
    if (sink_.is_known(number_, place_of(prefix_, parameter), version)) co_return;
    if (!options_.values) {
      look_at_name(parameter);
      co_return;
    }
    batch_.push_back(std::move(parameter));
    if (batch_.size() < kValues) co_return;
    co_await sink_.room();
    Batch full = std::exchange(batch_, {});
    co_await group_.start(read(std::move(full)));
  }

  Task<> read(Batch batch) {
    std::vector<std::string> names;
    names.reserve(batch.size());
    for (const Parameter& parameter : batch) names.push_back(parameter.name);
    auto page = co_await api_.values(std::move(names));
    if (page) {
      any_read_ = true;
      take(batch, std::move(*page.value));
      co_return;
    }
    const bool refused = page.reaction == Reaction::denied || page.reaction == Reaction::no_key;
    if (refused && batch.size() > 1) {
      // One of them is enough to cost all of them their answer.
      const auto middle = batch.begin() + static_cast<std::ptrdiff_t>(batch.size() / 2);
      Batch rest(std::make_move_iterator(middle), std::make_move_iterator(batch.end()));
      batch.erase(middle, batch.end());
      co_await read(std::move(batch));
      co_await read(std::move(rest));
      co_return;
    }
    if (refused) ++refused_;
    const std::string why = std::move(page.value).error().within("GetParameters").what;
    for (const Parameter& parameter : batch) {
      miss(parameter, why);
      // What keeps being refused has at least a name; what merely did not come will come.
      if (refused) look_at_name(parameter);
    }
  }

  /// Brings values and parameters together.
  void take(const Batch& batch, ValuePage page) {
    for (const Parameter& parameter : batch) {
      const auto value = std::ranges::find(page.values, parameter.name, &Value::name);
      if (value != page.values.end()) {
        if (!sink_.may_matter(parameter.name, value->value.reveal(), Spelling::plain)) continue;
        Sighting sighting = sighting_of(place_of(prefix_, parameter), parameter);
        sighting.value = std::move(value->value);
        sink_.found(number_, std::move(sighting));
      } else if (std::ranges::find(page.vanished, parameter.name) == page.vanished.end()) {
        miss(parameter, "GetParameters: the answer leaves it out");
      }
    }
  }

  void look_at_name(const Parameter& parameter) {
    sink_.found(number_, sighting_of(place_of(prefix_, parameter), parameter));
  }

  void miss(const Parameter& parameter, const std::string& why) {
    Gap gap{.place = place_of(prefix_, parameter), .reason = why};
    sink_.gap(number_, std::move(gap));
  }

  [[nodiscard]] bool is_hopeless() const { return !any_read_ && refused_ >= kHopeless; }

  Api& api_;
  const CrawlOptions& options_;
  Sink& sink_;
  ScopeNumber number_;
  std::string prefix_;
  TaskGroup group_;          ///< leaves the list's next page its turn: everything else waits for that
  Batch batch_;              ///< whose values are asked for next
  bool any_read_ = false;    ///< whether any value could be read
  std::size_t refused_ = 0;  ///< values that were, each by itself
  std::size_t unasked_ = 0;
};

Task<> crawl_scope(Api& api, const Store& store, const CrawlOptions& options, Sink& sink, bool shared) {
  Scope scope = scope_of(store, shared);
  scope.name = options.name;
  const auto number = sink.begin(scope);
  if (!number) co_return;
  ScopeCrawl crawl(api, options, sink, *number, scope.prefix);
  ScopeEnd end = co_await crawl.run(shared);
  co_await sink.end(*number, std::move(end));
}

}  // namespace

Task<> crawl(Api& api, const Store& store, const CrawlOptions& options, Sink& sink) {
  co_await crawl_scope(api, store, options, sink, false);
  if (options.shared) co_await crawl_scope(api, store, options, sink, true);
}

}  // namespace tokensweep::ssm
