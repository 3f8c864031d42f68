#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/environment.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "connectors/settings.hpp"
#include "model/model.hpp"
#include "model/scope.hpp"
#include "net/client.hpp"
#include "net/clock.hpp"
#include "net/task.hpp"

/// How a kind of store is crawled. A connector lists and reads; it knows no rule, no class and no SQL.
namespace tokensweep {

/// One secret, variable, parameter or key, as its store shows it.
struct Sighting {
  std::string place;    ///< unique in the scope's realm; the scope's prefix or below it; stays when things are renamed
  std::string locator;  ///< inside the store, for people: the secret's name, `name#key`
  std::string name;     ///< of the secret, variable, parameter or key: what it says of its use counts
  /// What is stored there, all of it: it is searched. Empty where the store never shows it, or it was not asked for:
  /// then the name is looked at.
  std::optional<Secret> value;
  /// Whether it is one of many settings, most of which are no secret: then its name alone makes no token of a value,
  /// and the two are judged as `name=value` in a file would be.
  bool is_setting = false;
  /// The registry that the store says it is for (host and path); a certain sign where the store's own type says so.
  std::optional<std::string> registry;
  std::string ending;  ///< the last characters of the value, where the store shows them
  std::optional<Time> created_at;
  std::optional<Time> updated_at;  ///< the last write of the value
  AgeBasis age_basis = AgeBasis::first_seen;
  ScopeFlags flags;
  std::vector<Evidence> evidence;
};

/// How a value's bytes are spelled where they are looked at.
enum class Spelling : std::uint8_t {
  plain,   ///< as they are
  base64,  ///< RFC 4648, the standard alphabet, in one line
};

/// Names an open scope.
using ScopeNumber = std::uint32_t;

/// Where a connector puts what it learns. Only `end` and `room` suspend; the others take what they get.
class Sink {
 public:
  virtual ~Sink() = default;

  /// Begins a scope. Nothing where this sweep has read it before it was interrupted: then nothing of it is asked for.
  virtual std::optional<ScopeNumber> begin(const Scope& scope) = 0;
  virtual void found(ScopeNumber scope, Sighting sighting) = 0;
  virtual void gap(ScopeNumber scope, Gap gap) = 0;
  /// Ends it. Only `complete` may call anything gone, and only where the listing was read to its end. The rules in
  /// force are not the connector's to say.
  virtual Task<> end(ScopeNumber scope, ScopeEnd how) = 0;
  /// Whether this very version of a place was read by an earlier sweep, with the same eyes: then all that was found at
  /// the place and below is there as it was, and nothing of it need be fetched. `version` is whatever the store changes
  /// with each write and never uses twice there, and with it the settings that change what is read ("names only"). To
  /// be asked once of each place that has one; a place that is not known is remembered with its scope's end, unless
  /// there is a gap at it or below.
  virtual bool is_known(ScopeNumber scope, std::string_view place, std::string_view version) = 0;
  /// Whether an earlier sweep has read anything at all in a realm whose places have versions: if not, `is_known` is no
  /// for each of them, and asking for names first would only cost a request.
  virtual bool knows_any(std::string_view realm) = 0;
  /// Suspends while those behind are busy: to be awaited before a page is asked for.
  virtual Task<> room() = 0;

  /// Whether a value could hold what is looked for, judged by its name (as Sighting::name) and its bytes as the store
  /// spells them: what could not needs neither decoding nor a copy, and no sighting.
  [[nodiscard]] virtual bool may_matter(std::string_view name, std::string_view bytes, Spelling spelling) = 0;
};

/// What a source would let us read, and at what price: `sources check`.
struct SourceCheck {
  struct Line {
    std::string what;            ///< "secrets of 2,000 repositories"
    std::uint64_t requests = 0;  ///< that count against the service's limit
  };
  std::string identity;              ///< who asks, as the service calls it
  std::vector<Line> plan;            ///< in the order in which it is done
  std::uint64_t points = 0;          ///< of GraphQL
  std::chrono::seconds at_least{0};  ///< by the limits alone
  std::vector<std::string> missing;  ///< permissions, by the service's own names, and what cannot be read without
  std::vector<std::string> remarks;  ///< what else the user should know: a credential that ends soon, a partial view
};

class Connector {
 public:
  virtual ~Connector() = default;

  /// Learns what it may read, with as few requests as that takes.
  virtual Task<Result<SourceCheck>> check() = 0;

  /// Crawls everything once. Each scope that it comes to is begun and ended; one that could not be read ends with why.
  /// An error means that the whole source is unusable (no credential, an unreachable host), and is one line.
  virtual Task<Result<>> sweep(Sink& sink) = 0;
};

/// The world as a connector sees it; outlives it.
struct Services {
  ClientFactory& clients;
  Clock& clock;
  Random& random;
  const Environment& environment;
  /// Reads what a CredentialRef names: a variable, a private file, a command.
  std::function<Result<Secret>(const CredentialRef&)> credential;
  std::string name;  ///< the configured source's
};

/// One kind of source: what the configuration may say of it, and what makes a connector of that. `make` only checks its
/// settings; the first request belongs to check() and sweep().
struct ConnectorEntry {
  TypeSpec spec;
  Result<std::unique_ptr<Connector>> (*make)(const Settings& settings, const Services& services) = nullptr;
};

}  // namespace tokensweep
