#include "formats/package_json.hpp"

#include <boost/json.hpp>

namespace tokensweep {
namespace {

constexpr std::size_t kLongestPackageName = 214;  // npm's own limit

}  // namespace

std::optional<std::string> publishable_name(std::string_view package_json) {
  boost::json::error_code failure;
  const boost::json::value value = boost::json::parse({package_json.data(), package_json.size()}, failure);
  const boost::json::object* object = failure ? nullptr : value.if_object();
  if (object == nullptr) return std::nullopt;
  if (const auto* is_private = object->if_contains("private"); is_private != nullptr && is_private->is_bool()) {
    if (is_private->get_bool()) return std::nullopt;
  }
  const auto* name = object->if_contains("name");
  const auto* text = name == nullptr ? nullptr : name->if_string();
  if (text == nullptr || text->empty() || text->size() > kLongestPackageName) return std::nullopt;
  return std::string(text->begin(), text->end());
}

}  // namespace tokensweep
