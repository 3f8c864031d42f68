#include "merge/sealed_import.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <tuple>
#include <unordered_set>
#include <utility>

#include "base/time.hpp"
#include "db/place_range.hpp"
#include "merge/sealed_line.hpp"

namespace tokensweep {
namespace {

// Clocks differ; a file from next year would keep all later ones out.
constexpr std::chrono::hours kClockSlack{24};
constexpr Time kFirstPossible = Date{std::chrono::year{2010} / 1 / 1};

Error malformed(std::string what) { return {ErrorKind::malformed, std::move(what)}; }
Error misconfigured(std::string what) { return {ErrorKind::misconfigured, std::move(what)}; }

/// Reads the lines in their order. Nothing leaves it before `finish` has seen the last one.
class Reader {
 public:
  Reader(std::string_view text, const Collector& collector) : text_(text), collector_(collector) {}

  Result<SealedInventory> read() {
    if (text_.size() > kLargestSealedFile) {
      return malformed(fmt::format("is larger than {} MiB: no sealed file", kLargestSealedFile >> 20U));
    }
    while (!at_end_) {
      Result<> done = next_line();
      if (!done) return std::move(done).error().within(fmt::format("line {}", number_));
    }
    TRY_VOID(check_sender());
    if (Result<> opened = open_boxes(); !opened) return std::move(opened).error();
    return finish();
  }

 private:
  struct Sealed {
    std::size_t line = 0;
    std::size_t scope = 0;
    std::size_t hit = 0;
  };

  Result<> next_line() {
    ++number_;
    const std::size_t size = text_.substr(begin_, kLongestSealedLine).find('\n');
    if (size == std::string_view::npos) {
      return malformed(begin_ == text_.size() ? "is missing: the file was cut"
                                              : "does not end, or is longer than 64 KiB");
    }
    const std::string_view line = text_.substr(begin_, size);
    TRY_VOID(take(line));
    begin_ += size + 1;
    if (at_end_ && begin_ != text_.size()) return malformed("is the last one, and more follows");
    return {};
  }

  Result<> take(std::string_view line) {
    const SealedKind kind = kind_of(line);
    if ((kind == SealedKind::head) != (number_ == 1)) {
      return malformed(number_ == 1 ? "this is no sealed file (`tokensweep export --seal` makes one)"
                                    : "a second file begins: import one file at a time");
    }
    if (kind < last_) return malformed("is not in its place: scopes come first, then gaps, then hits");
    last_ = kind;
    switch (kind) {
      case SealedKind::head:
        return take_head(line);
      case SealedKind::scope:
        return take_scope(line);
      case SealedKind::gap:
        return take_gap(line);
      case SealedKind::hit:
        return take_hit(line);
      case SealedKind::end:
        break;
    }
    return take_end(line);
  }

  Result<> take_head(std::string_view line) {
    TRY_VOID(parse_line(line, head_));
    if (head_.collector != collector_.keys.public_key().id()) {
      return misconfigured(
          fmt::format("is sealed for another collector than this one ({}): give its laptop the line "
                      "that `tokensweep collector init` prints here, and let it sweep again",
                      collector_.keys.public_key().id()));
    }
    TRY_VOID(check_time(head_.generated_at, "generated_at"));
    inventory_.sender = sender_id(head_.sender);
    inventory_.tool = head_.tool;
    inventory_.generated_at = head_.generated_at;
    return {};
  }

  Result<> take_scope(std::string_view line) {
    if (inventory_.scopes.size() == kMostSealedScopes) return malformed("there are too many scopes");
    SealedScope sealed;
    TRY_VOID(parse_line(line, sealed));
    Scope& scope = sealed.scope;
    if (scope.source != kSealedSource) return malformed("a laptop hands over its filesystem, and no other source");
    if (scope.prefix != normal_prefix(scope.prefix)) return malformed("prefix ends with a slash");
    if ((sealed.state == ScopeState::complete) != sealed.reason.empty()) {
      return malformed("reason is there for a complete scope, or missing for another");
    }
    TRY_VOID(check_time(sealed.ended_at, "ended_at"));
    if (!scopes_.emplace(scope.name, scope.store, scope.realm, scope.prefix).second) {
      return malformed("names a scope for the second time");
    }
    scope.realm = inventory_.sender + "/" + scope.realm;
    inventory_.scopes.push_back({.scope = std::move(scope),
                                 .end = {.state = sealed.state,
                                         .reason = std::move(sealed.reason),
                                         .deep = sealed.deep,
                                         .rules = std::move(sealed.rules),
                                         .files_seen = sealed.files_seen,
                                         .files_read = sealed.files_read,
                                         .bytes_read = sealed.bytes_read},
                                 .ended_at = sealed.ended_at});
    return {};
  }

  Result<> take_gap(std::string_view line) {
    if (gaps_ == kMostSealedGaps) return malformed("there are too many gaps");
    SealedGap sealed;
    TRY_VOID(parse_line(line, sealed));
    TRY(MergedScope * scope, scope_of(sealed.scope, sealed.gap.place));
    if (sealed.gap.incomplete && scope->end.state == ScopeState::complete) {
      return malformed("something was missed in a scope that says it is complete");
    }
    scope->gaps.push_back(std::move(sealed.gap));
    ++gaps_;
    return {};
  }

  Result<> take_hit(std::string_view line) {
    if (hits_ == kMostSealedHits) return malformed("there are too many hits");
    SealedHit sealed;
    TRY_VOID(parse_line(line, sealed));
    TRY(MergedScope * scope, scope_of(sealed.scope, sealed.hit.place));
    if (sealed.state == State::gone) return malformed("state is none that is handed over");
    if (!ids_.insert(sealed.hit.id).second) return malformed("id is there for the second time");
    TRY_VOID(check_time(sealed.first_seen, "first_seen"));
    TRY_VOID(check_time(sealed.last_seen, "last_seen"));
    if (sealed.last_seen < sealed.first_seen) return malformed("last_seen is before first_seen");
    ++hits_;
    if (sealed.state == State::unknown) {
      unknown_places_->insert(scope->scope.realm + '\0' + sealed.hit.place);
      ++inventory_.unknown;
      return {};
    }
    Hit& hit = sealed.hit;
    hit.source = scope->scope.source;
    hit.store = scope->scope.store;
    if (hit.sealed) {
      if (!is_sealed_for(*hit.sealed, collector_.keys.public_key())) {
        return malformed("sealed is for another key than the file");
      }
      sealed_.push_back({.line = number_, .scope = sealed.scope, .hit = scope->hits.size()});
    }
    scope->hits.push_back(std::move(hit));
    ++inventory_.hits;
    return {};
  }

  Result<> take_end(std::string_view line) {
    SealedEnd end;
    TRY_VOID(parse_line(line, end));
    if (end.scopes != inventory_.scopes.size() || end.gaps != gaps_ || end.hits != hits_) {
      return malformed("counts other lines than there are: some were lost, or added");
    }
    if (!is_signed(text_.substr(0, begin_), head_.sender, end.signature)) {
      return malformed("signature does not fit: the file was changed after its laptop made it");
    }
    at_end_ = true;
    return {};
  }

  Result<MergedScope*> scope_of(std::uint64_t number, std::string_view place) {
    if (number >= inventory_.scopes.size()) return malformed("in names a scope that is not there");
    MergedScope& scope = inventory_.scopes[number];
    if (!is_at_or_below(place, scope.scope.prefix)) return malformed("place lies outside its scope");
    return &scope;
  }

  Result<> check_time(Time time, std::string_view key) const {
    if (time >= kFirstPossible && time <= collector_.now + kClockSlack) return {};
    return malformed(fmt::format("{} is a time that cannot be: compare the clocks of both machines", key));
  }

  [[nodiscard]] Result<> check_sender() const {
    const std::vector<std::string>& expected = collector_.senders;
    if (!expected.empty() && std::find(expected.begin(), expected.end(), inventory_.sender) == expected.end()) {
      return misconfigured(
          fmt::format("comes from sender {}, which is none of those that are expected", inventory_.sender));
    }
    const auto newest = collector_.newest.find(inventory_.sender);
    if (newest == collector_.newest.end() || newest->second < inventory_.generated_at) return {};
    return misconfigured(fmt::format("is of {}, and one of {} was imported from the same laptop ({}): nothing to do",
                                     format_time(inventory_.generated_at), format_time(newest->second),
                                     inventory_.sender));
  }

  /// The same box stands in each place of a token: it is opened once.
  Result<> open_boxes() {
    std::map<SealedInner, Fingerprint> opened;
    for (const Sealed& at : sealed_) {
      Hit& hit = inventory_.scopes[at.scope].hits[at.hit];
      auto known = opened.find(*hit.sealed);
      if (known == opened.end()) {
        auto inner = collector_.keys.open(*hit.sealed);
        if (!inner) return std::move(inner).error().within(fmt::format("line {}", at.line));
        known = opened.emplace(*hit.sealed, collector_.fingerprinter.fingerprint_of(*inner)).first;
      }
      hit.fingerprint = known->second;
      hit.sealed.reset();  // it is for whoever does not have the fingerprint
    }
    inventory_.sealed = sealed_.size();
    return {};
  }

  SealedInventory finish() {
    for (MergedScope& scope : inventory_.scopes) {
      scope.end.covers = [places = unknown_places_, realm = scope.scope.realm](std::string_view place) {
        return !places->contains(std::string(realm).append(1, '\0').append(place));
      };
    }
    return std::move(inventory_);
  }

  const std::string_view text_;
  const Collector& collector_;
  std::size_t begin_ = 0;   ///< of the line
  std::size_t number_ = 0;  ///< of the line, from 1
  SealedKind last_ = SealedKind::head;
  bool at_end_ = false;

  SealedHead head_;
  SealedInventory inventory_;
  std::uint64_t gaps_ = 0;
  std::uint64_t hits_ = 0;
  std::vector<Sealed> sealed_;
  std::set<std::tuple<std::string, std::string, std::string, std::string>> scopes_;
  std::unordered_set<std::string> ids_;
  /// Realm and place of what the laptop's last sweep did not reach, whichever scope it belongs to.
  std::shared_ptr<std::unordered_set<std::string>> unknown_places_ =
      std::make_shared<std::unordered_set<std::string>>();
};

}  // namespace

Result<SealedInventory> read_sealed(std::string_view text, const Collector& collector) {
  return Reader(text, collector).read();
}

}  // namespace tokensweep
