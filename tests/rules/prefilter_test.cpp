#include "rules/prefilter.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <set>
#include <string>
#include <thread>

#include "tests/support/tokens.hpp"

namespace {

using namespace tokensweep;
using tokensweep::testing::base64;

Rule rule_with(std::vector<std::string> literals, std::uint32_t layers = 1) {
  Rule rule;
  rule.literals = literals;
  rule.encoded = std::move(literals);
  rule.base64_layers = layers;
  return rule;
}

std::set<Form> forms_in(const Prefilter& prefilter, std::string_view text) {
  Prefilter::Scratch scratch(prefilter);
  std::vector<LiteralHit> hits;
  prefilter.find(text, scratch, hits);
  std::set<Form> forms;
  for (const LiteralHit& hit : hits) forms.insert(prefilter.form(hit.literal));
  return forms;
}

TEST_CASE("a literal is found as it is, in base64 at each alignment, and in UTF-16") {
  const std::vector<Rule> rules{rule_with({"npm_", "_auth"})};
  const auto prefilter = Prefilter::compile(rules);
  REQUIRE(prefilter);
  CHECK(forms_in(*prefilter, "xnpm_y") == std::set{Form::plain});
  CHECK(forms_in(*prefilter, "NPM_").empty());
  for (const std::string before : {"", "a", "ab", "abc", "abcd"}) {
    CAPTURE(before);
    CHECK(forms_in(*prefilter, base64(before + "npm_0123456789")).contains(Form::base64));
    CHECK(forms_in(*prefilter, base64(before + "_auth=0123456789")).contains(Form::base64));
  }
  for (const std::size_t big_endian : {std::size_t{0}, std::size_t{1}}) {
    std::string wide(big_endian, '\0');
    for (const char letter : std::string("x=npm_1")) wide.append(1, letter).append(1, '\0');
    CHECK(forms_in(*prefilter, wide) == std::set{Form::utf16});
  }
}

TEST_CASE("two layers of base64 are found where a rule asks for them") {
  const std::vector<Rule> one{rule_with({"npm_"}, 1)};
  const std::vector<Rule> two{rule_with({"npm_"}, 2)};
  const auto shallow = Prefilter::compile(one);
  const auto deep = Prefilter::compile(two);
  for (const std::string outer : {"", "a", "ab"}) {
    for (const std::string inner : {"", "a", "ab"}) {
      const std::string text = base64(outer + base64(inner + "npm_0123456789012345"));
      CHECK(forms_in(*deep, text).contains(Form::base64));
      CHECK(!forms_in(*shallow, text).contains(Form::base64));
    }
  }
}

TEST_CASE("a base64 hit tells the place in its group of four") {
  const std::vector<Rule> rules{rule_with({"npm_"})};
  const auto prefilter = Prefilter::compile(rules);
  Prefilter::Scratch scratch(*prefilter);
  std::vector<LiteralHit> hits;
  for (const std::string before : {"", "a", "ab", "abc"}) {
    prefilter->find(base64(before + "npm_0123456789"), scratch, hits);
    REQUIRE(!hits.empty());
    for (const LiteralHit& hit : hits) CHECK(hit.begin % 4 == prefilter->phase(hit.literal));
  }
}

TEST_CASE("keywords match without regard to case, and rules know their literals") {
  Rule keyword;
  keyword.keywords = {"acme"};
  Rule always;
  const std::vector<Rule> rules{rule_with({"npm_"}), keyword, rule_with({"npm_"}), always};
  const auto prefilter = Prefilter::compile(rules);
  Prefilter::Scratch scratch(*prefilter);
  std::vector<LiteralHit> hits;
  prefilter->find("..AcMe..npm_", scratch, hits);
  REQUIRE(hits.size() == 2);
  CHECK(hits[0].begin == 2);
  CHECK(hits[0].end == 6);
  CHECK(std::vector<std::uint32_t>(prefilter->rules(hits[0].literal).begin(),
                                   prefilter->rules(hits[0].literal).end()) == std::vector<std::uint32_t>{1});
  CHECK(std::vector<std::uint32_t>(prefilter->rules(hits[1].literal).begin(),
                                   prefilter->rules(hits[1].literal).end()) == std::vector<std::uint32_t>{0, 2});
  CHECK(prefilter->unfiltered().size() == 1);
  prefilter->find("", scratch, hits);
  CHECK(hits.empty());
}

TEST_CASE("a literal that begins with another one is found with it") {
  const std::vector<Rule> rules{rule_with({"npm_"}), rule_with({"npm_token"})};
  const auto prefilter = Prefilter::compile(rules);
  Prefilter::Scratch scratch(*prefilter);
  std::vector<LiteralHit> hits;
  prefilter->find("npm_token npm_toke", scratch, hits);
  std::vector<std::uint32_t> rules_hit;
  for (const LiteralHit& hit : hits) rules_hit.push_back(prefilter->rules(hit.literal)[0]);
  CHECK(rules_hit == std::vector<std::uint32_t>{0, 1, 0});
  CHECK(hits[1].end == 9);
}

TEST_CASE("hundreds of literals, as a set of rules for everything has, are found too") {
  std::vector<Rule> rules;
  for (int i = 0; i < 300; ++i) rules.push_back(rule_with({fmt::format("literal{:03}x", i)}));
  const auto prefilter = Prefilter::compile(rules);
  for (int i = 0; i < 300; ++i)
    CHECK(forms_in(*prefilter, fmt::format("..literal{:03}x..", i)) == std::set{Form::plain});
}

TEST_CASE("no rules, no hits") {
  const auto prefilter = Prefilter::compile({});
  CHECK(forms_in(*prefilter, "npm_").empty());
}

TEST_CASE("threads share a prefilter, each with its scratch") {
  const std::vector<Rule> rules{rule_with({"npm_"})};
  const auto prefilter = Prefilter::compile(rules);
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&prefilter] {
      Prefilter::Scratch scratch(*prefilter);
      std::vector<LiteralHit> hits;
      for (int round = 0; round < 200; ++round) {
        prefilter->find("a npm_ b npm_ c", scratch, hits);
        if (hits.size() != 2) std::abort();
      }
    });
  }
}

}  // namespace
