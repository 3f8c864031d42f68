#include "scanner/cli.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>
#include <utility>

#include "scanner/docs_generator.hpp"
#include "scanner/suggest.hpp"

namespace tokensweep {
namespace {

constexpr int kUsageError = 2;
constexpr unsigned kMostThreads = 256;

/// What was typed. All of it is text: what it means is decided below, so that no message of the library can repeat it.
struct Typed {
  std::string db, log_format = "text";
  bool quiet = false;

  std::vector<std::string> paths, excludes, fail_on;
  std::string scan_format = "table", threads;
  bool deep = false, cross_file_systems = false, list_unread = false;

  std::vector<std::string> rule_files;
  bool no_default_rules = false;

  std::string export_format, output, source, state, older_than;
  std::vector<std::string> classes, scopes;
  bool overdue = false;

  std::string id, file, document;
};

/// The App and what it fills. The one table of what the command line takes; help, manual page and completions are made
/// from it.
struct Grammar {
  Typed typed;
  CLI::App app{"find npm tokens, classify them, keep an inventory without values"};
  CLI::App* scan = nullptr;
  CLI::App* export_hits = nullptr;
  CLI::App* show = nullptr;
  CLI::App* rules_list = nullptr;
  CLI::App* rules_test = nullptr;
  CLI::App* generate = nullptr;
};

CLI::Option* value(CLI::App& app, const char* name, std::string& to, const char* type, const char* description) {
  return app.add_option(name, to, description)->type_name(type)->take_last();
}

CLI::Option* values(CLI::App& app, const char* name, std::vector<std::string>& to, const char* type,
                    const char* description) {
  // Each occurrence takes one value, or `--path a b` would swallow what follows.
  return app.add_option(name, to, description)->type_name(type)->allow_extra_args(false);
}

void flag(CLI::App& app, const char* name, bool& to, const char* description) {
  app.add_flag(name, to, description)->disable_flag_override();  // no --deep=false, nor --deep=anything
}

void add_global_options(Grammar& grammar) {
  CLI::App& app = grammar.app;
  app.set_help_flag("-h,--help", "print this help");
  app.set_version_flag("--version", std::string("tokensweep ").append(tokensweep_version()), "print the version");
  value(app, "--db", grammar.typed.db, "FILE",
        "the inventory; default: tokensweep/inventory.db in $XDG_DATA_HOME, or in ~/.local/share");
  flag(app, "--quiet", grammar.typed.quiet, "no progress and no notes on standard error");
  value(app, "--log-format", grammar.typed.log_format, "text|json",
        "how messages on standard error look; json: one object a line");
}

void add_rule_options(CLI::App& command, Typed& typed) {
  values(command, "--rules", typed.rule_files, "FILE",
         "more rules, in the gitleaks format; a rule with the id of a built-in one replaces it; repeatable");
  flag(command, "--no-default-rules", typed.no_default_rules, "only the rules of --rules, none of the built-in ones");
}

void add_scan(Grammar& grammar) {
  Typed& typed = grammar.typed;
  CLI::App& scan = *grammar.app.add_subcommand("scan", "sweep directories, write the inventory, print a summary");
  grammar.scan = &scan;
  values(scan, "--path", typed.paths, "DIR", "what to sweep, a directory or a file; repeatable")->required();
  flag(scan, "--deep", typed.deep,
       "read every text file, not only those that package managers and people keep tokens in");
  value(scan, "--format", typed.scan_format, "table|json|jsonl|csv|none",
        "what to print of the tokens found; default: table");
  values(scan, "--fail-on", typed.fail_on, "FILTER",
         "exit with 1 if a hit fits: terms such as class=A,B overdue scope=classic older-than=90d that all have to "
         "hold, or any; "
         "references count only with scope=reference; repeatable, then one of them has to fit");
  values(scan, "--exclude", typed.excludes, "GLOB", "leave out what matches, relative to the path; repeatable");
  flag(scan, "--cross-file-systems", typed.cross_file_systems,
       "go into other file systems that are mounted below the path");
  flag(scan, "--list-unread", typed.list_unread, "list all that could not be read, not only the first few");
  value(scan, "--threads", typed.threads, "N", "how many threads read; default: one for each core");
  add_rule_options(scan, typed);
  scan.footer(
      "  tokensweep scan --path ~/\n"
      "  tokensweep scan --path /srv --path /home --deep --exclude '*.iso'\n"
      "  tokensweep scan --path . --format none --fail-on class=A,B --fail-on overdue");
}

void add_export(Grammar& grammar) {
  Typed& typed = grammar.typed;
  CLI::App& command = *grammar.app.add_subcommand("export", "print what the inventory holds");
  grammar.export_hits = &command;
  value(command, "--format", typed.export_format, "csv|json|jsonl", "how")->required();
  value(command, "--output", typed.output, "FILE", "into this file, for its owner alone, instead of standard output");
  values(command, "--class", typed.classes, "A,B,C,D", "only these classes");
  value(command, "--source", typed.source, "NAME", "only from this source, such as filesystem");
  value(command, "--state", typed.state, "present|gone|all",
        "what was there at last, what is gone, or both; default: present");
  value(command, "--older-than", typed.older_than, "AGE", "only what is certainly older, such as 90d, 12h or 3w");
  values(command, "--scope", typed.scopes, "FLAG",
         "only with this scope flag, such as classic or world-readable; repeatable");
  flag(command, "--overdue", typed.overdue, "only what should have been rotated by now");
  command.footer(
      "  tokensweep export --format csv --output tokens.csv\n"
      "  tokensweep export --format jsonl --class A,B --older-than 90d\n"
      "  tokensweep export --format json --state all --scope classic");
}

void add_show(Grammar& grammar) {
  CLI::App& show = *grammar.app.add_subcommand("show", "print every place where one token is held");
  grammar.show = &show;
  show.add_option("TOKEN-ID", grammar.typed.id, "the token's id as scan and export print it, or the beginning of one")
      ->required()
      ->type_name("ID");
  show.footer("  tokensweep show t1b2c3d4e5f607182\n  tokensweep show t1b2");
}

void add_rules(Grammar& grammar) {
  CLI::App& rules = *grammar.app.add_subcommand("rules", "the rules that recognise tokens");
  rules.require_subcommand(1);
  grammar.rules_list = rules.add_subcommand("list", "list the rules in force");
  add_rule_options(*grammar.rules_list, grammar.typed);
  grammar.rules_list->footer("  tokensweep rules list\n  tokensweep rules list --rules ours.toml");
  grammar.rules_test = rules.add_subcommand("test", "print what the rules find in one file; nothing is kept");
  grammar.rules_test->add_option("FILE", grammar.typed.file, "the file to look into")->required()->type_name("FILE");
  add_rule_options(*grammar.rules_test, grammar.typed);
  grammar.rules_test->footer(
      "  tokensweep rules test .npmrc\n  tokensweep rules test sample.env --rules ours.toml --no-default-rules");
}

std::unique_ptr<Grammar> make_grammar() {
  auto grammar = std::make_unique<Grammar>();
  CLI::App& app = grammar->app;
  app.require_subcommand(1);
  app.fallthrough();  // an option of every command may stand behind the command
  add_global_options(*grammar);
  add_scan(*grammar);
  add_export(*grammar);
  add_show(*grammar);
  add_rules(*grammar);
  grammar->generate = app.add_subcommand("generate", "print the manual page or a shell's completion")->group("");
  grammar->generate->add_option("DOCUMENT", grammar->typed.document, "man, bash, zsh or fish")->required();
  app.footer(
      "  tokensweep scan --path ~/\n"
      "  tokensweep show t1b2c3d4e5f607182\n"
      "  tokensweep export --format csv --output tokens.csv\n\n"
      "Exit codes: 0 complete, 1 --fail-on found something, 2 usage, 3 something could\n"
      "not be read, 4 the inventory could not be opened or written, 130 interrupted.");
  return grammar;
}

/// The command that the words led to, the program itself if there was none.
const CLI::App& parsed_command(const CLI::App& app) {
  const auto below = app.get_subcommands();
  return below.empty() ? app : parsed_command(*below.front());
}

std::string command_name(const CLI::App& command) {
  if (command.get_parent() == nullptr) return "tokensweep";
  return command_name(*command.get_parent()) + ' ' + command.get_name();
}

CliExit usage_error(const CLI::App& command, std::string_view what, std::string_view hint = {}) {
  const std::string name = command_name(command);
  const std::string last = hint.empty() ? fmt::format("Try `{} --help`.", name) : std::string(hint);
  return {kUsageError, {}, fmt::format("{}: {}\n{}\n", name, what, last)};
}

// Errors of the library, in words of ours.

std::vector<std::string> option_names(const CLI::App& app, const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::App* one : {&command, &app}) {
    for (const CLI::Option* option : one->get_options(nullptr)) {
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    }
  }
  return names;
}

/// Whether a word may be repeated: it looks like an option and is too short and too plain to be a secret.
bool looks_like_option(std::string_view word) {
  constexpr std::size_t kLongest = 24;
  if (word.size() == 2 && word[0] == '-') return CLI::detail::isalpha(std::string(word.substr(1)));
  if (!word.starts_with("--") || word.size() < 4 || word.size() > kLongest) return false;
  return std::all_of(word.begin() + 2, word.end(), [](char c) { return (c >= 'a' && c <= 'z') || c == '-'; });
}

CliExit unknown_word(const CLI::App& app, const CLI::App& command, const std::vector<std::string>& remaining) {
  const auto dashed =
      std::find_if(remaining.begin(), remaining.end(), [](const std::string& word) { return word.starts_with('-'); });
  if (dashed != remaining.end()) {
    const std::string_view word = std::string_view(*dashed).substr(0, dashed->find('='));
    const std::string meant = nearest(word, option_names(app, command));
    const std::string what = looks_like_option(word) ? fmt::format("unknown option {}", word) : "unknown option";
    return usage_error(command, what, meant.empty() ? "" : fmt::format("Did you mean {}?", meant));
  }
  std::vector<std::string> commands;
  for (const CLI::App* below : command.get_subcommands(nullptr)) {
    if (!below->get_group().empty()) commands.push_back(below->get_name());
  }
  if (commands.empty()) return usage_error(command, "there is an argument too many");
  const std::string meant = remaining.empty() ? "" : nearest(remaining.front(), commands);
  return usage_error(command, "unknown command",
                     meant.empty() ? "" : fmt::format("Did you mean `{} {}`?", command_name(command), meant));
}

/// The option that was typed with something wrong behind it: without its value, or a flag with one.
CliExit wrong_value(const CLI::App& app, const CLI::App& command, std::string_view message,
                    std::span<const char* const> arguments) {
  const auto find = [&](std::string_view name) {
    const CLI::Option* found = command.get_option_no_throw(std::string(name));
    return found != nullptr ? found : app.get_option_no_throw(std::string(name));
  };
  for (const std::string_view word : arguments) {
    const CLI::Option* option = word.starts_with("--") && word.find('=') != std::string_view::npos
                                    ? find(word.substr(0, word.find('=')))
                                    : nullptr;
    if (option != nullptr && option->get_items_expected_max() == 0)
      return usage_error(command, fmt::format("{} takes no value", option->get_name()));
  }
  const std::string_view name = message.substr(0, message.find(':'));
  const CLI::Option* option = find(name);
  if (option == nullptr) return usage_error(command, "an option has a value that it cannot take");
  return usage_error(command, fmt::format("{} expects {}", option->get_name(), option->get_type_name()));
}

// From words to options.

/// The words' meaning, or the first error.
class Reader {
 public:
  Reader(const Grammar& grammar, const Environment& environment)
      : grammar_(grammar), typed_(grammar.typed), environment_(environment) {}

  std::variant<CommandLine, CliExit> read();

 private:
  void fail(std::string what) {
    if (!error_) error_ = std::move(what);
  }
  template <class Choice>
  Choice choose(std::string_view option, std::string_view word,
                std::initializer_list<std::pair<std::string_view, Choice>> choices);
  std::vector<std::filesystem::path> paths(std::string_view option, const std::vector<std::string>& words);

  GlobalOptions global(bool needs_db);
  RuleOptions rules();
  ScanOptions scan();
  ExportOptions export_hits();
  void restrict_by(Filter& filter, std::string_view option, std::string_view word);

  const Grammar& grammar_;
  const Typed& typed_;
  const Environment& environment_;
  std::optional<std::string> error_;
};

template <class Choice>
Choice Reader::choose(std::string_view option, std::string_view word,
                      std::initializer_list<std::pair<std::string_view, Choice>> choices) {
  std::string known;
  for (const auto& [name, choice] : choices) {
    if (name == word) return choice;
    known.append(known.empty() ? "" : ", ").append(name);
  }
  fail(fmt::format("{}: known are {}", option, known));
  return choices.begin()->second;
}

std::vector<std::filesystem::path> Reader::paths(std::string_view option, const std::vector<std::string>& words) {
  std::vector<std::filesystem::path> all;
  for (const std::string& word : words) {
    if (word.empty()) fail(fmt::format("{} is empty", option));
    all.emplace_back(word);
  }
  return all;
}

/// The XDG rules: a variable that is empty or no absolute path counts as not set.
std::optional<std::filesystem::path> default_db(const Environment& environment) {
  const auto absolute = [&](const char* name) { return std::filesystem::path(environment(name).value_or("")); };
  const std::filesystem::path data = absolute("XDG_DATA_HOME");
  if (data.is_absolute()) return data / "tokensweep" / "inventory.db";
  const std::filesystem::path home = absolute("HOME");
  if (home.is_absolute()) return home / ".local" / "share" / "tokensweep" / "inventory.db";
  return std::nullopt;
}

GlobalOptions Reader::global(bool needs_db) {
  GlobalOptions global;
  global.quiet = typed_.quiet;
  global.log_format =
      choose<LogFormat>("--log-format", typed_.log_format, {{"text", LogFormat::text}, {"json", LogFormat::json}});
  const auto usual = default_db(environment_);
  if (grammar_.app.get_option("--db")->count() > 0) {
    if (typed_.db.empty()) fail("--db is empty");
    global.db = typed_.db;
    global.default_db = global.db == usual;
  } else if (usual) {
    global.db = *usual;
  } else if (needs_db) {
    fail("no place for the inventory: name one with --db, or set HOME");
  }
  return global;
}

RuleOptions Reader::rules() {
  if (typed_.no_default_rules && typed_.rule_files.empty()) fail("--no-default-rules leaves no rule: add --rules FILE");
  return {paths("--rules", typed_.rule_files), typed_.no_default_rules};
}

ScanOptions Reader::scan() {
  ScanOptions scan;
  scan.paths = paths("--path", typed_.paths);
  scan.deep = typed_.deep;
  scan.rules = rules();
  scan.format = choose<ScanFormat>("--format", typed_.scan_format,
                                   {{"table", ScanFormat::table},
                                    {"json", ScanFormat::json},
                                    {"jsonl", ScanFormat::jsonl},
                                    {"csv", ScanFormat::csv},
                                    {"none", ScanFormat::none}});
  for (const std::string& text : typed_.fail_on) {
    Result<Filter> filter = parse_filter(text);
    if (!filter) {
      fail("--fail-on: " + filter.error().what);
    } else {
      scan.fail_on.push_back(std::move(*filter));
    }
  }
  scan.cross_file_systems = typed_.cross_file_systems;
  scan.exclude = typed_.excludes;
  if (std::find(scan.exclude.begin(), scan.exclude.end(), "") != scan.exclude.end()) fail("--exclude is empty");
  scan.list_unread = typed_.list_unread;
  if (grammar_.scan->get_option("--threads")->count() > 0) {
    const char* end = typed_.threads.data() + typed_.threads.size();
    const auto [rest, error] = std::from_chars(typed_.threads.data(), end, scan.threads);
    if (error != std::errc{} || rest != end || scan.threads == 0 || scan.threads > kMostThreads) {
      fail(fmt::format("--threads expects a number from 1 to {}", kMostThreads));
    }
  }
  return scan;
}

void Reader::restrict_by(Filter& filter, std::string_view option, std::string_view word) {
  const Result<> done = filter.restrict_by(option, word);
  if (!done) fail(std::string("--").append(done.error().what));
}

ExportOptions Reader::export_hits() {
  ExportOptions options;
  options.format =
      choose<ExportFormat>("--format", typed_.export_format,
                           {{"csv", ExportFormat::csv}, {"json", ExportFormat::json}, {"jsonl", ExportFormat::jsonl}});
  const CLI::App& command = *grammar_.export_hits;
  if (command.get_option("--output")->count() > 0) {
    if (typed_.output.empty()) fail("--output is empty");
    if (typed_.output != "-") options.output = typed_.output;
  }
  for (const std::string& word : typed_.classes) restrict_by(options.filter, "class", word);
  for (const std::string& word : typed_.scopes) restrict_by(options.filter, "scope", word);
  const std::pair<const char*, const std::string*> single[] = {
      {"source", &typed_.source}, {"state", &typed_.state}, {"older-than", &typed_.older_than}};
  for (const auto& [name, word] : single) {
    if (command.get_option(std::string("--").append(name))->count() > 0) restrict_by(options.filter, name, *word);
  }
  options.filter.overdue = typed_.overdue;
  return options;
}

std::variant<CommandLine, CliExit> Reader::read() {
  CommandLine line;
  const bool needs_db = grammar_.scan->parsed() || grammar_.export_hits->parsed() || grammar_.show->parsed();
  line.global = global(needs_db);
  if (grammar_.scan->parsed()) line.command = scan();
  if (grammar_.export_hits->parsed()) line.command = export_hits();
  if (grammar_.show->parsed()) line.command = ShowOptions{typed_.id};
  if (grammar_.rules_list->parsed()) line.command = RulesListOptions{rules()};
  if (grammar_.rules_test->parsed()) line.command = RulesTestOptions{rules(), typed_.file};
  if (grammar_.generate->parsed()) {
    line.command = GenerateOptions{choose<Document>(
        "DOCUMENT", typed_.document,
        {{"man", Document::man}, {"bash", Document::bash}, {"zsh", Document::zsh}, {"fish", Document::fish}})};
  }
  if (error_) return usage_error(parsed_command(grammar_.app), *error_);
  return line;
}

/// What no option can tell. Written as roff, with the exit codes of the contract.
constexpr std::string_view kManual = R"(.SH EXIT STATUS
.TP
.B 0
The sweep is complete, whatever it found.
.TP
.B 1
Complete, and what \-\-fail\-on names was found.
.TP
.B 2
Usage or configuration error: nothing was swept, nothing was written.
.TP
.B 3
Incomplete: something could not be read; the inventory holds the rest and says what.
.TP
.B 4
The inventory could not be opened or written; what was committed before is intact.
.TP
.B 130
Interrupted; what was read is kept, and the sweep is marked so.
.SH CLASSES
A token's class says how often it has to be rotated: A, it can publish one of the most downloaded packages, every 30
days; B, it can publish other packages, every 90 days; C, it can only read, every 90 days; D, a developer's own, every
365 days.
Behind the class, ! says that the registry confirmed it, and ? that it is only assumed, the safe default.
.SH FILES
.TP
.I $XDG_DATA_HOME/tokensweep/inventory.db
The inventory, an SQLite file for its owner alone, and beside it the key of its fingerprints.
It holds no token, only keyed fingerprints and previews of a few characters.
.SH ENVIRONMENT
.TP
.B XDG_DATA_HOME
Where the inventory lies by default, else in ~/.local/share.
.TP
.B NO_COLOR
If set and not empty, nothing is coloured.
)";

}  // namespace

std::variant<CommandLine, CliExit> parse_command_line(std::span<const char* const> arguments,
                                                      const Environment& environment) {
  const std::unique_ptr<Grammar> grammar = make_grammar();
  CLI::App& app = grammar->app;
  try {
    app.parse(static_cast<int>(arguments.size()), arguments.data());
  } catch (const CLI::CallForHelp&) {
    return CliExit{0, help_text(app, parsed_command(app)), {}};
  } catch (const CLI::CallForVersion& version) {
    return CliExit{0, std::string(version.what()).append("\n"), {}};
  } catch (const CLI::ExtrasError&) {
    return unknown_word(app, parsed_command(app), app.remaining(true));
  } catch (const CLI::RequiredError& error) {
    const CLI::App& command = parsed_command(app);
    const auto remaining = app.remaining(true);
    if (!remaining.empty()) return unknown_word(app, command, remaining);
    const bool no_command = !command.get_subcommands(nullptr).empty();
    return usage_error(command, no_command ? "name a command" : error.what());
  } catch (const CLI::ParseError& error) {
    return wrong_value(app, parsed_command(app), error.what(), arguments);
  }
  return Reader(*grammar, environment).read();
}

std::string generate_document(Document document) {
  const std::unique_ptr<Grammar> grammar = make_grammar();
  switch (document) {
    case Document::man:
      return man_page(grammar->app, tokensweep_version(), kManual);
    case Document::bash:
      return bash_completion(grammar->app);
    case Document::zsh:
      return zsh_completion(grammar->app);
    case Document::fish:
      break;
  }
  return fish_completion(grammar->app);
}

std::string_view tokensweep_version() { return TOKENSWEEP_VERSION; }

}  // namespace tokensweep
