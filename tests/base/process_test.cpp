#include "base/process.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <string>

namespace {

using namespace tokensweep;

/// `sh` stands for any program.
ProcessRun shell(const std::string& script) { return {.arguments = {"sh", "-c", script}}; }

std::string outcome(const ProcessRun& run) {
  const auto text = output_of(run, {});
  return text ? std::string(text->view()) : text.error().what;
}

TEST_CASE("what a program prints is given as it is") {
  CHECK(outcome(shell("printf 'a\\nb\\n'; echo complaint >&2")) == "a\nb\n");
  CHECK(outcome(shell("cat")) == "");
  CHECK(outcome(shell("exit 7")) == "ended with status 7: run it by hand to see why");
}

TEST_CASE("a program's environment is ours, with what it is given beside it or in its place") {
  ::setenv("TOKENSWEEP_TEST_KEPT", "kept", 1);
  ::setenv("TOKENSWEEP_TEST_REPLACED", "old", 1);
  ProcessRun run = shell(
      "echo $TOKENSWEEP_TEST_KEPT $TOKENSWEEP_TEST_REPLACED $TOKENSWEEP_TEST_NEW; env | grep -c ^TOKENSWEEP_TEST_");
  run.variables.emplace_back("TOKENSWEEP_TEST_REPLACED", Secret("new"));
  run.variables.emplace_back("TOKENSWEEP_TEST_NEW", Secret("a=b c"));
  CHECK(outcome(run) == "kept new a=b c\n3\n");
  ::unsetenv("TOKENSWEEP_TEST_KEPT");
  ::unsetenv("TOKENSWEEP_TEST_REPLACED");
}

TEST_CASE("output is bounded") {
  ProcessRun run = shell("printf 12345678");
  run.largest_output = 8;
  CHECK(outcome(run) == "12345678");
  run.largest_output = 7;
  CHECK(outcome(run) == "prints more than a credential");
}

}  // namespace
