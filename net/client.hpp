#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "net/authorizer.hpp"
#include "net/http.hpp"
#include "net/task.hpp"
#include "net/tls_options.hpp"

/// The HTTP client of all connectors: one credential's way to one origin, within that service's limits.
namespace tokensweep {

/// What an answer says of the service's limits.
struct LimitSign {
  /// The whole credential has to wait so long before anything is sent; zero: it has not.
  std::chrono::milliseconds pause{0};
  /// This answer is a refusal for the limit's sake: it is asked for again after the pause.
  bool refused = false;
};

/// What a service allows one credential.
struct Limits {
  unsigned in_flight = 8;  ///< requests under way at once
  /// Requests a second, spread evenly; empty: no bound.
  std::optional<double> rate;
  /// How many of them may leave at once, and then none for as long as so many take at that rate: waking up for each
  /// request by itself costs more than the request. Only where the service counts over much longer than that.
  std::size_t together = 1;
  std::chrono::milliseconds busy_per_minute{0};  ///< the sum of response times in 60 s (GitHub's rule); zero: no bound
  /// Reads an answer by the service's own rules; empty: 429 and 503 with Retry-After (RFC 9110, 10.2.3). `times` is how
  /// often in a row the credential was refused before.
  std::function<LimitSign(const HttpResponse& response, std::chrono::system_clock::time_point now, unsigned times)>
      read;
  std::chrono::seconds longest_pause{3600};  ///< a longer one ends the request as `throttled`
  /// The part of `in_flight` and `rate` that is used at first, where others share them: each answer adds a hundredth of
  /// the whole.
  double first_share = 1;
};

struct ClientOptions {
  std::string name;  ///< the source's: begins each error
  Origin origin;     ///< the only one that is asked; others are refused before a name is looked up
  std::unique_ptr<Authorizer> authorizer;  ///< empty: nothing is proved
  Limits limits;
  /// What makes two credentials two in the store of answers: never the credential itself. Empty: no answer is kept.
  std::string identity;
  TlsOptions tls;
  std::optional<std::string> proxy;  ///< `http://host:port`, in place of the environment's; empty text: none at all
  std::optional<std::chrono::seconds> timeout;  ///< how long the far side may be silent; empty: as Deadlines has it
};

/// What was sent, for the account of a sweep and for tests.
struct ClientCounters {
  std::uint64_t requests = 0;   ///< attempts that left
  std::uint64_t unchanged = 0;  ///< answered 304
  std::uint64_t retries = 0;
  std::uint64_t refused = 0;  ///< for the limit's sake
  /// The service makes its ETags in another way than ours are computed: kept answers hold for this credential alone.
  bool strange_etags = false;
};

class HttpClient {
 public:
  virtual ~HttpClient() = default;

  /// Gives a kept answer where that is known to be right (HttpRequest::right_since), and nothing leaves. Otherwise
  /// sends the request: waits for its turn, adds the credential, asks whether a kept answer is still right, sends again
  /// what failed by the network or with 500, 502, 503, 504 (jittered, within a budget that all requests share), waits
  /// out limits, gets another credential once where it is refused (Authorizer::is_refusal), follows a redirect of a GET
  /// within the origin, once.
  ///
  /// Gives the answer of every other status: what 403 or 404 means, its connector knows. Errors: as Exchange has them
  /// when trying again did not help, `transient` where it ended with one of those statuses; `throttled` for a pause
  /// that is too long, or refusals without end; `misconfigured` where the origin is another one, a redirect leads to
  /// another one, or the credential cannot be had or is not accepted: after that the client sends nothing any more, and
  /// all that is asked of it fails so. `request` has to outlive the task, and the client all tasks.
  virtual Task<Result<HttpResponse>> send(const HttpRequest& request) = 0;

  [[nodiscard]] virtual ClientCounters counters() const = 0;
};

/// Makes clients; the program's is net/network.hpp.
class ClientFactory {
 public:
  virtual ~ClientFactory() = default;
  /// `misconfigured` where a CA file, a certificate or a proxy cannot be used, or an origin without TLS is neither this
  /// machine nor where it has its metadata from.
  virtual Result<std::unique_ptr<HttpClient>> make(ClientOptions options) = 0;
};

}  // namespace tokensweep
