#include "scanner/cli.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace tokensweep;

const std::map<std::string, std::string> kHome = {{"HOME", "/home/ann"}};

std::variant<CommandLine, CliExit> parsed(const std::vector<const char*>& words,
                                          const std::map<std::string, std::string>& variables = kHome) {
  std::vector<const char*> arguments(words.size() + 1, "tokensweep");
  std::copy(words.begin(), words.end(), arguments.begin() + 1);
  return parse_command_line(arguments, [&](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  });
}

CommandLine accepted(const std::vector<const char*>& words,
                     const std::map<std::string, std::string>& variables = kHome) {
  auto result = parsed(words, variables);
  if (const auto* refused = std::get_if<CliExit>(&result)) FAIL("refused: ", refused->err);
  return std::get<CommandLine>(std::move(result));
}

CliExit refused(const std::vector<const char*>& words, const std::map<std::string, std::string>& variables = kHome) {
  auto result = parsed(words, variables);
  REQUIRE(std::holds_alternative<CliExit>(result));
  return std::get<CliExit>(std::move(result));
}

TEST_CASE("scan: what was typed arrives") {
  const CommandLine line = accepted({"scan",
                                     "--path",
                                     "/srv",
                                     "--path=/home",
                                     "--deep",
                                     "--rules",
                                     "a.toml",
                                     "--rules",
                                     "b.toml",
                                     "--no-default-rules",
                                     "--format",
                                     "csv",
                                     "--fail-on",
                                     "class=A,B",
                                     "--fail-on",
                                     "overdue",
                                     "--cross-file-systems",
                                     "--exclude",
                                     "*.iso",
                                     "--list-unread",
                                     "--threads",
                                     "3",
                                     "--db",
                                     "x.db",
                                     "--quiet",
                                     "--log-format",
                                     "json"});
  const auto& scan = std::get<ScanOptions>(line.command);
  CHECK((scan.paths == std::vector<std::filesystem::path>{"/srv", "/home"}));
  CHECK(scan.deep);
  CHECK((scan.rules.files == std::vector<std::filesystem::path>{"a.toml", "b.toml"}));
  CHECK(scan.rules.no_defaults);
  CHECK((scan.format == ScanFormat::csv));
  REQUIRE(scan.fail_on.size() == 2);
  CHECK(scan.fail_on[0].classes.size() == 2);
  CHECK(scan.fail_on[1].overdue);
  CHECK(scan.cross_file_systems);
  CHECK(scan.exclude == std::vector<std::string>{"*.iso"});
  CHECK(scan.list_unread);
  CHECK(scan.threads == 3);
  CHECK(line.global.db == "x.db");
  CHECK(!line.global.default_db);
  CHECK(line.global.quiet);
  CHECK((line.global.log_format == LogFormat::json));
}

TEST_CASE("scan: what was not typed has its default") {
  const CommandLine line = accepted({"scan", "--path", "."});
  const auto& scan = std::get<ScanOptions>(line.command);
  CHECK((scan.format == ScanFormat::table));
  CHECK(!scan.deep);
  CHECK(!scan.rules.no_defaults);
  CHECK(scan.fail_on.empty());
  CHECK(scan.threads == 0);
  CHECK(line.global.db == "/home/ann/.local/share/tokensweep/inventory.db");
  CHECK(line.global.default_db);
  CHECK(!line.global.quiet);
}

TEST_CASE("export: filters arrive") {
  const CommandLine line =
      accepted({"export",  "--format", "json",     "--output",   "out.json", "--class",  "A,B",
                "--class", "C",        "--source", "filesystem", "--state",  "all",      "--older-than",
                "90d",     "--scope",  "classic",  "--scope",    "publish",  "--overdue"});
  const auto& options = std::get<ExportOptions>(line.command);
  CHECK((options.format == ExportFormat::json));
  CHECK(options.output == "out.json");
  CHECK(options.filter.classes.size() == 3);
  CHECK(options.filter.source == "filesystem");
  CHECK(!options.filter.state);
  CHECK((options.filter.older_than == std::chrono::hours{90 * 24}));
  CHECK(options.filter.flags.has(ScopeFlag::classic));
  CHECK(options.filter.flags.has(ScopeFlag::publish));
  CHECK(options.filter.overdue);
  CHECK(options.filter.references);
  CHECK(std::get<ExportOptions>(accepted({"export", "--format", "csv", "--output", "-"}).command).output.empty());
}

TEST_CASE("the other commands") {
  CHECK(std::get<ShowOptions>(accepted({"show", "t1b2"}).command).id == "t1b2");
  CHECK(std::get<RulesListOptions>(accepted({"rules", "list", "--rules", "a.toml"}).command).rules.files.size() == 1);
  const auto test = std::get<RulesTestOptions>(
      accepted({"rules", "test", "--no-default-rules", "--rules", "a.toml", "sample"}).command);
  CHECK(test.file == "sample");
  CHECK(test.rules.no_defaults);
  CHECK((std::get<GenerateOptions>(accepted({"generate", "zsh"}).command).document == Document::zsh));
}

TEST_CASE("the commands of laptops and their collector") {
  const CommandLine scan = accepted({"scan", "--config", "t.toml", "--seal-to", "collector.pub"});
  CHECK(std::get<ScanOptions>(scan.command).seal_to == "collector.pub");
  const CommandLine sealed = accepted({"export", "--seal", "--config", "t.toml", "--output", "ann.sealed"});
  CHECK(std::get<ExportOptions>(sealed.command).seal);
  CHECK(std::get<ExportOptions>(sealed.command).config == "t.toml");
  CHECK(std::get<ExportOptions>(sealed.command).output == "ann.sealed");
  CHECK_FALSE(std::get<ExportOptions>(accepted({"export", "--format", "csv"}).command).seal);
  const CommandLine line = accepted({"import", "inventory", "a", "b", "--collector-key", "old", "--config", "t.toml"});
  const auto& import = std::get<ImportOptions>(line.command);
  CHECK((import.kind == ImportKind::inventory));
  CHECK(import.files == std::vector<std::filesystem::path>{"a", "b"});
  CHECK(import.collector_key == "old");
  CHECK(import.config == "t.toml");
  const CommandLine init = accepted({"collector", "init", "--config", "t.toml"});
  CHECK(std::get<CollectorInitOptions>(init.command).config == "t.toml");
  CHECK(refused({"collector", "init"}, {}).err.find("no place for the inventory") != std::string::npos);
}

TEST_CASE("an option of every command stands before or behind the command") {
  CHECK(accepted({"--db", "x.db", "show", "t1"}).global.db == "x.db");
  CHECK(accepted({"show", "--db", "x.db", "t1"}).global.db == "x.db");
  CHECK(accepted({"rules", "list", "--quiet"}).global.quiet);
}

TEST_CASE("the inventory lies where XDG says") {
  using Variables = std::map<std::string, std::string>;
  const struct {
    const char* what;
    Variables variables;
    const char* db;
  } cases[] = {
      {"XDG_DATA_HOME", {{"XDG_DATA_HOME", "/data"}, {"HOME", "/home/ann"}}, "/data/tokensweep/inventory.db"},
      {"an empty one",
       {{"XDG_DATA_HOME", ""}, {"HOME", "/home/ann"}},
       "/home/ann/.local/share/tokensweep/inventory.db"},
      {"a relative one",
       {{"XDG_DATA_HOME", "data"}, {"HOME", "/home/ann"}},
       "/home/ann/.local/share/tokensweep/inventory.db"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    CHECK(accepted({"show", "t1"}, c.variables).global.db == c.db);
  }
  CHECK(refused({"show", "t1"}, {}).err.find("no place for the inventory") != std::string::npos);
  CHECK(accepted({"rules", "list"}, {}).global.db.empty());
  CHECK(accepted({"show", "t1", "--db", "x.db"}, {}).global.db == "x.db");
  CHECK(accepted({"show", "t1", "--db", "/home/ann/.local/share/tokensweep/inventory.db"}).global.default_db);
}

TEST_CASE("a wrong command line gets one clear line and a hint") {
  const struct {
    std::vector<const char*> words;
    const char* err;
  } cases[] = {
      {{}, "tokensweep: name a command\nTry `tokensweep --help`.\n"},
      {{"scna", "--path", "x"}, "tokensweep: unknown option --path\nTry `tokensweep --help`.\n"},
      {{"scna"}, "tokensweep: unknown command\nDid you mean `tokensweep scan`?\n"},
      {{"rules"}, "tokensweep rules: name a command\nTry `tokensweep rules --help`.\n"},
      {{"rules", "tset"}, "tokensweep rules: unknown command\nDid you mean `tokensweep rules test`?\n"},
      {{"scan"}, "tokensweep scan: --path is required, or --config\nTry `tokensweep scan --help`.\n"},
      {{"show"}, "tokensweep show: TOKEN-ID is required\nTry `tokensweep show --help`.\n"},
      {{"show", "t1", "t2"}, "tokensweep show: there is an argument too many\nTry `tokensweep show --help`.\n"},
      {{"scan", "--path"}, "tokensweep scan: --path expects DIR\nTry `tokensweep scan --help`.\n"},
      {{"scan", "--path", "x", "--db"}, "tokensweep scan: --db expects FILE\nTry `tokensweep scan --help`.\n"},
      {{"scan", "--path", ""}, "tokensweep scan: --path is empty\nTry `tokensweep scan --help`.\n"},
      {{"scan", "--path", "x", "--foramt", "csv"},
       "tokensweep scan: unknown option --foramt\nDid you mean --format?\n"},
      {{"scan", "--path", "x", "--format", "xml"},
       "tokensweep scan: --format: known are table, json, jsonl, csv, none\nTry `tokensweep scan --help`.\n"},
      {{"scan", "--path", "x", "--deep=yes"},
       "tokensweep scan: --deep takes no value\nTry `tokensweep scan --help`.\n"},
      {{"scan", "--path", "x", "--threads", "0"},
       "tokensweep scan: --threads expects a number from 1 to 256\nTry `tokensweep scan --help`.\n"},
      {{"scan", "--path", "x", "--no-default-rules"},
       "tokensweep scan: --no-default-rules leaves no rule: add --rules FILE\nTry `tokensweep scan --help`.\n"},
      {{"scan", "--path", "x", "--fail-on", "class=E"},
       "tokensweep scan: --fail-on: class: known are A, B, C and D\nTry `tokensweep scan --help`.\n"},
      {{"export"}, "tokensweep export: --format is required, or --seal\nTry `tokensweep export --help`.\n"},
      {{"export", "--seal", "--state", "all"},
       "tokensweep export: --seal hands over all there is, without --state\nTry `tokensweep export --help`.\n"},
      {{"export", "--seal", "--format", "csv"},
       "tokensweep export: --seal hands over all there is, without --format\nTry `tokensweep export --help`.\n"},
      {{"export", "--seal", "--output", ""}, "tokensweep export: --output is empty\nTry `tokensweep export --help`.\n"},
      {{"import", "inventory", "a", "--account", "ann"},
       "tokensweep import: --account is for lists: an inventory says whose it is\nTry `tokensweep import --help`.\n"},
      {{"import", "ranks", "a", "--collector-key", "k"},
       "tokensweep import: --collector-key is for `import inventory`\nTry `tokensweep import --help`.\n"},
      {{"import", "inventory"}, "tokensweep import: FILE is required\nTry `tokensweep import --help`.\n"},
      {{"import", "inventories", "a"},
       "tokensweep import: KIND: known are npm-tokens, npm-packages, ranks, inventory\nTry `tokensweep import "
       "--help`.\n"},
      {{"collector"}, "tokensweep collector: name a command\nTry `tokensweep collector --help`.\n"},
      {{"scan", "--path", "x", "--seal-to", ""},
       "tokensweep scan: --seal-to is empty\nTry `tokensweep scan --help`.\n"},
      {{"export", "--format", "csv", "--class", "X"},
       "tokensweep export: --class: known are A, B, C and D\nTry `tokensweep export --help`.\n"},
      {{"export", "--format", "csv", "--older-than", "90"},
       "tokensweep export: --older-than: expects an age such as 90d, 12h or 3w\nTry `tokensweep export --help`.\n"},
      {{"export", "--format", "csv", "--state", ""},
       "tokensweep export: --state: known are present, gone and all\nTry `tokensweep export --help`.\n"},
      {{"scan", "--path", "x", "-z"}, "tokensweep scan: unknown option -z\nTry `tokensweep scan --help`.\n"},
  };
  for (const auto& c : cases) {
    CAPTURE(std::string(c.err));
    const CliExit exit = refused(c.words);
    CHECK(exit.code == 2);
    CHECK(exit.out.empty());
    CHECK(exit.err == std::string(c.err));
  }
}

TEST_CASE("a token that was pasted into the command line is not repeated") {
  const std::string token = "npm_" + std::string(30, 'q') + "0LsakP";
  const std::string uuid = "deadbeef-dead-4bee-8bad-deadbeefdead";
  for (const std::string& secret : {token, uuid}) {
    const std::string equals[] = {"--token=" + secret,
                                  "--path=" + secret,
                                  "--deep=" + secret,
                                  "--format=" + secret,
                                  "--threads=" + secret,
                                  "--" + secret,
                                  "-" + secret,
                                  "--quiet=" + secret,
                                  "--fail-on=" + secret,
                                  "--" + secret + "=x",
                                  "--log-format=" + secret,
                                  "--help=" + secret,
                                  secret};
    for (const char* command : {"scan", "export", "show", "rules", "generate", "nonsense"}) {
      for (const std::string& word : equals) {
        CAPTURE(command);
        const auto result = parsed({command, word.c_str()});
        if (const auto* exit = std::get_if<CliExit>(&result)) {
          CHECK(exit->err.find(secret) == std::string::npos);
          CHECK(exit->out.find(secret) == std::string::npos);
        }
      }
      for (const char* option : {"--token", "--format", "--class", "--state", "--scope", "--source", "--older-than",
                                 "--threads", "--log-format"}) {
        const auto result = parsed({command, option, secret.c_str(), secret.c_str()});
        if (const auto* exit = std::get_if<CliExit>(&result)) CHECK(exit->err.find(secret) == std::string::npos);
      }
    }
    CHECK(refused({secret.c_str()}).err.find(secret) == std::string::npos);
    CHECK(refused({"scan", ("--token=" + secret).c_str()}).err ==
          "tokensweep scan: unknown option --token\nTry `tokensweep scan --help`.\n");
  }
}

std::string content(const std::string& file) {
  std::ostringstream out;
  out << std::ifstream(file, std::ios::binary).rdbuf();
  return out.str();
}

void check_golden(std::string_view name, std::string_view text) {
  const std::string file = std::string(TOKENSWEEP_GOLDEN "/").append(name);
  if (const char* accept = std::getenv("TOKENSWEEP_ACCEPT"); accept != nullptr && *accept != '\0')
    std::ofstream(file, std::ios::binary) << text;
  INFO("if the new text is right: TOKENSWEEP_ACCEPT=1 meson test, then review the difference of ", file);
  CHECK(std::string(text) == content(file));
}

TEST_CASE("help of every command") {
  const struct {
    std::vector<const char*> words;
    const char* golden;
  } cases[] = {{{"--help"}, "help.txt"},
               {{"scan", "--help"}, "help-scan.txt"},
               {{"export", "-h"}, "help-export.txt"},
               {{"show", "--help"}, "help-show.txt"},
               {{"diff", "--help"}, "help-diff.txt"},
               {{"report", "--help"}, "help-report.txt"},
               {{"import", "--help"}, "help-import.txt"},
               {{"sources", "--help"}, "help-sources.txt"},
               {{"sources", "check", "--help"}, "help-sources-check.txt"},
               {{"collector", "--help"}, "help-collector.txt"},
               {{"collector", "init", "--help"}, "help-collector-init.txt"},
               {{"classify", "--help"}, "help-classify.txt"},
               {{"rules", "--help"}, "help-rules.txt"},
               {{"rules", "list", "--help"}, "help-rules-list.txt"},
               {{"rules", "test", "--help"}, "help-rules-test.txt"}};
  for (const auto& c : cases) {
    const CliExit exit = refused(c.words);
    CHECK(exit.code == 0);
    CHECK(exit.err.empty());
    check_golden(c.golden, exit.out);
    std::istringstream lines(exit.out);
    for (std::string line; std::getline(lines, line);) CHECK(line.size() <= 80);
  }
}

TEST_CASE("the version") {
  const CliExit exit = refused({"--version"});
  CHECK(exit.code == 0);
  CHECK(exit.out == fmt::format("tokensweep {}\n", tokensweep_version()));
}

/// Runs a shell's command over a document; what it prints, and its exit code.
struct Ran {
  int status = -1;
  std::string out;
};

Ran run(Document document, const std::string& command) {
  std::string file = "/tmp/tokensweep-cli-XXXXXX";
  const int descriptor = ::mkstemp(file.data());
  REQUIRE(descriptor >= 0);
  ::close(descriptor);
  std::ofstream(file) << generate_document(document);
  std::FILE* pipe = ::popen(("export DOCUMENT=" + file + "; exec 2>&1; " + command).c_str(), "r");
  REQUIRE(pipe != nullptr);
  Ran ran;
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) ran.out.push_back(static_cast<char>(c));
  ran.status = ::pclose(pipe);
  ::unlink(file.c_str());
  return ran;
}

bool have(const char* program) {
  return std::system(fmt::format("command -v {} >/dev/null 2>&1", program).c_str()) == 0;
}

TEST_CASE("the manual page names everything and is proper roff") {
  const std::string page = generate_document(Document::man);
  for (const char* word : {".TH TOKENSWEEP 1", ".SH NAME", ".SH SYNOPSIS", "\\-\\-path", "\\-\\-older\\-than",
                           "tokensweep rules test", ".SH EXIT STATUS", ".SH EXAMPLES"}) {
    CAPTURE(word);
    CHECK(page.find(word) != std::string::npos);
  }
  CHECK(page.find("generate") == std::string::npos);
  if (have("groff")) {
    const Ran ran = run(Document::man, "groff -ww -man -Tutf8 -z \"$DOCUMENT\"");
    CHECK(ran.out.empty());
    CHECK(ran.status == 0);
  }
  if (have("man")) {
    const Ran ran = run(Document::man, "LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings -l \"$DOCUMENT\" 2>&1 >/dev/null");
    CHECK(ran.out.empty());
    CHECK(ran.status == 0);
  }
}

std::string completed(const std::string& words) {
  const std::string command = "exec bash --norc -c 'source \"$DOCUMENT\"; COMP_WORDS=(" + words +
                              "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _tokensweep; echo \"${COMPREPLY[*]}\"'";
  std::string out = run(Document::bash, command).out;
  if (out.ends_with('\n')) out.pop_back();
  return out;
}

TEST_CASE("bash completes") {
  const struct {
    const char* words;
    const char* offered;
  } cases[] = {
      {"tokensweep sc", "scan"},
      {"tokensweep rules te", "test"},
      {"tokensweep scan --form", "--format"},
      {"tokensweep scan --format js", "json jsonl"},
      {"tokensweep scan --path x --fail", "--fail-on"},
      {"tokensweep scan --log-format t", "text"},
      {"tokensweep export --format \"\"", "csv json jsonl sarif"},
      {"tokensweep export --state g", "gone"},
      {"tokensweep scan --path s", ""},
      {"tokensweep --db s", ""},
      {"tokensweep rules test s", ""},
      {"tokensweep rules test --no", "--no-default-rules"},
      {"tokensweep gen", ""},
  };
  for (const auto& c : cases) {
    CAPTURE(std::string(c.words));
    CHECK(completed(c.words) == std::string(c.offered));
  }
}

TEST_CASE("zsh's and fish's completions name every command and option") {
  const std::string zsh = generate_document(Document::zsh);
  CHECK(zsh.starts_with("#compdef tokensweep\n"));
  const std::string fish = generate_document(Document::fish);
  for (const char* word :
       {"path", "deep", "fail-on", "older-than", "log-format", "no-default-rules", "rules", "version"}) {
    CAPTURE(word);
    CHECK(zsh.find(fmt::format("--{}'", word)) != std::string::npos);
    CHECK(fish.find(fmt::format("-l {} ", word)) != std::string::npos);
  }
  for (const char* function :
       {"_tokensweep()", "_tokensweep_scan()", "_tokensweep_rules()", "_tokensweep_rules_test()"})
    CHECK(zsh.find(function) != std::string::npos);
  CHECK(fish.find("-a 'table json jsonl csv none'") != std::string::npos);
  CHECK(zsh.find("generate)") == std::string::npos);
  if (have("zsh")) CHECK(run(Document::zsh, "zsh -n \"$DOCUMENT\"").out.empty());
  if (have("fish")) CHECK(run(Document::fish, "fish -n \"$DOCUMENT\"").out.empty());
}

}  // namespace
