#include "report/sarif.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.hpp"
#include "base/time.hpp"

namespace tokensweep {
namespace {

constexpr std::size_t kFlushAt = 64UL << 10;
constexpr std::string_view kSchema =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Text of a message: SARIF reads `{0}` as a placeholder and `[text](target)` as a link, and names come from anywhere.
std::string message(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '{' || c == '}') out.push_back(c);
    if (c == '[' || c == ']') out.push_back('\\');
    out.push_back(c);
  }
  return out;
}

std::string_view level_of(const ExportRow& row) {
  switch (row.row->hit.klass) {
    case Class::A:
      return "error";
    case Class::B:
      return row.overdue ? "error" : "warning";
    case Class::C:
    case Class::D:
      break;
  }
  return row.overdue ? "warning" : "note";
}

/// What a rule finds, in words, by the kind of its hits.
std::string_view kind_in_words(std::string_view kind) {
  constexpr std::pair<std::string_view, std::string_view> kWords[] = {
      {"npm-token", "An npm token"},
      {"npm-legacy-token", "An npm token of the form of before 2021"},
      {"npm-basic-auth", "A user's name and password for an npm registry"},
      {"registry-token", "A token of a package registry"},
  };
  for (const auto& [known, words] : kWords) {
    if (kind == known) return words;
  }
  return "A credential for packages";
}

std::string text_of(const ExportRow& row) {
  const Hit& hit = row.row->hit;
  std::string text = fmt::format("{} of class {}", kind_in_words(hit.kind), to_string(hit.klass));
  if (row.scope.has(ScopeFlag::dead)) text += ", dead and still stored";
  if (row.age_days) text += fmt::format(", {} days old", *row.age_days);
  if (row.rotate_by) {
    text +=
        fmt::format(", {} {}", row.overdue ? "was to be rotated by" : "to be rotated by", format_date(*row.rotate_by));
  }
  return message(fmt::format("{}. The class is {}: {}.", text, to_string(hit.confidence), hit.reason));
}

/// The directory of a store, `host:/home/ann`; empty where it names none.
std::string_view directory_of(std::string_view store) {
  const std::size_t slash = store.find(":/");
  return slash == std::string_view::npos ? std::string_view() : store.substr(slash + 1);
}

template <class Items, class Same>
std::size_t index_of(const Items& items, Same same) {
  return static_cast<std::size_t>(std::find_if(items.begin(), items.end(), same) - items.begin());
}

std::string base_id(std::size_t index) { return fmt::format("ROOT{}", index + 1); }

}  // namespace

FilePlace file_place(std::string_view locator, std::string_view place) {
  // The longest part that is a path ending the place, and has digits behind it: names may hold colons, too.
  for (std::size_t colon = locator.rfind(':'); colon != std::string_view::npos && colon > 0;
       colon = locator.rfind(':', colon - 1)) {
    const std::string_view path = locator.substr(0, colon);
    const std::size_t before = place.size() - std::min(place.size(), path.size());
    if (!place.ends_with(path) || (before > 0 && place[before - 1] != '/')) continue;
    const char* const begin = locator.data() + colon + 1;
    const char* const end = locator.data() + locator.size();
    std::int64_t line = 0;
    const auto read = std::from_chars(begin, end, line);
    if (read.ec != std::errc() || !is_digit(*begin)) continue;
    return {path, line, locator.substr(colon + 1 + static_cast<std::size_t>(read.ptr - begin))};
  }
  return {locator, 0, {}};
}

std::string uri_path(std::string_view path) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string uri;
  for (const char c : path) {
    const bool plain = is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       std::string_view("-._~/").find(c) != std::string_view::npos;
    if (plain) {
      uri.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    uri.append({'%', kHex[byte >> 4], kHex[byte & 15]});
  }
  return uri;
}

void SarifWriter::begin(const ExportHead& head) {
  if (!head.sweeps.empty()) sweep_ = head.sweeps.back();
  json_.begin_object().key("$schema").text(kSchema).key("version").text("2.1.0").key("runs").begin_array();
  begin_run();
}

void SarifWriter::begin_run() {
  ++run_;
  results_ = 0;
  rules_.clear();
  roots_.clear();
  json_.line().begin_object().key("results").begin_array();
}

void SarifWriter::put_location(const Hit& hit) {
  const FilePlace place = file_place(hit.locator, hit.place);
  const std::size_t root = index_of(roots_, [&hit](const std::string& store) { return store == hit.store; });
  if (root == roots_.size()) roots_.push_back(hit.store);

  json_.begin_object().key("physicalLocation").begin_object().key("artifactLocation").begin_object();
  json_.key("uri").text(uri_path(place.path)).key("uriBaseId").text(base_id(root)).end_object();
  if (place.line > 0) json_.key("region").begin_object().key("startLine").number(place.line).end_object();
  json_.end_object();
  if (!hit.name.empty() || !place.inner.empty()) {
    json_.key("logicalLocations").begin_array().begin_object();
    if (!hit.name.empty()) json_.key("name").text(hit.name);
    if (!place.inner.empty()) json_.key("fullyQualifiedName").text(place.inner);
    json_.end_object().end_array();
  }
  json_.end_object();
}

void SarifWriter::row(const ExportRow& row) {
  const Hit& hit = row.row->hit;
  if (is_reference(*row.row) || row.row->state == State::gone) return;
  if (hit.source != "filesystem") {
    ++without_file_;
    return;
  }
  if (results_ == kResultsOfRun && run_ == kRuns) {
    ++cut_;
    return;
  }
  if (results_ == kResultsOfRun) {
    end_run(false);
    begin_run();
  }
  ++results_;
  const std::size_t rule = index_of(rules_, [&hit](const Rule& known) { return known.id == hit.rule; });
  if (rule == rules_.size()) rules_.push_back({hit.rule, hit.kind});

  json_.line().begin_object().key("ruleId").text(hit.rule);
  json_.key("ruleIndex").number(static_cast<std::int64_t>(rule)).key("level").text(level_of(row));
  json_.key("message").begin_object().key("text").text(text_of(row)).end_object();
  json_.key("locations").begin_array();
  put_location(hit);
  json_.end_array().key("partialFingerprints").begin_object();
  json_.key("primaryLocationLineHash").text(hit.id);
  json_.key("tokensweepHit/v1").text(hit.id).end_object();
  json_.key("provenance").begin_object().key("firstDetectionTimeUtc").value(row.row->first_seen);
  json_.key("lastDetectionTimeUtc").value(row.row->last_seen).end_object();
  // Either all results of a run say whether they are suppressed, or none does.
  json_.key("suppressions").begin_array();
  if (row.scope.has(ScopeFlag::exempt)) {
    json_.begin_object().key("kind").text("external").key("status").text("accepted");
    json_.key("justification").text("an exception of the policy is in force").end_object();
  }
  json_.end_array().key("properties").begin_object();
  for (const Column& column : columns()) {
    constexpr std::string_view kShown[] = {"class",    "confidence", "kind",  "registry",   "token",     "checksum",
                                           "age_days", "state",      "scope", "expires_at", "rotate_by", "overdue"};
    if (std::find(std::begin(kShown), std::end(kShown), column.name) == std::end(kShown)) continue;
    json_.key(column.name).value(column.cell(row));
  }
  json_.end_object().end_object();
  if (buffer_.size() >= kFlushAt) flush();
}

void SarifWriter::put_rule(const Rule& rule) {
  const std::string words = fmt::format("{} in a file", kind_in_words(rule.kind));
  const auto text = [this](std::string_view key, std::string_view value) {
    json_.key(key).begin_object().key("text").text(value).end_object();
  };
  json_.line().begin_object().key("id").text(rule.id);
  text("shortDescription", words + ".");
  text("fullDescription", words + ", where whoever can read the file can use it.");
  text("help",
       "Rotate it by its date, or remove it where nothing needs it. A build on a hosted CI service can publish without "
       "a "
       "stored token: trusted publishing. `tokensweep show` with the token's id lists every place that holds it.");
  json_.key("properties").begin_object().key("tags").begin_array().text("security").text("npm").end_array();
  json_.end_object().end_object();
}

void SarifWriter::put_notification(std::string_view level, std::string_view text) {
  json_.begin_object().key("level").text(level).key("message").begin_object().key("text").text(text).end_object();
  json_.end_object();
}

void SarifWriter::put_invocation(bool last) {
  const bool complete = sweep_ && sweep_->state == SweepState::complete;
  json_.begin_object().key("executionSuccessful").value(complete);
  if (sweep_) json_.key("startTimeUtc").value(sweep_->started_at);
  if (sweep_ && sweep_->finished_at) json_.key("endTimeUtc").value(*sweep_->finished_at);
  json_.key("toolExecutionNotifications").begin_array();
  if (!complete) put_notification("warning", "The last sweep did not see everything: there may be more.");
  if (last && without_file_ > 0) {
    put_notification("note", fmt::format("{} of stores without files: tokensweep export --format json has them.",
                                         without_file_ == 1 ? "1 hit is" : fmt::format("{} hits are", without_file_)));
  }
  if (last && cut_ > 0) {
    put_notification("error",
                     fmt::format("{} more results were left out, the least urgent: {} runs of {} are what code "
                                 "scanning takes. tokensweep export --format json has them.",
                                 cut_, kRuns, kResultsOfRun));
  }
  json_.end_array().end_object();
}

void SarifWriter::end_run(bool last) {
  json_.line().end_array().key("tool").begin_object().key("driver").begin_object().key("name").text("tokensweep");
  if (sweep_) json_.key("version").text(std::string_view(sweep_->version));
  json_.key("rules").begin_array();
  for (const Rule& rule : rules_) put_rule(rule);
  json_.end_array().end_object().end_object();
  json_.key("automationDetails").begin_object().key("id").text(fmt::format("tokensweep/{}/", run_)).end_object();
  json_.key("invocations").begin_array();
  put_invocation(last);
  json_.end_array().key("originalUriBaseIds").begin_object();
  for (std::size_t i = 0; i < roots_.size(); ++i) {
    json_.key(base_id(i)).begin_object();
    const std::string_view directory = directory_of(roots_[i]);
    if (!directory.empty()) {
      json_.key("uri").text(fmt::format("file://{}{}", uri_path(directory), directory.ends_with('/') ? "" : "/"));
    }
    json_.key("description").begin_object().key("text").text(message(roots_[i])).end_object().end_object();
  }
  json_.end_object().end_object();
}

void SarifWriter::end() {
  end_run(true);
  json_.line().end_array().end_object();
  buffer_.push_back('\n');
  flush();
}

void SarifWriter::flush() {
  output_.write(buffer_);
  buffer_.clear();
}

}  // namespace tokensweep
