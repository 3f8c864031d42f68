#include "connectors/aws/error_code.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <string_view>

#include "connectors/aws/xml.hpp"
#include "connectors/json_document.hpp"

namespace tokensweep::aws {
namespace {

// What AWS says of an error is a few hundred bytes.
constexpr std::size_t kLargestBody = std::size_t{64} << 10U;
constexpr std::size_t kLongestCode = 100;

/// `com.amazon.coral.service#ThrottlingException:http://…` is `ThrottlingException`.
std::string bare(std::string_view text) {
  text = text.substr(0, text.find(':'));
  if (const std::size_t hash = text.rfind('#'); hash != std::string_view::npos) text.remove_prefix(hash + 1);
  const bool is_code =
      text.size() <= kLongestCode && std::ranges::all_of(text, [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_';
      });
  return std::string(is_code ? text : "");
}

std::string code_in_json(std::string_view body) {
  const auto document = parse_json(body);
  if (!document || !document->is_object()) return "";
  for (const char* key : {"__type", "code", "Code"}) {
    const auto* value = document->get_object().if_contains(key);
    if (value != nullptr && value->is_string()) return bare(value->get_string());
  }
  return "";
}

std::string code_in_xml(std::string_view body) {
  const auto leaves = read_xml(body);
  if (!leaves) return "";
  const auto code =
      std::ranges::find_if(*leaves, [](const XmlLeaf& leaf) { return leaf.path.ends_with("/Error/Code"); });
  return code == leaves->end() ? "" : bare(code->text.reveal());
}

}  // namespace

std::string error_code(const HttpResponse& response) {
  if (std::string code = bare(response.header("x-amzn-ErrorType")); !code.empty()) return code;
  const std::string_view body = response.body.view();
  if (body.empty() || body.size() > kLargestBody) return "";
  return body.front() == '<' ? code_in_xml(body) : code_in_json(body);
}

}  // namespace tokensweep::aws
