#include "scanner/network_sources.hpp"

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

#include "scanner/sighting_matcher.hpp"
#include "scanner/sweep_writer.hpp"

namespace tokensweep {
namespace {

namespace asio = boost::asio;
constexpr std::chrono::milliseconds kPatience{20};

}  // namespace

/// One connector's way into the queue of items; lives on the network thread.
class NetworkSources::JobSink final : public Sink {
 public:
  JobSink(NetworkSources& sources, const NetworkJob& job, std::size_t number)
      : sources_(sources), job_(job), number_(number), search_(*job.detector), room_(sources.network_.context()) {
    room_.expires_at(asio::steady_timer::time_point::max());
  }

  std::optional<ScopeNumber> begin(const Scope& scope) override {
    Scope complete = scope;
    complete.source = job_.type;
    complete.name = job_.name;
    if (sources_.context_.done.contains(key_of(complete))) return std::nullopt;
    const ScopeNumber number = sources_.context_.numbers++;
    put(number, std::move(complete));
    return number;
  }

  void found(ScopeNumber scope, Sighting sighting) override { put(scope, std::move(sighting)); }
  void gap(ScopeNumber scope, Gap gap) override { put(scope, std::move(gap)); }

  Task<> end(ScopeNumber scope, ScopeEnd how) override {
    put(scope, std::move(how));
    co_await room();
  }

  Task<> room() override {
    const auto wake = [this] { asio::post(sources_.network_.context(), [this] { room_.cancel(); }); };
    while (!sources_.items_.when_room(wake)) co_await room_.async_wait(asio::as_tuple(asio::use_awaitable));
  }

  bool may_matter(std::string_view bytes) override {
    search_.literals(bytes, literals_);
    return !literals_.empty() || !job_.detector->prefilter.unfiltered().empty();
  }

 private:
  template <class What>
  void put(ScopeNumber scope, What what) {
    sources_.items_.push_now({number_, scope, std::move(what)});
  }

  NetworkSources& sources_;
  const NetworkJob& job_;
  std::size_t number_;
  TextSearch search_;
  std::vector<LiteralHit> literals_;
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
  std::unordered_map<ScopeNumber, Scope> open;
  const auto tell = [this](ScopeNumber scope, auto what) { context_.queue.push({scope, std::move(what)}); };
  for (bool last = false; !last;) {
    ItemQueue::Batch batch = items_.take(kPatience);
    last = batch.last;
    for (Item& item : batch.items) {
      if (auto* scope = std::get_if<Scope>(&item.what)) {
        open.emplace(item.scope, *scope);
        tell(item.scope, std::move(*scope));
      } else if (auto* sighting = std::get_if<Sighting>(&item.what)) {
        const std::string place = sighting->place;
        auto hits = matchers[item.job].match(open.at(item.scope), std::move(*sighting));
        if (!hits) {
          tell(item.scope, Gap{.place = place, .reason = std::move(hits).error().what});
          continue;
        }
        for (Hit& hit : *hits) tell(item.scope, std::move(hit));
      } else if (auto* gap = std::get_if<Gap>(&item.what)) {
        tell(item.scope, std::move(*gap));
      } else if (auto* end = std::get_if<ScopeEnd>(&item.what)) {
        end->rules = rules[item.job];
        open.erase(item.scope);
        tell(item.scope, std::move(*end));
      }
    }
  }
}

}  // namespace tokensweep
