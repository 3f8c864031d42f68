#include "scanner/read_credential.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <string>

#include "tests/support/temp_directory.hpp"
#include "tests/support/tokens.hpp"

namespace {

using namespace tokensweep;
using testing::npm_token;

/// No environment but this.
Environment environment(const std::string& name, const std::string& value) {
  return [name, value](const char* asked) -> std::optional<std::string> {
    if (name == asked) return value;
    return std::nullopt;
  };
}
const Environment kNothing = environment("", "");

/// `sh` stands for any program: it is the test that wants one, not the reader.
CredentialRef shell(const std::string& script) { return CommandCredential{{"sh", "-c", script}}; }

std::string outcome(const Result<Secret>& secret) {
  return secret ? std::string(secret->reveal()) : secret.error().what;
}

/// Whether a process that was killed is gone, or waits at most for init to take note of it.
bool has_ended(const std::string& id) {
  const std::string stat = "/proc/" + std::to_string(std::stoi(id)) + "/stat";
  for (int look = 0; look < 500; ++look) {
    const std::string state = testing::read_file(stat);
    if (state.empty() || state.find(") Z") != std::string::npos) return true;
    ::usleep(10'000);
  }
  return false;
}

TEST_CASE("a credential is one line, wherever it is") {
  const std::string token = npm_token(1);
  const testing::TempDirectory temp;
  const struct {
    const char* what;
    std::string bytes;
    std::string outcome;  // behind the key's name where it is an error
  } cases[] = {
      {"the token alone", token, token},
      {"a line break behind it", token + "\n", token},
      {"several, from Windows", token + "\r\n\r\n", token},
      {"nothing", "", ": gives nothing"},
      {"line breaks alone", "\n\n", ": gives nothing"},
      {"two lines", token + "\n" + token + "\n", ": gives more than one line"},
      {"a header behind it", token + "\r\nHost: x", ": gives more than one line"},
      {"a blank", "Bearer " + token, ": gives a blank or a character that no credential has"},
      {"an escape", "\x1b[2J" + token, ": gives a blank or a character that no credential has"},
      {"no ASCII", token + "\xc3\xa9", ": gives a blank or a character that no credential has"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    const auto expected = [&c](const std::string& key) {
      return c.outcome.starts_with(":") ? key + c.outcome : c.outcome;
    };
    testing::write_file(temp / "token", c.bytes);
    CHECK(outcome(read_credential(EnvironmentCredential{"TOKEN"}, environment("TOKEN", c.bytes))) ==
          expected("token_env"));
    CHECK(outcome(read_credential(FileCredential{temp / "token"}, kNothing)) == expected("token_file"));
    CHECK(outcome(read_credential(CommandCredential{{"cat", (temp / "token").native()}}, kNothing)) ==
          expected("token_command"));
  }
}

TEST_CASE("a variable that is not set") {
  CHECK(outcome(read_credential(EnvironmentCredential{"TOKEN"}, kNothing)) ==
        "token_env: the environment variable that it names is not set");
}

TEST_CASE("a file that is not for its owner alone gives nothing") {
  const testing::TempDirectory temp;
  testing::write_file(temp / "token", npm_token(1), 0400);
  CHECK(read_credential(FileCredential{temp / "token"}, kNothing));
  std::filesystem::create_symlink(temp / "token", temp / "link");  // as Kubernetes mounts secrets
  CHECK(read_credential(FileCredential{temp / "link"}, kNothing));
  ::chmod((temp / "token").c_str(), 0604);
  CHECK(outcome(read_credential(FileCredential{temp / "token"}, kNothing)) ==
        "token_file: others can read or write the file (mode 0604): chmod 600 it, after asking who has used it");
  CHECK(outcome(read_credential(FileCredential{temp / "absent"}, kNothing)) ==
        "token_file: cannot be opened: No such file or directory");
  CHECK(outcome(read_credential(FileCredential{temp.path()}, kNothing)) ==
        "token_file: the file is not a regular file");
  REQUIRE(::mkfifo((temp / "fifo").c_str(), 0600) == 0);
  CHECK(outcome(read_credential(FileCredential{temp / "fifo"}, kNothing)) ==
        "token_file: the file is not a regular file");
  testing::write_file(temp / "large", std::string(std::size_t{64} << 10U, 'a'));
  CHECK(outcome(read_credential(FileCredential{temp / "large"}, kNothing)) ==
        "token_file: is too large to be a credential");
}

TEST_CASE("a command has nothing to read, and what it says on standard error goes nowhere") {
  const std::string token = npm_token(2);
  CHECK(outcome(read_credential(shell("cat; echo complaint >&2; echo " + token), kNothing)) == token);
  CHECK(outcome(read_credential(CommandCredential{{"echo", "$HOME"}}, kNothing)) == "$HOME");  // no shell
}

TEST_CASE("a command that fails says how, and nothing that it printed") {
  const std::string token = npm_token(3);
  const struct {
    const char* what;
    CredentialRef command;
    const char* error;
  } cases[] = {
      {"a status", shell("echo " + token + "; exit 3"), "ended with status 3: run it by hand to see why"},
      {"a signal", shell("echo " + token + "; kill -9 $$"), "was ended by signal 9"},
      {"no such program", CommandCredential{{token}}, "cannot be started: No such file or directory"},
      {"too much", shell("yes " + token), "prints more than a credential"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    CHECK(outcome(read_credential(c.command, kNothing)) == std::string("token_command: ") + c.error);
  }
}

TEST_CASE("a command that takes too long is ended, with what it started") {
  const testing::TempDirectory temp;
  const CredentialOptions soon{.deadline = std::chrono::milliseconds{200}};
  const std::string children = (temp / "children").native();
  const std::string late = "token_command: takes too long, and was ended";
  // Longer than any test waits, so an answer shows that nobody waited for it.
  CHECK(outcome(read_credential(shell("sleep 3000 & echo $! > " + children + "; wait"), kNothing, soon)) == late);
  CHECK(outcome(read_credential(shell("exec >&-; sleep 3000"), kNothing, soon)) == late);
  CHECK(has_ended(testing::read_file(children)));
}

TEST_CASE("what a command leaves behind is ended with it") {
  const testing::TempDirectory temp;
  const std::string children = (temp / "children").native();
  const std::string token = npm_token(4);
  CHECK(outcome(read_credential(shell("sleep 3000 >/dev/null & echo $! > " + children + "; echo " + token),
                                kNothing)) == token);
  CHECK(has_ended(testing::read_file(children)));
}

TEST_CASE("whoever is told to stop does not wait for a command") {
  const std::atomic<bool> stop{true};
  CHECK(outcome(read_credential(shell("sleep 3000"), kNothing, {.stop = &stop})) == "token_command: was interrupted");
}

}  // namespace
