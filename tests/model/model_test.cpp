#include "model/model.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string_view>
#include <vector>

using namespace tokensweep;

TEST_CASE("each name is read back as the value that it stands for") {
  for (const Class value : {Class::A, Class::B, Class::C, Class::D}) CHECK(parse_class(to_string(value)) == value);
  for (const Confidence value : {Confidence::confirmed, Confidence::inferred, Confidence::assumed}) {
    CHECK(parse_confidence(to_string(value)) == value);
  }
  for (const Checksum value : {Checksum::none, Checksum::valid, Checksum::invalid}) {
    CHECK(parse_checksum(to_string(value)) == value);
  }
  for (const State value : {State::present, State::gone, State::unknown}) CHECK(parse_state(to_string(value)) == value);
  for (int i = 0; i <= static_cast<int>(AgeBasis::registry); ++i) {
    const auto value = static_cast<AgeBasis>(i);
    CHECK(parse_age_basis(to_string(value)) == value);
  }
  for (int i = 0; i < static_cast<int>(ScopeFlag::count_); ++i) {
    const auto value = static_cast<ScopeFlag>(i);
    CHECK(parse_scope_flag(to_string(value)) == value);
  }
}

TEST_CASE("what is no name is no value") {
  for (const char* text : {"", "E", "a", "A ", "AB"}) CHECK_FALSE(parse_class(text).has_value());
  CHECK_FALSE(parse_state("Present").has_value());
  CHECK_FALSE(parse_scope_flag("world_readable").has_value());
}

TEST_CASE("a flag keeps its bit from version to version: inventories hold it") {
  const struct {
    std::string_view name;
    int bit;
  } cases[] = {{"org-wide", 0},  {"variable", 8},  {"world-readable", 14}, {"git-tracked", 16},
               {"publish", 17},  {"classic", 23},  {"reference", 24},      {"commented-out", 25},
               {"shadowed", 26}, {"unscoped", 27}, {"inert", 28}};
  for (const auto& c : cases) {
    CAPTURE(c.name);
    const auto flag = parse_scope_flag(c.name);
    REQUIRE(flag.has_value());
    CHECK(ScopeFlags().add(*flag).bits() == std::uint64_t{1} << c.bit);
  }
}

TEST_CASE("flags add up, and are named in the order of their bits") {
  ScopeFlags flags;
  flags.add(ScopeFlag::classic).add(ScopeFlag::world_readable).add(ScopeFlag::classic);
  CHECK(names(flags) == std::vector<std::string_view>{"world-readable", "classic"});
  CHECK(names(ScopeFlags()).empty());
  CHECK_FALSE(flags.has(ScopeFlag::publish));
}
