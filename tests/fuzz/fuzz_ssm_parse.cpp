#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "connectors/ssm/parse.hpp"
#include "connectors/ssm/sightings.hpp"
#include "tests/fuzz/require.hpp"

using namespace tokensweep;
using namespace tokensweep::ssm;

using tokensweep::testing::require;
using tokensweep::testing::require_one_line;

namespace {

template <class Reader>
auto read(std::string_view body, std::size_t piece) {
  Reader reader;
  reader.begin();
  for (; !body.empty(); body.remove_prefix(std::min(piece, body.size()))) {
    if (auto taken = reader.read(body.substr(0, piece)); !taken) {
      return decltype(reader.finish())(std::move(taken).error());
    }
  }
  return reader.finish();
}

/// The pieces in which an answer comes make no difference.
void check_parameters(std::string_view body) {
  const auto whole = read<ParameterReader>(body, body.size() + 1);
  const auto pieces = read<ParameterReader>(body, 3);
  require_one_line(whole);
  require(whole.has_value() == pieces.has_value());
  if (!whole) return;
  require(whole->parameters == pieces->parameters && whole->next == pieces->next);
  require(!whole->next || !whole->next->empty());
  const Scope scope = scope_of({.account = "123456789012", .region = "eu-west-1"}, false);
  for (const Parameter& parameter : whole->parameters) {
    const std::string place = place_of(scope.prefix, parameter);
    require(!parameter.name.empty() && place.starts_with(scope.prefix + "/"));
    require(place.find_first_of(" \n\t") == std::string::npos);
  }
}

void check_values(std::string_view body) {
  const auto whole = read<ValueReader>(body, body.size() + 1);
  const auto pieces = read<ValueReader>(body, 3);
  require_one_line(whole);
  require(whole.has_value() == pieces.has_value());
  if (!whole) return;
  require(whole->values.size() == pieces->values.size() && whole->vanished == pieces->vanished);
  for (const Value& value : whole->values) require(!value.name.empty());
}

}  // namespace

/// Each answer is tried with each reader: what is no answer of its kind has to be refused in one line.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  check_parameters(body);
  check_values(body);
  (void)expiration(body);
  return 0;
}
