// A rule file is foreign input: whatever it holds, it is parsed and compiled in bounded memory, or refused in one line.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "rules/rule_file.hpp"
#include "rules/rule_set.hpp"

namespace {

constexpr std::size_t kMostBytes = 16 * 1024;
constexpr std::int64_t kMemory = 1 << 20;
constexpr std::string_view kText =
    "NPM_TOKEN=npm_"
    "abcdefghijklmnopqrstuvwxyz0123456789 \xff\n//npm.example.test/:_auth=\n";

void require_one_line(const tokensweep::Error& error) {
  if (error.what.empty() || error.what.find('\n') != std::string::npos) std::abort();
}

void compile_and_match(tokensweep::RuleFile file) {
  auto rules = tokensweep::RuleSet::compile(std::move(file), {.memory = kMemory});
  if (!rules) return require_one_line(rules.error());
  for (std::uint32_t index = 0; index < rules->rules().size(); ++index) {
    auto matches = rules->match(kText, "a/.npmrc", {&index, 1});
    if (!matches) return require_one_line(matches.error());
    for (const tokensweep::Match& match : *matches) {
      const bool inside =
          match.begin <= match.secret_begin && match.secret_begin <= match.secret_end && match.secret_end <= match.end;
      if (!inside || match.end > kText.size()) std::abort();
    }
  }
  (void)rules->shape_of(kText);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), std::min(size, kMostBytes));
  const auto itself = [&](const std::string&) -> tokensweep::Result<std::string> { return text; };
  auto file = tokensweep::parse_rule_file(text, "fuzz", itself);
  if (!file)
    require_one_line(file.error());
  else
    compile_and_match(std::move(*file));
  return 0;
}
