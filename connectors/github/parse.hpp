#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "model/model.hpp"
#include "net/http.hpp"

/// GitHub's answers, read. Pure: bytes in, rows out. Strict about the types of what is read, indifferent to every other
/// field, since GitHub adds some each month. Errors (`malformed`) name a field of ours and quote nothing.
namespace tokensweep::github {

/// Which repositories see an organisation's secret.
enum class Visibility : std::uint8_t { none, all, private_, selected };

/// A row of any list of secrets.
struct StoredSecret {
  std::string name;
  std::optional<Time> created_at;
  std::optional<Time> updated_at;
  Visibility visibility = Visibility::none;  ///< none: it is not an organisation's
};

struct StoredVariable : StoredSecret {
  Secret value;
};

struct PrivateRegistry : StoredSecret {
  std::string type;       ///< `npm_registry`, …
  std::string auth_type;  ///< `token`, `username_password`, `oidc_…`; empty where the server is too old to say
  std::string url;
};

/// What keeps a workflow from an environment's secrets.
struct Protection {
  bool reviewers = false;
  bool wait = false;
  bool branches = false;  ///< only some branches may deploy
  [[nodiscard]] bool none() const { return !reviewers && !wait && !branches; }
};

struct EnvironmentRow {
  std::int64_t id = 0;
  std::string name;
  Protection protection;
};

/// What the asking user may do in a repository, as REST and GraphQL both say it.
enum class Permission : std::uint8_t { unknown, read, triage, write, maintain, admin };

struct RepositoryRow {
  std::int64_t id = 0;
  std::string node_id;     ///< the same for GraphQL
  std::string full_name;   ///< `owner/name`
  std::string visibility;  ///< `public`, `private`, `internal`
  bool archived = false;
  bool disabled = false;
  Permission permission = Permission::unknown;
  /// GraphQL gives the first ten of them; empty where it gave none of them, or REST was asked.
  std::optional<std::vector<EnvironmentRow>> environments;
  std::int64_t environment_count = 0;  ///< of all, where `environments` is there
};

/// One page of a list. `total` is what the service says there is on all pages.
template <class Row>
struct Page {
  std::vector<Row> rows;
  std::optional<std::int64_t> total;
};

/// What GraphQL says is wrong, in an answer with status 200.
enum class QueryFault : std::uint8_t { none, rate_limited, denied, saml, not_found, other };

/// GraphQL's page of an organisation's repositories.
struct RepositoryPage : Page<RepositoryRow> {
  QueryFault fault = QueryFault::none;  ///< what `errors` tells
  bool found = false;                   ///< whether there is such an organisation, and it can be seen
  bool has_next = false;
  std::string end_cursor;
  bool partial = false;   ///< rows were left out (null)
  std::string viewer;     ///< who asks
  std::int64_t cost = 0;  ///< points
};

/// A file's text, as GraphQL gives it.
struct WorkflowText {
  std::string name;  ///< in its folder
  bool is_file = false;
  std::optional<Secret> text;  ///< empty: its bytes are no text
  bool is_truncated = false;   ///< the text is the file's beginning
};

/// The files in a repository's `.github/workflows`, whatever they are, at the head of its default branch.
struct RepositoryWorkflows {
  std::int64_t id = 0;
  bool has_folder = false;
  std::vector<WorkflowText> files;
  WorkflowText package;  ///< the `package.json` at the root
};

/// GraphQL's answer to the query for workflows. A repository that is gone or hidden is left out.
struct WorkflowPage : Page<RepositoryWorkflows> {
  QueryFault fault = QueryFault::none;
  std::size_t errors = 0;
  std::size_t not_found = 0;  ///< those of the errors that say of one repository that there is none
};

/// What an event of the audit log says of where something happened. Nothing else of it is read: it names people.
struct AuditEvent {
  std::string action;  ///< `repo.create_actions_secret`: a category, and what was done
  std::vector<std::string>
      repositories;  ///< their names, today's and former ones: `owner/name`, some without the owner
  std::vector<std::int64_t> repository_ids;
  std::optional<std::chrono::sys_time<std::chrono::milliseconds>> at;  ///< when it was recorded, or done: the later one
};

/// Whose token asks.
struct User {
  std::int64_t id = 0;
  std::string login;
};

struct Organisation {
  std::int64_t id = 0;
  std::int64_t public_repositories = 0;  ///< how many
};

using Permissions = std::map<std::string, std::string, std::less<>>;  ///< name -> `read`, `write`, `admin`

struct Installation {
  std::int64_t id = 0;
  bool all_repositories = false;
  bool suspended = false;
  Permissions permissions;
};

struct InstallationToken {
  Secret token;
  Time expires_at;
};

/// One hourly budget of `GET /rate_limit`.
struct Budget {
  std::int64_t limit = 0;
  std::int64_t remaining = 0;
};
struct RateLimit {
  Budget core;
  Budget graphql;
};

/// What the message of a refusal is about: sentences that GitHub is known to write, never shown themselves.
enum class Phrase : std::uint8_t { none, secondary_limit, not_accessible, ip_allow_list, saml, blocked };

/// Reads an answer while it comes. `finish` gives what was read; the reader may then be used again.
template <class Answer>
class AnswerReader : public BodyReader {
 public:
  virtual Result<Answer> finish() = 0;
};

template <class Answer>
using Reader = std::unique_ptr<AnswerReader<Answer>>;

Reader<Page<StoredSecret>> secrets_reader();         ///< A1, A3-A5, C, D, G: apis.md, 1.3
Reader<Page<StoredVariable>> variables_reader();     ///< V
Reader<Page<PrivateRegistry>> registries_reader();   ///< P
Reader<Page<EnvironmentRow>> environments_reader();  ///< E
Reader<Page<RepositoryRow>> repositories_reader();   ///< R: a bare array
Reader<Page<RepositoryRow>> selected_reader();       ///< A2, C2, D2, G2
Reader<RepositoryPage> repository_page_reader();     ///< a query of plan.hpp
Reader<WorkflowPage> workflow_page_reader();         ///< the other one
Reader<Page<AuditEvent>> audit_log_reader();         ///< a bare array; Enterprise Cloud alone has it
Reader<User> user_reader();
Reader<Organisation> organisation_reader();
Reader<Installation> installation_reader();
Reader<InstallationToken> installation_token_reader();
Reader<RateLimit> rate_limit_reader();

/// Reads an answer that is there as a whole.
template <class Answer>
Result<Answer> read_answer(AnswerReader<Answer>& reader, std::string_view bytes) {
  reader.begin();
  TRY_VOID(reader.read(bytes));
  return reader.finish();
}

/// Of the body of any refusal, JSON or not.
Phrase phrase_of(std::string_view body);

}  // namespace tokensweep::github
