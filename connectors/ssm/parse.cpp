#include "connectors/ssm/parse.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cmath>
#include <utility>

#include "base/time.hpp"
#include "connectors/json_document.hpp"
#include "connectors/json_stream.hpp"

namespace tokensweep::ssm {
namespace {

using Kind = JsonEvent::Kind;

// A value has 8 KiB at most, a page's token some hundred bytes, a policy's text less than a value.
constexpr std::size_t kLongestText = std::size_t{64} << 10U;
constexpr std::size_t kLongestName = 2048;       // of a name that is an ARN; the guide says 1,011 for the rest
constexpr double kLastSecond = 253'402'300'799;  // of the year 9999

Error malformed(std::string what) { return {ErrorKind::malformed, std::move(what)}; }

Error unexpected(std::string_view field, std::string_view expected) {
  return malformed(std::string(field) + ": expected " + std::string(expected));
}

/// What a name, an ARN and all else that is shown is made of: no place of ours may be led astray.
bool is_plain(std::string_view text) {
  return !text.empty() && text.size() <= kLongestName &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

Result<> take_plain(const JsonEvent& event, std::string_view field, std::string& into) {
  if (event.kind == Kind::null) return {};
  if (event.kind != Kind::text || !is_plain(event.text)) return unexpected(field, "a text of printable ASCII");
  into = event.text;
  return {};
}

Result<> take_time(const JsonEvent& event, std::string_view field, std::optional<Time>& into) {
  if (event.kind == Kind::null) return {};
  const bool is_number = event.kind == Kind::integer || event.kind == Kind::number;
  if (!is_number || !(event.number >= 0) || event.number > kLastSecond) return unexpected(field, "seconds since 1970");
  into = Time(std::chrono::seconds(static_cast<std::int64_t>(std::floor(event.number))));
  return {};
}

Result<> take_type(const JsonEvent& event, std::optional<Type>& into) {
  constexpr std::array<std::pair<std::string_view, Type>, 3> kTypes = {
      {{"String", Type::string}, {"StringList", Type::string_list}, {"SecureString", Type::secure_string}}};
  const auto* found = std::ranges::find(kTypes, event.text, &std::pair<std::string_view, Type>::first);
  if (event.kind != Kind::text || found == kTypes.end()) return unexpected("Type", "one of the types of parameters");
  into = found->second;
  return {};
}

/// A list has to be a list: one that is missing or null would have everything called gone.
Result<> take_list(const JsonEvent& event, std::string_view field, bool& seen) {
  if (event.kind == Kind::array) seen = true;
  return event.kind == Kind::array || event.kind == Kind::end ? Result<>() : unexpected(field, "a list");
}

Result<> take_object(const JsonEvent& event, std::string_view field) {
  return event.kind == Kind::object || event.kind == Kind::end ? Result<>() : unexpected(field, "an object");
}

class ParameterListener final : public JsonListener {
 public:
  ParameterPage page;
  bool has_list = false;

  [[nodiscard]] bool wants(std::string_view path) const override {
    return path.empty() || std::ranges::find(kPaths, path) != kPaths.end();
  }

  Result<> met(const JsonEvent& event) override {
    const std::string_view path = event.path;
    if (path.empty()) return take_object(event, "the answer");
    if (path == "NextToken") return take_next(event);
    if (path == kList) return take_list(event, kList, has_list);
    if (path == "Parameters[]") return event.kind == Kind::end ? end_parameter() : begin_parameter(event);
    if (auto taken = met_in_parameter(path.substr(kList.size() + 3), event); !taken) return within_parameter(taken);
    return {};
  }

 private:
  static constexpr std::string_view kList = "Parameters";
  static constexpr std::array<std::string_view, 14> kPaths = {"NextToken",
                                                              kList,
                                                              "Parameters[]",
                                                              "Parameters[].Name",
                                                              "Parameters[].ARN",
                                                              "Parameters[].Type",
                                                              "Parameters[].KeyId",
                                                              "Parameters[].Tier",
                                                              "Parameters[].Version",
                                                              "Parameters[].LastModifiedDate",
                                                              "Parameters[].Policies",
                                                              "Parameters[].Policies[]",
                                                              "Parameters[].Policies[].PolicyType",
                                                              "Parameters[].Policies[].PolicyText"};

  Result<> take_next(const JsonEvent& event) {
    if (event.kind == Kind::null) return {};
    if (event.kind != Kind::text || event.text.empty()) return unexpected("NextToken", "a text");
    page.next = event.text;
    return {};
  }

  Result<> begin_parameter(const JsonEvent& event) {
    parameter_ = {};
    type_.reset();
    return take_object(event, "a parameter");
  }

  Result<> met_in_parameter(std::string_view field, const JsonEvent& event) {
    if (field == "Name") return take_plain(event, field, parameter_.name);
    if (field == "ARN") return take_plain(event, field, parameter_.arn);
    if (field == "Type") return take_type(event, type_);
    if (field == "KeyId") return take_plain(event, field, parameter_.key);
    if (field == "Tier") return take_plain(event, field, parameter_.tier);
    if (field == "LastModifiedDate") return take_time(event, field, parameter_.modified_at);
    if (field == "Version") {
      if (event.kind != Kind::integer) return unexpected(field, "a whole number");
      parameter_.version = event.integer;
      return {};
    }
    if (field == "Policies") {
      const bool fits = event.kind == Kind::array || event.kind == Kind::end || event.kind == Kind::null;
      return fits ? Result<>() : unexpected(field, "a list");
    }
    if (field == "Policies[]") return event.kind == Kind::end ? end_policy() : take_object(event, "a policy");
    if (event.kind != Kind::text) return unexpected(field, "a text");
    (field.ends_with("PolicyType") ? policy_type_ : policy_text_) = event.text;
    return {};
  }

  Result<> end_policy() {
    if (policy_type_ == "Expiration") parameter_.expires_at = expiration(policy_text_);
    policy_type_.clear();
    policy_text_.clear();
    return {};
  }

  Result<> end_parameter() {
    if (parameter_.name.empty()) return within_parameter(unexpected("Name", "a text"));
    if (!type_) return within_parameter(unexpected("Type", "one of the types of parameters"));
    parameter_.type = *type_;
    page.parameters.push_back(std::move(parameter_));
    return {};
  }

  [[nodiscard]] Error within_parameter(Result<> taken) const {
    return std::move(taken).error().within("parameter " + std::to_string(page.parameters.size() + 1));
  }

  Parameter parameter_;
  std::optional<Type> type_;
  std::string policy_type_;
  std::string policy_text_;
};

class ValueListener final : public JsonListener {
 public:
  ValuePage page;
  bool has_list = false;

  [[nodiscard]] bool wants(std::string_view path) const override {
    return path.empty() || std::ranges::find(kPaths, path) != kPaths.end();
  }

  Result<> met(const JsonEvent& event) override {
    const std::string_view path = event.path;
    if (path.empty()) return take_object(event, "the answer");
    if (path == kPaths[0]) return take_list(event, path, has_list);
    if (path == kPaths[1]) return event.kind == Kind::end ? end_value() : begin_value(event);
    if (path == kPaths[2]) return take_plain(event, "Name", value_.name);
    if (path == kPaths[3]) return take_value(event);
    if (path == kPaths[4]) {
      bool seen = false;
      return event.kind == Kind::null ? Result<>() : take_list(event, path, seen);
    }
    page.vanished.emplace_back();
    return take_plain(event, "InvalidParameters", page.vanished.back());
  }

 private:
  static constexpr std::array<std::string_view, 6> kPaths = {"Parameters",        "Parameters[]",
                                                             "Parameters[].Name", "Parameters[].Value",
                                                             "InvalidParameters", "InvalidParameters[]"};

  Result<> begin_value(const JsonEvent& event) {
    value_ = {};
    has_value_ = false;
    return take_object(event, "a parameter");
  }

  Result<> take_value(const JsonEvent& event) {
    if (event.kind != Kind::text) return unexpected("Value", "a text");
    value_.value = Secret(event.text);
    has_value_ = true;
    return {};
  }

  Result<> end_value() {
    if (value_.name.empty() || !has_value_) return malformed("a parameter without a name or a value");
    page.values.push_back(std::move(value_));
    return {};
  }

  Value value_;
  bool has_value_ = false;
};

/// An answer while it comes, and what it was once it is whole.
template <class Listener>
struct Incoming {
  Listener listener;
  JsonStream stream{listener, kLongestText};

  auto finish() -> Result<decltype(listener.page)> {
    TRY_VOID(stream.finish());
    if (!listener.has_list) return unexpected("Parameters", "a list");
    return std::move(listener.page);
  }
};

Error no_answer() { return malformed("nothing in place of JSON"); }

}  // namespace

struct ParameterReader::Impl : Incoming<ParameterListener> {};

ParameterReader::ParameterReader() = default;
ParameterReader::~ParameterReader() = default;
void ParameterReader::begin() { impl_ = std::make_unique<Impl>(); }
Result<> ParameterReader::read(std::string_view bytes) { return impl_->stream.read(bytes); }

Result<ParameterPage> ParameterReader::finish() { return impl_ == nullptr ? no_answer() : impl_->finish(); }

struct ValueReader::Impl : Incoming<ValueListener> {};

ValueReader::ValueReader() = default;
ValueReader::~ValueReader() = default;
void ValueReader::begin() { impl_ = std::make_unique<Impl>(); }
Result<> ValueReader::read(std::string_view bytes) { return impl_->stream.read(bytes); }

Result<ValuePage> ValueReader::finish() { return impl_ == nullptr ? no_answer() : impl_->finish(); }

std::optional<Time> expiration(std::string_view policy_text) {
  const auto document = parse_json(policy_text);
  const auto* policy = document ? document->if_object() : nullptr;
  const auto* attributes = policy == nullptr ? nullptr : policy->if_contains("Attributes");
  const auto* object = attributes == nullptr ? nullptr : attributes->if_object();
  const auto* timestamp = object == nullptr ? nullptr : object->if_contains("Timestamp");
  if (timestamp == nullptr || !timestamp->is_string()) return std::nullopt;
  const auto& text = timestamp->get_string();
  return parse_time(std::string_view(text.data(), text.size()));
}

}  // namespace tokensweep::ssm
