// Prints what a rule file finds in files, for tests that compare it with another tool: rules_dump RULES MANIFEST
// The manifest has a line "file<TAB>path" for each text: where it is, and the path that the rules shall see. A finding
// is a line "file<TAB>rule<TAB>line<TAB>sha256 of the secret"; lines are counted from 0.

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "rules/rule_file.hpp"
#include "rules/rule_set.hpp"

using namespace tokensweep;

namespace {

Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{ErrorKind::denied, "cannot be opened"};
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::string sha256(std::string_view text) {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), bytes, &size, EVP_sha256(), nullptr);
  std::string hex;
  for (unsigned at = 0; at < size; ++at) hex += fmt::format("{:02x}", bytes[at]);
  return hex;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

/// The rules whose keywords gitleaks would find in the text.
std::vector<std::uint32_t> candidates_in(const RuleSet& rules, const std::string& text) {
  const std::string small = lower(text);
  std::vector<std::uint32_t> candidates;
  for (std::uint32_t index = 0; index < rules.rules().size(); ++index) {
    const std::vector<std::string>& words = rules.rules()[index].keywords;
    const bool found = std::any_of(words.begin(), words.end(),
                                   [&](const std::string& word) { return small.find(word) != std::string::npos; });
    if (words.empty() || found) candidates.push_back(index);
  }
  return candidates;
}

Result<> dump(const RuleSet& rules, const std::string& file, const std::string& path) {
  TRY(const std::string text, read_file(file));
  const std::vector<std::uint32_t> candidates = candidates_in(rules, text);
  TRY(const auto matches, rules.match(text, path, candidates));
  for (const Match& match : matches) {
    const auto line = std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(match.begin), '\n');
    const std::string secret = text.substr(match.secret_begin, match.secret_end - match.secret_begin);
    fmt::print("{}\t{}\t{}\t{}\n", file, rules.rules()[match.rule].id, line, sha256(secret));
  }
  return {};
}

Result<> run(const std::string& rules_path, const std::string& manifest_path) {
  TRY(const std::string text, read_file(rules_path));
  TRY(RuleFile file, parse_rule_file(text, rules_path, read_file));
  const auto before = std::chrono::steady_clock::now();
  TRY(const RuleSet rules, RuleSet::compile(std::move(file)));
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - before;
  fmt::print(stderr, "{} rules compiled in {:.0f} ms\n", rules.rules().size(), took.count());
  std::ifstream manifest(manifest_path);
  for (std::string name, path; std::getline(manifest, name, '\t') && std::getline(manifest, path);) {
    TRY_VOID(dump(rules, name, path));
  }
  return {};
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) return std::cerr << "usage: rules_dump RULES MANIFEST\n", 2;
  auto done = run(arguments[1], arguments[2]);
  if (!done) std::cerr << done.error().what << '\n';
  return done ? 0 : 1;
}
