#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "scanner/config.hpp"
#include "tests/support/temp_directory.hpp"

namespace {

using namespace tokensweep;

const std::filesystem::path kRoot = SOURCE_ROOT;

std::optional<std::string> home(const char* name) {
  if (std::string_view(name) == "HOME") return "/home/ann";
  return std::nullopt;
}

Config example(const char* name) {
  const std::filesystem::path file = kRoot / "examples" / name;
  auto config = parse_config(testing::read_file(file), name, home);
  if (!config) FAIL(config.error().what);
  return std::move(*config);
}

TEST_CASE("each example of a configuration says what its comments say") {
  const Config laptop = example("laptop.toml");
  REQUIRE(laptop.sources.size() == 1);
  CHECK(filesystem_source(laptop.sources[0].settings).paths[0] == "/home/ann/");
  CHECK_FALSE(laptop.inventory);
  CHECK_FALSE(laptop.collector_key);
  CHECK(laptop.senders.empty());

  const Config collected = example("collected.toml");
  CHECK(collected.collector_key);
  CHECK(collected.sources.size() == 1);

  const Config collector = example("collector.toml");
  CHECK(collector.inventory == "/var/lib/tokensweep/fleet.db");
  CHECK(collector.senders.size() == 2);
  CHECK_FALSE(collector.collector_key);

  const Config nightly = example("nightly.toml");
  CHECK(nightly.sources.size() == 2);
  CHECK(nightly.inventory == "/var/lib/tokensweep/inventory.db");
  CHECK(nightly.policy.rules.size() == 1);
  CHECK(nightly.policy.exceptions.size() == 1);
  CHECK(nightly.policy.cadences.d == std::chrono::days{180});

  const Config fleet = example("fleet.toml");
  CHECK(fleet.sources.size() == 3);
  CHECK(fleet.inventory == "inventory/fleet.db");
  CHECK(fleet.key_file == "keys/fleet.key");
  CHECK(filesystem_source(fleet.source("laptops-lisbon")->settings).cross_file_systems);

  const Config incident = example("incident.toml");
  REQUIRE(incident.sources.size() == 1);
  CHECK(filesystem_source(incident.sources[0].settings).deep);
  CHECK(incident.policy.overlaps.ci == std::chrono::hours{0});
  CHECK(incident.policy.overlaps.developer == std::chrono::hours{0});
}

// The documentation's tables, from the data that the reader goes by.

std::string kind_in_words(const KeySpec& key) {
  switch (key.kind) {
    case KeyKind::text:
      return "string";
    case KeyKind::texts:
      return "strings";
    case KeyKind::path:
      return "path";
    case KeyKind::paths:
      return "paths";
    case KeyKind::flag:
      return "`true`, `false`";
    case KeyKind::count:
      return std::to_string(key.least) + " to " + std::to_string(key.most);
    case KeyKind::rate:
      return "number";
    case KeyKind::date:
      return "day";
    case KeyKind::url:
    case KeyKind::proxy:
      return "address";
    case KeyKind::variable:
      return "name";
    case KeyKind::command:
      return "command";
    case KeyKind::table:
      return "table";
    case KeyKind::tables:
    case KeyKind::typed:
      return "tables";
  }
  return {};
}

std::string row(const std::string& name, const KeySpec& key) {
  const std::string_view required = !key.required ? "" : key.one_of.empty() ? "yes" : "one of them";
  return fmt::format("| `{}` | {} | {} | {} |", name, kind_in_words(key), required, key.summary);
}

void add_rows(const std::string& table, std::span<const KeySpec> keys, std::vector<std::string>& rows) {
  for (const KeySpec& key : keys) {
    const std::string name = table.empty() ? std::string(key.name) : table + "." + std::string(key.name);
    rows.push_back(row(name, key));
    add_rows(name, key.keys, rows);
    for (const TypeSpec& type : key.types) add_rows(name, type.keys, rows);
    // What types share stands there once.
    for (const auto shared : {&TypeSpec::network, &TypeSpec::credential}) {
      const auto first = std::find_if(key.types.begin(), key.types.end(),
                                      [shared](const TypeSpec& type) { return !(type.*shared).empty(); });
      if (first != key.types.end()) add_rows(name, (*first).*shared, rows);
    }
  }
}

TEST_CASE("docs/configuration.md has each key, as the reader knows it, and no other") {
  std::vector<std::string> expected;
  add_rows("", config_keys(), expected);
  std::vector<std::string> written;
  std::istringstream lines(testing::read_file(kRoot / "docs/configuration.md"));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("| `")) written.push_back(line);
  }
  std::string all;
  for (const std::string& line : expected) all += line + "\n";
  INFO(all);  // to be copied
  CHECK(written == expected);
}

}  // namespace
