#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "connectors/github/workflow.hpp"
#include "connectors/github/workflow_uses.hpp"

namespace {

using namespace tokensweep::github;

void require(bool fine) {
  if (!fine) std::abort();
}

void check_name(std::string_view name) {
  require(name == "*" ||
          (!name.empty() && name != "GITHUB_TOKEN" && name.find_first_of(" .${}'\"\n") == std::string_view::npos));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const std::string& name : secrets_in(bytes)) check_name(name);
  auto workflow = read_workflow(bytes);
  if (!workflow) {
    require(!workflow.error().what.empty() && workflow.error().what.find('\n') == std::string::npos);
    return 0;
  }
  for (const WorkflowUse& use : workflow->uses) {
    check_name(use.secret);
    require(use.directory.empty() || use.purpose == Purpose::publishes);
  }
  // A workflow that calls itself has to end, too.
  workflow->starts_itself = true;
  const WorkflowFile files[] = {{".github/workflows/a.yml", *std::move(workflow)}};
  for (const FoundUse& use : uses_in(files)) check_name(use.secret);
  return 0;
}
