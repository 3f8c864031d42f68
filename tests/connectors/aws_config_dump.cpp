// Prints what our readers make of AWS' files and of commands in them, for tests/aws_oracle/run.py:
//
//   aws_config_dump files|commands < TEXTS
//
// TEXTS is a JSON array of texts. An element of the array that is printed is what was read, or null for what is
// refused. A value that begins with a line break is shown as the object of its sub-keys.

#include <boost/json.hpp>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include "connectors/aws/config_text.hpp"
#include "connectors/aws/process.hpp"

namespace {

using namespace tokensweep;
using namespace tokensweep::aws;
namespace json = boost::json;

json::value dump(const Secret& value) {
  if (!value.reveal().starts_with('\n')) return json::value(value.reveal());
  json::object inner;
  for (const auto& [key, text] : nested_values(value)) inner.emplace(key, text.reveal());
  return inner;
}

json::value read_file(std::string_view text) {
  const auto sections = read_config(text);
  if (!sections) return nullptr;
  json::object all;
  for (const ConfigSection& section : *sections) {
    json::object values;
    for (const auto& [key, value] : section.values) values.emplace(key, dump(value));
    all.emplace(section.name, std::move(values));
  }
  return all;
}

json::value read_command(std::string_view text) {
  const auto words = split_command(text);
  if (!words) return nullptr;
  return json::array(words->begin(), words->end());
}

}  // namespace

int main(int argc, char** argv) {
  const bool is_files = argc > 1 && std::string_view(argv[1]) == "files";
  const std::string input{std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()};
  const json::value texts = json::parse(input);
  json::array read;
  for (const json::value& text : texts.as_array()) {
    const std::string_view one = text.as_string();
    read.push_back(is_files ? read_file(one) : read_command(one));
  }
  std::cout << json::serialize(read) << '\n';
}
