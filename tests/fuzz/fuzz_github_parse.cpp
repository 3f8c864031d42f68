#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "connectors/github/parse.hpp"

namespace {

using namespace tokensweep;
using namespace tokensweep::github;

void check(const StoredSecret& row) {
  if (row.name.empty()) std::abort();
}
void check(const EnvironmentRow& row) {
  if (row.name.empty()) std::abort();
}
void check(const RepositoryRow& row) {
  if (row.id <= 0 || std::count(row.full_name.begin(), row.full_name.end(), '/') != 1) std::abort();
  if (row.full_name.find_first_of("?#% \\\r\n") != std::string::npos) std::abort();
}

void check(const RepositoryWorkflows& row) {
  if (row.id <= 0 || (!row.has_folder && !row.files.empty())) std::abort();
}

void check(const AuditEvent& row) {
  if (row.action.empty()) std::abort();
}

template <class Answer>
void check_rows(const Answer& page) {
  if constexpr (requires { page.rows; }) {
    for (const auto& row : page.rows) check(row);
  }
}

/// Whole and in two pieces, the bytes read the same; an error is one line.
template <class Answer>
void run(Reader<Answer> reader, std::string_view bytes) {
  const auto whole = read_answer(*reader, bytes);
  if (whole) check_rows(*whole);
  if (!whole && (whole.error().what.empty() || whole.error().what.find('\n') != std::string::npos)) std::abort();
  reader->begin();
  const std::size_t half = bytes.size() / 2;
  const bool pieces = reader->read(bytes.substr(0, half)) && reader->read(bytes.substr(half)) && reader->finish();
  if (pieces != whole.has_value()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  run(secrets_reader(), bytes);
  run(variables_reader(), bytes);
  run(registries_reader(), bytes);
  run(environments_reader(), bytes);
  run(repositories_reader(), bytes);
  run(selected_reader(), bytes);
  run(repository_page_reader(), bytes);
  run(workflow_page_reader(), bytes);
  run(audit_log_reader(), bytes);
  run(user_reader(), bytes);
  run(organisation_reader(), bytes);
  run(installation_reader(), bytes);
  run(installation_token_reader(), bytes);
  run(rate_limit_reader(), bytes);
  static_cast<void>(phrase_of(bytes));
  return 0;
}
