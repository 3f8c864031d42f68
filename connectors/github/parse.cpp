#include "connectors/github/parse.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "base/time.hpp"
#include "connectors/github/letter_case.hpp"
#include "connectors/json_stream.hpp"

namespace tokensweep::github {
namespace {

using Kind = JsonEvent::Kind;

// A variable's value is 48 KB at most.
constexpr std::size_t kLongestText = std::size_t{256} << 10U;
// GitHub cuts a file's text off below this.
constexpr std::size_t kLongestFile = std::size_t{2} << 20U;

Error malformed(std::string what) { return {ErrorKind::malformed, std::move(what)}; }

Error mistyped(const JsonEvent& event, std::string_view expected) {
  const std::string_view what = event.path.empty() ? "the answer" : event.path;
  return malformed(std::string(what).append(" is no ").append(expected));
}

Result<> assign(std::string& to, const JsonEvent& event) {
  if (event.kind != Kind::text) return mistyped(event, "text");
  to.assign(event.text);
  return {};
}

Result<> assign(Secret& to, const JsonEvent& event) {
  if (event.kind != Kind::text) return mistyped(event, "text");
  to = Secret(event.text);
  return {};
}

Result<> assign(bool& to, const JsonEvent& event) {
  if (event.kind != Kind::flag) return mistyped(event, "true or false");
  to = event.flag;
  return {};
}

Result<> assign(std::int64_t& to, const JsonEvent& event) {
  if (event.kind != Kind::integer || event.integer < 0) return mistyped(event, "count");
  to = event.integer;
  return {};
}

Result<> assign(Time& to, const JsonEvent& event) {
  const auto time = event.kind == Kind::text ? parse_time(event.text) : std::nullopt;
  if (!time) return mistyped(event, "time");
  to = *time;
  return {};
}

Result<> assign(Visibility& to, const JsonEvent& event) {
  constexpr std::array<std::pair<std::string_view, Visibility>, 3> kWords = {
      {{"all", Visibility::all}, {"private", Visibility::private_}, {"selected", Visibility::selected}}};
  const auto found =
      std::find_if(kWords.begin(), kWords.end(), [&](const auto& one) { return one.first == event.text; });
  if (event.kind != Kind::text || found == kWords.end()) return mistyped(event, "visibility");
  to = found->second;
  return {};
}

/// GraphQL shouts, REST does not.
Result<> assign(Permission& to, const JsonEvent& event) {
  constexpr std::array<std::string_view, 6> kWords = {"", "read", "triage", "write", "maintain", "admin"};
  if (event.kind == Kind::null) return {};
  const auto* const found =
      event.kind == Kind::text ? std::find(kWords.begin() + 1, kWords.end(), lower(event.text)) : kWords.end();
  if (found == kWords.end()) return mistyped(event, "permission");
  to = static_cast<Permission>(found - kWords.begin());
  return {};
}

template <class T>
Result<> assign(std::optional<T>& to, const JsonEvent& event) {
  if (event.kind == Kind::null) return {};
  return assign(to.emplace(), event);
}

/// What is read of a document: where it stands (`x.*`: each member of x), and what is done with it.
template <class Document>
struct Field {
  std::string_view path;
  Result<> (*take)(Document&, const JsonEvent&);
  bool required = false;
};

template <class Document>
using Fields = std::span<const Field<Document>>;

template <auto member, class Document>
Result<> here(Document& document, const JsonEvent& event) {
  return assign(document.*member, event);
}

/// A member of the row that began last.
template <auto member, class Document>
Result<> in_row(Document& document, const JsonEvent& event) {
  return assign(document.rows.back().*member, event);
}

template <class Document>
Result<> list(Document&, const JsonEvent& event) {
  if (event.kind != Kind::array && event.kind != Kind::end) return mistyped(event, "list");
  return {};
}

template <class Document>
Result<> object(Document&, const JsonEvent& event) {
  if (event.kind != Kind::object && event.kind != Kind::end) return mistyped(event, "object");
  return {};
}

/// Where an object may be null, because it cannot be seen.
template <class Document>
Result<> object_or_null(Document& document, const JsonEvent& event) {
  return event.kind == Kind::null ? Result<>() : object(document, event);
}

Result<> whole(const StoredSecret& row) {
  return row.name.empty() ? Result<>(malformed("a row has no name")) : Result<>();
}

Result<> whole(const PrivateRegistry& row) {
  if (row.type.empty()) return malformed("a row has no registry_type");
  return whole(static_cast<const StoredSecret&>(row));
}

Result<> whole(const EnvironmentRow& row) {
  return row.name.empty() ? Result<>(malformed("an environment has no name")) : Result<>();
}

/// The name goes into addresses: it has to be `owner/name` of the characters that GitHub allows.
bool is_full_name(std::string_view name) {
  const auto fine = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' ||
           c == '.';
  };
  const std::size_t slash = name.find('/');
  if (slash == std::string_view::npos) return false;
  for (const auto part : {name.substr(0, slash), name.substr(slash + 1)}) {
    if (part.empty() || part == "." || part == ".." || !std::all_of(part.begin(), part.end(), fine)) return false;
  }
  return true;
}

Result<> whole(const RepositoryRow& row) {
  if (row.id == 0) return malformed("a repository has no id");
  if (!is_full_name(row.full_name)) return malformed("a repository has no name");
  return {};
}

Result<> whole(const AuditEvent& row) {
  return row.action.empty() ? Result<>(malformed("an event has no action")) : Result<>();
}

Result<> whole(const RepositoryWorkflows& row) {
  return row.id == 0 ? Result<>(malformed("a repository has no id")) : Result<>();
}

template <class Document>
Result<> row(Document& document, const JsonEvent& event) {
  if (event.kind == Kind::end) return whole(document.rows.back());
  TRY_VOID(object(document, event));
  document.rows.emplace_back();
  return {};
}

constexpr Field<Page<StoredSecret>> kSecrets[] = {
    {"", object},
    {"total_count", here<&Page<StoredSecret>::total>},
    {"secrets", list, true},
    {"secrets[]", row},
    {"secrets[].name", in_row<&StoredSecret::name>},
    {"secrets[].created_at", in_row<&StoredSecret::created_at>},
    {"secrets[].updated_at", in_row<&StoredSecret::updated_at>},
    {"secrets[].visibility", in_row<&StoredSecret::visibility>},
};

constexpr Field<Page<StoredVariable>> kVariables[] = {
    {"", object},
    {"total_count", here<&Page<StoredVariable>::total>},
    {"variables", list, true},
    {"variables[]", row},
    {"variables[].name", in_row<&StoredSecret::name>},
    {"variables[].value", in_row<&StoredVariable::value>},
    {"variables[].created_at", in_row<&StoredSecret::created_at>},
    {"variables[].updated_at", in_row<&StoredSecret::updated_at>},
    {"variables[].visibility", in_row<&StoredSecret::visibility>},
};

constexpr Field<Page<PrivateRegistry>> kRegistries[] = {
    {"", object},
    {"total_count", here<&Page<PrivateRegistry>::total>},
    {"configurations", list, true},
    {"configurations[]", row},
    {"configurations[].name", in_row<&StoredSecret::name>},
    {"configurations[].registry_type", in_row<&PrivateRegistry::type>},
    {"configurations[].auth_type", in_row<&PrivateRegistry::auth_type>},
    {"configurations[].url", in_row<&PrivateRegistry::url>},
    {"configurations[].created_at", in_row<&StoredSecret::created_at>},
    {"configurations[].updated_at", in_row<&StoredSecret::updated_at>},
    {"configurations[].visibility", in_row<&StoredSecret::visibility>},
};

Result<> protect(Protection& protection, const JsonEvent& event) {
  if (event.kind != Kind::text) return mistyped(event, "text");
  const std::string type = lower(event.text);
  if (type == "required_reviewers") protection.reviewers = true;
  if (type == "wait_timer") protection.wait = true;
  if (type == "branch_policy") protection.branches = true;
  return {};
}

Result<> rest_protection(Page<EnvironmentRow>& page, const JsonEvent& event) {
  return protect(page.rows.back().protection, event);
}

Result<> rest_branches(Page<EnvironmentRow>& page, const JsonEvent& event) {
  if (event.kind == Kind::object) page.rows.back().protection.branches = true;
  return object_or_null(page, event);
}

constexpr Field<Page<EnvironmentRow>> kEnvironments[] = {
    {"", object},
    {"total_count", here<&Page<EnvironmentRow>::total>},
    {"environments", list, true},
    {"environments[]", row},
    {"environments[].id", in_row<&EnvironmentRow::id>},
    {"environments[].name", in_row<&EnvironmentRow::name>},
    {"environments[].protection_rules", list},
    {"environments[].protection_rules[]", object},
    {"environments[].protection_rules[].type", rest_protection},
    {"environments[].deployment_branch_policy", rest_branches},
};

/// REST has a flag for each permission that includes all lesser ones.
template <Permission permission>
Result<> permits(Page<RepositoryRow>& page, const JsonEvent& event) {
  bool has = false;
  TRY_VOID(assign(has, event));
  Permission& most = page.rows.back().permission;
  if (has) most = std::max(most, permission);
  return {};
}

constexpr Field<Page<RepositoryRow>> kRepositories[] = {
    {"", list},
    {"[]", row},
    {"[].id", in_row<&RepositoryRow::id>},
    {"[].node_id", in_row<&RepositoryRow::node_id>},
    {"[].full_name", in_row<&RepositoryRow::full_name>},
    {"[].visibility", in_row<&RepositoryRow::visibility>},
    {"[].archived", in_row<&RepositoryRow::archived>},
    {"[].disabled", in_row<&RepositoryRow::disabled>},
    {"[].permissions", object},
    {"[].permissions.pull", permits<Permission::read>},
    {"[].permissions.triage", permits<Permission::triage>},
    {"[].permissions.push", permits<Permission::write>},
    {"[].permissions.maintain", permits<Permission::maintain>},
    {"[].permissions.admin", permits<Permission::admin>},
};

/// For old servers, which say only this.
Result<> is_private(Page<RepositoryRow>& page, const JsonEvent& event) {
  bool flag = false;
  TRY_VOID(assign(flag, event));
  std::string& visibility = page.rows.back().visibility;
  if (visibility.empty()) visibility = flag ? "private" : "public";
  return {};
}

constexpr Field<Page<RepositoryRow>> kSelected[] = {
    {"", object},
    {"total_count", here<&Page<RepositoryRow>::total>},
    {"repositories", list, true},
    {"repositories[]", row},
    {"repositories[].id", in_row<&RepositoryRow::id>},
    {"repositories[].full_name", in_row<&RepositoryRow::full_name>},
    {"repositories[].visibility", in_row<&RepositoryRow::visibility>},
    {"repositories[].private", is_private},
};

Result<> node(RepositoryPage& page, const JsonEvent& event) {
  if (event.kind == Kind::null) {
    page.partial = true;
    return {};
  }
  return row(page, event);
}

Result<> shouted_visibility(RepositoryPage& page, const JsonEvent& event) {
  std::string& visibility = page.rows.back().visibility;
  TRY_VOID(assign(visibility, event));
  visibility = lower(visibility);
  return {};
}

Result<> environment_list(RepositoryPage& page, const JsonEvent& event) {
  if (event.kind == Kind::array) page.rows.back().environments.emplace();
  return event.kind == Kind::null ? Result<>() : list(page, event);
}

Result<> environment_node(RepositoryPage& page, const JsonEvent& event) {
  auto& all = *page.rows.back().environments;
  if (event.kind == Kind::end) return whole(all.back());
  TRY_VOID(object(page, event));
  all.emplace_back();
  return {};
}

template <auto member>
Result<> in_environment(RepositoryPage& page, const JsonEvent& event) {
  return assign(page.rows.back().environments->back().*member, event);
}

Result<> query_protection(RepositoryPage& page, const JsonEvent& event) {
  return protect(page.rows.back().environments->back().protection, event);
}

Result<> cursor(RepositoryPage& page, const JsonEvent& event) {
  return event.kind == Kind::null ? Result<>() : assign(page.end_cursor, event);
}

Result<> organization(RepositoryPage& page, const JsonEvent& event) {
  page.found = event.kind != Kind::null;
  return object_or_null(page, event);
}

template <class Document>
Result<> fault(Document& page, const JsonEvent& event) {
  if (event.kind == Kind::object) page.fault = std::max(page.fault, QueryFault::other);
  return object(page, event);
}

template <class Document>
Result<> fault_type(Document& page, const JsonEvent& event) {
  constexpr std::array<std::pair<std::string_view, QueryFault>, 4> kTypes = {
      {{"RATE_LIMITED", QueryFault::rate_limited},
       {"FORBIDDEN", QueryFault::denied},
       {"INSUFFICIENT_SCOPES", QueryFault::denied},
       {"NOT_FOUND", QueryFault::not_found}}};
  if (event.kind != Kind::text) return {};
  const auto found =
      std::find_if(kTypes.begin(), kTypes.end(), [&](const auto& one) { return one.first == event.text; });
  if (found != kTypes.end() && page.fault == QueryFault::other) page.fault = found->second;
  return {};
}

template <class Document>
Result<> fault_saml(Document& page, const JsonEvent& event) {
  if (event.kind == Kind::flag && event.flag) page.fault = QueryFault::saml;
  return {};
}

#define NODES "data.organization.repositories.nodes[]"
#define ENVIRONMENTS NODES ".environments"
constexpr Field<RepositoryPage> kRepositoryPage[] = {
    {"", object},
    {"errors", list},
    {"errors[]", fault},
    {"errors[].type", fault_type},
    {"errors[].extensions", object_or_null},
    {"errors[].extensions.saml_failure", fault_saml},
    {"data", object_or_null},
    {"data.viewer", object_or_null},
    {"data.viewer.login", here<&RepositoryPage::viewer>},
    {"data.rateLimit", object_or_null},
    {"data.rateLimit.cost", here<&RepositoryPage::cost>},
    {"data.organization", organization},
    {"data.organization.repositories", object_or_null},
    {"data.organization.repositories.totalCount", here<&RepositoryPage::total>},
    {"data.organization.repositories.pageInfo", object},
    {"data.organization.repositories.pageInfo.hasNextPage", here<&RepositoryPage::has_next>},
    {"data.organization.repositories.pageInfo.endCursor", cursor},
    {"data.organization.repositories.nodes", list},
    {NODES, node},
    {NODES ".id", in_row<&RepositoryRow::node_id>},
    {NODES ".databaseId", in_row<&RepositoryRow::id>},
    {NODES ".nameWithOwner", in_row<&RepositoryRow::full_name>},
    {NODES ".visibility", shouted_visibility},
    {NODES ".isArchived", in_row<&RepositoryRow::archived>},
    {NODES ".isDisabled", in_row<&RepositoryRow::disabled>},
    {NODES ".viewerPermission", in_row<&RepositoryRow::permission>},
    {ENVIRONMENTS, object_or_null},
    {ENVIRONMENTS ".totalCount", in_row<&RepositoryRow::environment_count>},
    {ENVIRONMENTS ".nodes", environment_list},
    {ENVIRONMENTS ".nodes[]", environment_node},
    {ENVIRONMENTS ".nodes[].databaseId", in_environment<&EnvironmentRow::id>},
    {ENVIRONMENTS ".nodes[].name", in_environment<&EnvironmentRow::name>},
    {ENVIRONMENTS ".nodes[].protectionRules", object_or_null},
    {ENVIRONMENTS ".nodes[].protectionRules.nodes", list},
    {ENVIRONMENTS ".nodes[].protectionRules.nodes[]", object},
    {ENVIRONMENTS ".nodes[].protectionRules.nodes[].type", query_protection},
};
#undef ENVIRONMENTS
#undef NODES

/// A repository that is gone or hidden is null.
Result<> workflows_node(WorkflowPage& page, const JsonEvent& event) {
  return event.kind == Kind::null ? Result<>() : row(page, event);
}

Result<> workflow_folder(WorkflowPage& page, const JsonEvent& event) {
  if (event.kind == Kind::object) page.rows.back().has_folder = true;
  return object_or_null(page, event);
}

Result<> list_or_null(WorkflowPage& page, const JsonEvent& event) {
  return event.kind == Kind::null ? Result<>() : list(page, event);
}

Result<> workflow_entry(WorkflowPage& page, const JsonEvent& event) {
  if (event.kind == Kind::end) return {};
  TRY_VOID(object(page, event));
  page.rows.back().files.emplace_back();
  return {};
}

template <auto member>
Result<> in_workflow(WorkflowPage& page, const JsonEvent& event) {
  return assign(page.rows.back().files.back().*member, event);
}

Result<> workflow_type(WorkflowPage& page, const JsonEvent& event) {
  page.rows.back().files.back().is_file = event.text == "blob";
  return {};
}

template <auto member>
Result<> in_package(WorkflowPage& page, const JsonEvent& event) {
  return assign(page.rows.back().package.*member, event);
}

Result<> workflow_fault(WorkflowPage& page, const JsonEvent& event) {
  if (event.kind == Kind::object) ++page.errors;
  return fault(page, event);
}

Result<> workflow_fault_type(WorkflowPage& page, const JsonEvent& event) {
  if (event.text == "NOT_FOUND") ++page.not_found;
  return fault_type(page, event);
}

#define REPOSITORIES "data.nodes[]"
#define ENTRIES REPOSITORIES ".workflows.entries[]"
constexpr Field<WorkflowPage> kWorkflowPage[] = {
    {"", object},
    {"errors", list},
    {"errors[]", workflow_fault},
    {"errors[].type", workflow_fault_type},
    {"errors[].extensions", object_or_null},
    {"errors[].extensions.saml_failure", fault_saml},
    {"data", object_or_null},
    {"data.nodes", list},
    {REPOSITORIES, workflows_node},
    {REPOSITORIES ".databaseId", in_row<&RepositoryWorkflows::id>},
    {REPOSITORIES ".workflows", workflow_folder},
    {REPOSITORIES ".workflows.entries", list_or_null},
    {ENTRIES, workflow_entry},
    {ENTRIES ".name", in_workflow<&WorkflowText::name>},
    {ENTRIES ".type", workflow_type},
    {ENTRIES ".object", object_or_null},
    {ENTRIES ".object.text", in_workflow<&WorkflowText::text>},
    {ENTRIES ".object.isTruncated", in_workflow<&WorkflowText::is_truncated>},
    {REPOSITORIES ".package", object_or_null},
    {REPOSITORIES ".package.text", in_package<&WorkflowText::text>},
    {REPOSITORIES ".package.isTruncated", in_package<&WorkflowText::is_truncated>},
};
#undef ENTRIES
#undef REPOSITORIES

constexpr Field<User> kUser[] = {
    {"", object},
    {"id", here<&User::id>, true},
    {"login", here<&User::login>, true},
};

/// Milliseconds since 1970.
Result<> event_time(Page<AuditEvent>& page, const JsonEvent& event) {
  std::int64_t count = 0;
  TRY_VOID(assign(count, event));
  auto& at = page.rows.back().at;
  const std::chrono::sys_time<std::chrono::milliseconds> time{std::chrono::milliseconds(count)};
  at = at ? std::max(*at, time) : time;
  return {};
}

/// One name or several; null where it is about no repository.
Result<> event_repository(Page<AuditEvent>& page, const JsonEvent& event) {
  if (event.kind == Kind::null || event.kind == Kind::array || event.kind == Kind::end) return {};
  return assign(page.rows.back().repositories.emplace_back(), event);
}

Result<> event_repository_id(Page<AuditEvent>& page, const JsonEvent& event) {
  if (event.kind == Kind::null || event.kind == Kind::array || event.kind == Kind::end) return {};
  return assign(page.rows.back().repository_ids.emplace_back(), event);
}

constexpr Field<Page<AuditEvent>> kAuditLog[] = {
    {"", list},
    {"[]", row},
    {"[].action", in_row<&AuditEvent::action>},
    {"[].@timestamp", event_time},
    {"[].created_at", event_time},
    {"[].repo", event_repository},
    {"[].repo[]", event_repository},
    {"[].repository", event_repository},
    {"[].repository[]", event_repository},
    {"[].old_name", event_repository},
    {"[].repo_id", event_repository_id},
    {"[].repo_id[]", event_repository_id},
    {"[].repository_id", event_repository_id},
    {"[].repository_id[]", event_repository_id},
};

constexpr Field<Organisation> kOrganisation[] = {
    {"", object},
    {"id", here<&Organisation::id>, true},
    {"public_repos", here<&Organisation::public_repositories>},
};

Result<> selection(Installation& installation, const JsonEvent& event) {
  if (event.kind != Kind::text) return mistyped(event, "text");
  installation.all_repositories = event.text == "all";
  return {};
}

Result<> suspended(Installation& installation, const JsonEvent& event) {
  installation.suspended = event.kind != Kind::null;
  return {};
}

/// Each is a member of its own; there are new ones now and then.
Result<> permission(Installation& installation, const JsonEvent& event) {
  std::string level;
  TRY_VOID(assign(level, event));
  installation.permissions.emplace(event.path.substr(event.path.rfind('.') + 1), std::move(level));
  return {};
}

constexpr Field<Installation> kInstallation[] = {
    {"", object},
    {"id", here<&Installation::id>, true},
    {"repository_selection", selection},
    {"suspended_at", suspended},
    {"permissions", object},
    {"permissions.*", permission},
};

constexpr Field<InstallationToken> kInstallationToken[] = {
    {"", object},
    {"token", here<&InstallationToken::token>, true},
    {"expires_at", here<&InstallationToken::expires_at>, true},
};

template <auto resource, auto member>
Result<> budget(RateLimit& limit, const JsonEvent& event) {
  return assign((limit.*resource).*member, event);
}

constexpr Field<RateLimit> kRateLimit[] = {
    {"", object},
    {"resources", object, true},
    {"resources.core", object},
    {"resources.core.limit", budget<&RateLimit::core, &Budget::limit>},
    {"resources.core.remaining", budget<&RateLimit::core, &Budget::remaining>},
    {"resources.graphql", object},
    {"resources.graphql.limit", budget<&RateLimit::graphql, &Budget::limit>},
    {"resources.graphql.remaining", budget<&RateLimit::graphql, &Budget::remaining>},
};

/// Fills a document from the fields that stand in a table.
template <class Document>
class TableReader final : public AnswerReader<Document>, public JsonListener {
 public:
  TableReader(Fields<Document> fields, std::size_t longest_text) : fields_(fields), longest_text_(longest_text) {}

  void begin() override {
    document_ = {};
    seen_.assign(fields_.size(), false);
    stream_ = std::make_unique<JsonStream>(*this, longest_text_);
  }

  Result<> read(std::string_view bytes) override { return stream_->read(bytes); }

  Result<Document> finish() override {
    TRY_VOID(stream_->finish());
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      if (fields_[i].required && !seen_[i]) return malformed(std::string(fields_[i].path).append(" is not there"));
    }
    return std::move(document_);
  }

 private:
  [[nodiscard]] bool wants(std::string_view path) const override { return find(path) < fields_.size(); }

  Result<> met(const JsonEvent& event) override {
    const std::size_t i = find(event.path);
    seen_[i] = true;
    return fields_[i].take(document_, event);
  }

  [[nodiscard]] std::size_t find(std::string_view path) const {
    const auto stands_for = [path](const Field<Document>& one) {
      if (!one.path.ends_with(".*")) return one.path == path;
      const std::string_view above = one.path.substr(0, one.path.size() - 1);
      return path.starts_with(above) && path.find('.', above.size()) == std::string_view::npos;
    };
    return static_cast<std::size_t>(std::find_if(fields_.begin(), fields_.end(), stands_for) - fields_.begin());
  }

  Fields<Document> fields_;
  std::size_t longest_text_;
  Document document_;
  std::vector<bool> seen_;
  std::unique_ptr<JsonStream> stream_;
};

template <class Document, std::size_t N>
Reader<Document> reader_of(const Field<Document> (&fields)[N], std::size_t longest_text = kLongestText) {
  return std::make_unique<TableReader<Document>>(Fields<Document>(fields), longest_text);
}

}  // namespace

Reader<Page<StoredSecret>> secrets_reader() { return reader_of(kSecrets); }
Reader<Page<StoredVariable>> variables_reader() { return reader_of(kVariables); }
Reader<Page<PrivateRegistry>> registries_reader() { return reader_of(kRegistries); }
Reader<Page<EnvironmentRow>> environments_reader() { return reader_of(kEnvironments); }
Reader<Page<RepositoryRow>> repositories_reader() { return reader_of(kRepositories); }
Reader<Page<RepositoryRow>> selected_reader() { return reader_of(kSelected); }
Reader<RepositoryPage> repository_page_reader() { return reader_of(kRepositoryPage); }
Reader<WorkflowPage> workflow_page_reader() { return reader_of(kWorkflowPage, kLongestFile); }
Reader<Page<AuditEvent>> audit_log_reader() { return reader_of(kAuditLog); }
Reader<User> user_reader() { return reader_of(kUser); }
Reader<Organisation> organisation_reader() { return reader_of(kOrganisation); }
Reader<Installation> installation_reader() { return reader_of(kInstallation); }
Reader<InstallationToken> installation_token_reader() { return reader_of(kInstallationToken); }
Reader<RateLimit> rate_limit_reader() { return reader_of(kRateLimit); }

Phrase phrase_of(std::string_view body) {
  // Only what stands at the beginning of a message is read: bodies are a few hundred bytes.
  constexpr std::size_t kRead = 4096;
  constexpr std::array<std::pair<std::string_view, Phrase>, 7> kPhrases = {
      {{"secondary rate limit", Phrase::secondary_limit},
       {"abuse detection", Phrase::secondary_limit},
       {"resource not accessible by", Phrase::not_accessible},
       {"ip allow list", Phrase::ip_allow_list},
       {"saml", Phrase::saml},
       {"repository access blocked", Phrase::blocked},
       {"abuse", Phrase::secondary_limit}}};
  const std::string text = lower(body.substr(0, kRead));
  for (const auto& [words, phrase] : kPhrases) {
    if (text.find(words) != std::string::npos) return phrase;
  }
  return Phrase::none;
}

}  // namespace tokensweep::github
