#include "connectors/kubernetes/secret_assembly.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "base/base64.hpp"
#include "base/secret.hpp"
#include "connectors/json_stream.hpp"

namespace tokensweep::kubernetes {
namespace {

/// Of one secret, decoded: what is larger is none of Kubernetes'.
constexpr std::size_t kLargestSecret = std::size_t{2} << 20U;
constexpr std::size_t kMostKeys = 20'000;

Error malformed(std::string_view what) { return {ErrorKind::malformed, std::string(what)}; }

void add_key(std::vector<std::string>& keys, std::string_view key) {
  // Nothing is noted of the rest: one odd secret is not to cost a list.
  if (!key.empty() && keys.size() < kMostKeys) keys.emplace_back(key);
}

/// Reads the keys that one manager's fields name.
class FieldsReader final : public JsonListener {
 public:
  std::vector<std::string> keys;

  [[nodiscard]] bool wants(std::string_view path) const override {
    return path.empty() || path == "f:data" || path == "f:data{}";
  }
  [[nodiscard]] bool is_map(std::string_view path) const override { return path == "f:data"; }
  Result<> met(const JsonEvent& event) override {
    const bool begins = event.path == "f:data{}" && event.kind != JsonEvent::Kind::end;
    if (begins) add_key(keys, key_of_managed_field(event.key));
    return {};
  }
};

}  // namespace

std::string_view key_of_managed_field(std::string_view member) {
  // Its own entry is `.`.
  return member.starts_with("f:") ? member.substr(2) : std::string_view();
}

void SecretAssembly::begin() {
  secret = {};
  writers_.clear();
  controlled_ = false;
  has_metadata_ = false;
  needed_ = true;
  decoded_ = 0;
}

void SecretAssembly::add_owner(std::string kind, bool controls) {
  if (controlled_ || (!controls && !secret.owner.empty())) return;
  controlled_ = controls;
  secret.owner = std::move(kind);
}

void SecretAssembly::set_write_time(Time time) {
  if (!writers_.empty()) writers_.back().time = time;
}

void SecretAssembly::add_written_key(std::string_view key) {
  if (!writers_.empty()) add_key(writers_.back().keys, key);
}

void SecretAssembly::set_written_fields(std::string_view fields) {
  if (!writers_.empty()) writers_.back().fields = fields;
}

Result<> SecretAssembly::end_metadata() {
  if (secret.name.empty() || secret.name_space.empty() || secret.uid.empty() || secret.version.empty()) {
    return malformed("an object without name, namespace, uid or version");
  }
  has_metadata_ = true;
  needed_ = listener_.wants_values(secret);
  return {};
}

void SecretAssembly::last_applied(std::string_view text) {
  if (listener_.may_matter(secret, {}, text, Spelling::plain)) secret.last_applied = Secret(text);
}

Result<> SecretAssembly::value(std::string_view key, std::string_view bytes, Spelling spelling) {
  ++secret.key_count;
  if (!needed_ || !listener_.may_matter(secret, key, bytes, spelling)) return {};
  std::optional<WipedText> decoded;
  if (spelling == Spelling::base64) {
    decoded = from_base64(bytes);
    if (!decoded) return malformed("a value is no base64");
    bytes = decoded->view();
  }
  decoded_ += bytes.size();
  if (decoded_ > kLargestSecret) return malformed("an object is larger than any that Kubernetes takes");
  secret.keys.push_back({.name = std::string(key), .value = Secret(bytes), .written_before = {}});
  return {};
}

Result<> SecretAssembly::end() {
  if (!has_metadata_) return malformed("an object without metadata");
  if (!needed_) {
    secret.keys.clear();
    secret.last_applied.reset();
  }
  if (form_ == ListForm::names) add_noted_keys();
  date_keys();
  for (const Writer& writer : writers_) {
    if (writer.time) secret.written_at = std::max(secret.written_at.value_or(*writer.time), *writer.time);
  }
  ++items_;
  return listener_.secret(secret);
}

/// The keys that any writer has, each once.
void SecretAssembly::add_noted_keys() {
  std::vector<std::string> all;
  for (const Writer& writer : writers_) all.insert(all.end(), writer.keys.begin(), writer.keys.end());
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  for (std::string& name : all) secret.keys.push_back({.name = std::move(name), .value = {}, .written_before = {}});
}

/// Notes when each key's value was written at the latest: nobody who owns it wrote anything since.
void SecretAssembly::date_keys() {
  if (secret.keys.empty()) return;
  read_written_fields();
  std::unordered_map<std::string_view, Time> latest;
  for (const Writer& writer : writers_) {
    if (!writer.time) continue;
    for (const std::string& key : writer.keys) {
      const auto [at, first] = latest.try_emplace(key, *writer.time);
      if (!first) at->second = std::max(at->second, *writer.time);
    }
  }
  for (SecretKey& key : secret.keys) {
    const auto found = latest.find(key.name);
    if (found != latest.end()) key.written_before = found->second;
  }
}

/// Only where a key is to be dated: most secrets hold nothing that matters.
void SecretAssembly::read_written_fields() {
  for (Writer& writer : writers_) {
    if (writer.fields.empty()) continue;
    FieldsReader reader;
    JsonStream stream(reader, kLongestText);
    if (stream.read(writer.fields) && stream.finish()) writer.keys = std::move(reader.keys);
  }
}

}  // namespace tokensweep::kubernetes
