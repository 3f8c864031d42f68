#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "connectors/kubernetes/workload_list.hpp"
#include "connectors/kubernetes/workload_uses.hpp"
#include "tests/fuzz/require.hpp"

using namespace tokensweep;
using namespace tokensweep::kubernetes;

using tokensweep::testing::require;
using tokensweep::testing::require_one_line;

namespace {

constexpr std::size_t kLongestName = 255;

class Collector final : public WorkloadListener {
 public:
  WorkloadUses uses;
  std::string told;
  Result<> use(WorkloadUse use) override {
    require(!use.secret.empty() && use.secret.size() <= kLongestName && use.key.size() <= kLongestName);
    require(!use.workload.empty() && !use.how.empty());
    const bool does = use.purpose == WorkloadPurpose::publishes || use.purpose == WorkloadPurpose::installs;
    require(does != use.words.empty());
    told.append(use.secret).append("#").append(use.key).append(use.workload).append(use.how).append(use.words);
    return uses.add(std::move(use));
  }
};

SecretObject secret_of(std::string name_space, std::string name) {
  SecretObject secret;
  secret.name = std::move(name);
  secret.name_space = std::move(name_space);
  return secret;
}

Result<std::string> read(std::string_view body, WorkloadKind kind, std::size_t piece) {
  Collector collector;
  WorkloadListReader reader(collector, kind);
  reader.begin();
  for (; !body.empty(); body.remove_prefix(std::min(piece, body.size()))) TRY_VOID(reader.read(body.substr(0, piece)));
  TRY_VOID(reader.finish());
  Sighting sighting;
  collector.uses.add_to(sighting, secret_of("ci", "npm"), "token");
  require(!sighting.evidence.empty());
  return collector.told + reader.next() + std::to_string(reader.items()) + sighting.evidence.back().value;
}

}  // namespace

/// The pieces in which a list comes make no difference, and what is no list is refused in one line.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  for (const WorkloadKind kind : {WorkloadKind::cron_jobs, WorkloadKind::deployments, WorkloadKind::pods}) {
    const auto whole = read(body, kind, size + 1);
    const auto pieces = read(body, kind, 3);
    require_one_line(whole);
    require(whole.has_value() == pieces.has_value());
    if (whole) require(*whole == *pieces);
  }
  return 0;
}
