#include "scanner/network_sources.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <thread>
#include <unordered_map>
#include <unordered_set>

#include "identity/mark.hpp"
#include "scanner/sighting_matcher.hpp"
#include "scanner/sweep_writer.hpp"
#include "scanner/value_filter.hpp"

namespace tokensweep {
namespace {

namespace asio = boost::asio;
constexpr std::chrono::milliseconds kPatience{20};

/// What reads: another program, other rules or another collector may find or keep something else in the same version.
std::string reader_of(const NetworkJob& job, const ValueKeys& keys) {
  std::string reader = std::string(tokensweep_version()) + ' ' + job.detector->rules.digest();
  if (keys.sealer != nullptr) reader += ' ' + keys.sealer->key().id();
  return reader;
}

}  // namespace

/// One connector's way into the queue of items; lives on the network thread.
class NetworkSources::JobSink final : public Sink {
 public:
  JobSink(NetworkSources& sources, const NetworkJob& job, std::size_t number)
      : sources_(sources),
        job_(job),
        number_(number),
        reader_(reader_of(job, sources.context_.keys)),
        filter_(*job.detector),
        room_(sources.network_.context()) {
    room_.expires_at(asio::steady_timer::time_point::max());
  }

  std::optional<ScopeNumber> begin(const Scope& scope) override {
    Scope complete = scope;
    complete.source = job_.type;
    complete.name = job_.name;
    if (sources_.context_.done.contains(key_of(complete))) return std::nullopt;
    const ScopeNumber number = sources_.context_.numbers++;
    open_[number].known = sources_.context_.versions.of(complete);
    put(number, std::move(complete));
    return number;
  }

  void found(ScopeNumber scope, Sighting sighting) override { put(scope, std::move(sighting)); }
  void gap(ScopeNumber scope, Gap gap) override { put(scope, std::move(gap)); }

  Task<> end(ScopeNumber scope, ScopeEnd how) override {
    if (auto asked = open_.extract(scope); asked && !asked.mapped().versions.places.empty()) {
      put(scope, std::move(asked.mapped().versions));
    }
    put(scope, std::move(how));
    co_await room();
  }

  bool is_known(ScopeNumber scope, std::string_view place, std::string_view version) override {
    OpenScope& open = open_[scope];
    PlaceVersions::Place asked{.place = mark_of_place(place), .version = mark_of({reader_, place, version})};
    if (open.known != nullptr) {
      const auto found =
          std::lower_bound(open.known->begin(), open.known->end(), KnownVersion{.version = asked.version});
      if (found != open.known->end() && found->version == asked.version) asked.unchanged_since = found->since;
    }
    open.versions.places.push_back(asked);
    return asked.unchanged_since.has_value();
  }

  bool knows_any(std::string_view realm) override {
    return sources_.context_.versions.any_of(job_.type, job_.name, realm);
  }

  Task<> room() override {
    const auto wake = [this] { asio::post(sources_.network_.context(), [this] { room_.cancel(); }); };
    while (!sources_.items_.when_room(wake)) co_await room_.async_wait(asio::as_tuple(asio::use_awaitable));
  }

  bool may_matter(std::string_view name, std::string_view bytes, Spelling spelling) override {
    return filter_.may_matter(name, bytes, spelling);
  }

 private:
  template <class What>
  void put(ScopeNumber scope, What what) {
    sources_.items_.push_now({number_, scope, std::move(what)});
  }

  struct OpenScope {
    const std::vector<KnownVersion>* known = nullptr;
    PlaceVersions versions;
  };

  NetworkSources& sources_;
  const NetworkJob& job_;
  std::size_t number_;
  std::string reader_;
  std::unordered_map<ScopeNumber, OpenScope> open_;
  ValueFilter filter_;
  asio::steady_timer room_;
};

void NetworkSources::run(std::span<const NetworkJob> jobs) {
  if (jobs.empty()) return;
  std::vector<std::unique_ptr<JobSink>> sinks;
  for (const NetworkJob& job : jobs) {
    sinks.push_back(std::make_unique<JobSink>(*this, job, sinks.size()));
    asio::co_spawn(network_.context(), crawl(job, *sinks.back()), asio::detached);
  }
  std::jthread crawler([this] {
    network_.context().run();
    items_.close();
  });
  match_all(jobs);
}

void NetworkSources::stop() { network_.context().stop(); }

/// The one boundary where what a connector lets out becomes a failure of its source, and costs the others nothing.
Task<> NetworkSources::crawl(const NetworkJob& job, JobSink& sink) {
  Result<> swept;
  try {
    swept = co_await job.connector->sweep(sink);
  } catch (const std::exception&) {
    swept = Error{ErrorKind::internal, job.name + ": stopped by an internal error"};
  }
  if (!swept) failures_.emplace_back(&job, std::move(swept).error());
}

void NetworkSources::match_all(std::span<const NetworkJob> jobs) {
  std::vector<SightingMatcher> matchers;
  std::vector<std::vector<std::string>> rules;
  for (const NetworkJob& job : jobs) {
    matchers.emplace_back(*job.detector, context_.keys, context_.classification);
    rules.push_back(rules_in_force(*job.detector));
  }
  struct OpenScope {
    Scope scope;
    std::unordered_set<Mark, MarkHash> unread;  ///< places with a gap at them or below
  };
  std::unordered_map<ScopeNumber, OpenScope> open;
  const auto leave = [](std::unordered_set<Mark, MarkHash>& unread, std::string_view place) {
    for_place_and_above(place, [&unread](const Mark& mark) { return unread.insert(mark).second; });
  };
  const auto tell = [this](ScopeNumber scope, auto what) { context_.queue.push({scope, std::move(what)}); };
  for (bool last = false; !last;) {
    ItemQueue::Batch batch = items_.take(kPatience);
    last = batch.last;
    for (Item& item : batch.items) {
      if (auto* scope = std::get_if<Scope>(&item.what)) {
        open.emplace(item.scope, OpenScope{.scope = *scope, .unread = {}});
        tell(item.scope, std::move(*scope));
      } else if (auto* sighting = std::get_if<Sighting>(&item.what)) {
        const std::string place = sighting->place;
        auto hits = matchers[item.job].match(open.at(item.scope).scope, std::move(*sighting));
        if (!hits) {
          leave(open.at(item.scope).unread, place);
          tell(item.scope, Gap{.place = place, .reason = std::move(hits).error().what});
          continue;
        }
        for (Hit& hit : *hits) tell(item.scope, std::move(hit));
      } else if (auto* gap = std::get_if<Gap>(&item.what)) {
        leave(open.at(item.scope).unread, gap->place);
        tell(item.scope, std::move(*gap));
      } else if (auto* versions = std::get_if<PlaceVersions>(&item.what)) {
        const auto& unread = open.at(item.scope).unread;
        std::erase_if(versions->places, [&](const auto& one) { return unread.contains(one.place); });
        tell(item.scope, std::move(*versions));
      } else if (auto* end = std::get_if<ScopeEnd>(&item.what)) {
        end->rules = rules[item.job];
        open.erase(item.scope);
        tell(item.scope, std::move(*end));
      }
    }
  }
}

}  // namespace tokensweep
