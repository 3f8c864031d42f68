#include "scanner/cli.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>
#include <utility>

#include "base/time.hpp"
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

  std::vector<std::string> paths, excludes, fail_on, sources;
  std::string config, seal_to;
  bool resume = false;
  std::string scan_format = "table", threads;
  bool deep = false, cross_file_systems = false, list_unread = false;

  std::vector<std::string> rule_files;
  bool no_default_rules = false;

  std::string export_format, output, source, state, older_than;
  std::vector<std::string> classes, scopes;
  bool overdue = false, seal = false;

  std::string since, diff_format = "table", html, metrics, import_kind, account, collector_key;
  std::vector<std::string> files;
  std::string id, explain, file, document;
};

/// The App and what it fills. The one table of what the command line takes; help, manual page and completions are made
/// from it.
struct Grammar {
  Typed typed;
  CLI::App app{"find npm tokens, classify them, keep an inventory without values"};
  CLI::App* scan = nullptr;
  CLI::App* export_hits = nullptr;
  CLI::App* show = nullptr;
  CLI::App* diff = nullptr;
  CLI::App* report = nullptr;
  CLI::App* import_files = nullptr;
  CLI::App* collector_init = nullptr;
  CLI::App* sources_check = nullptr;
  CLI::App* classify = nullptr;
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

void add_config(CLI::App& command, Typed& typed, const char* description) {
  value(command, "--config", typed.config, "FILE", description);
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
  values(scan, "--path", typed.paths, "DIR", "what to sweep, a directory or a file; repeatable");
  add_config(scan, typed, "sweep the sources that this tokensweep.toml names, by its policy");
  values(scan, "--source", typed.sources, "NAME", "of the configuration only this source; repeatable");
  flag(scan, "--resume", typed.resume,
       "go on with the last sweep, where it was interrupted: sources and directories that it had read whole are not "
       "read "
       "again");
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
  value(
      scan, "--seal-to", typed.seal_to, "FILE",
      "seal what a collector knows tokens by to the key in this file, which `tokensweep collector init` printed there");
  value(scan, "--threads", typed.threads, "N", "how many threads read; default: one for each core");
  add_rule_options(scan, typed);
  scan.footer(
      "  tokensweep scan --path ~/\n"
      "  tokensweep scan --path /srv --path /home --deep --exclude '*.iso'\n"
      "  tokensweep scan --config tokensweep.toml --resume\n"
      "  tokensweep scan --path . --format none --fail-on class=A,B --fail-on overdue");
}

void add_export(Grammar& grammar) {
  Typed& typed = grammar.typed;
  CLI::App& command = *grammar.app.add_subcommand("export", "print what the inventory holds");
  grammar.export_hits = &command;
  value(command, "--format", typed.export_format, "csv|json|jsonl|sarif", "how");
  flag(command, "--seal", typed.seal,
       "all of it, sealed for the collector that the last sweep sealed to: for `tokensweep import inventory` there");
  value(command, "--output", typed.output, "FILE", "into this file, for its owner alone, instead of standard output");
  values(command, "--class", typed.classes, "A,B,C,D", "only these classes");
  value(command, "--source", typed.source, "NAME", "only from this source, such as filesystem");
  value(command, "--state", typed.state, "present|gone|all",
        "what was there at last, what is gone, or both; default: present");
  value(command, "--older-than", typed.older_than, "AGE", "only what is certainly older, such as 90d, 12h or 3w");
  values(command, "--scope", typed.scopes, "FLAG",
         "only with this scope flag, such as dead, repeated, unused, bypass-2fa or unfound (alive at the registry, "
         "stored nowhere); repeatable");
  flag(command, "--overdue", typed.overdue, "only what should have been rotated by now");
  add_config(command, typed, "of the inventory that this tokensweep.toml names");
  command.footer(
      "  tokensweep export --format csv --output tokens.csv\n"
      "  tokensweep export --format jsonl --class A,B --older-than 90d\n"
      "  tokensweep export --format json --state all --scope classic\n"
      "  tokensweep export --seal --output laptop.sealed");
}

void add_show(Grammar& grammar) {
  CLI::App& show = *grammar.app.add_subcommand("show", "print every place where one token is held");
  grammar.show = &show;
  show.add_option("TOKEN-ID", grammar.typed.id, "the token's id as scan and export print it, or the beginning of one")
      ->required()
      ->type_name("ID");
  show.footer("  tokensweep show t1b2c3d4e5f607182\n  tokensweep show t1b2");
}

void add_diff(Grammar& grammar) {
  CLI::App& diff = *grammar.app.add_subcommand("diff", "print what came, went and changed");
  grammar.diff = &diff;
  value(
      diff, "--since", grammar.typed.since, "SWEEP|DATE",
      "after the sweep of this number, or since this day (2026-11-01) or moment; default: what the last sweep changed");
  value(diff, "--format", grammar.typed.diff_format, "table|json|jsonl", "how; default: table");
  diff.footer("  tokensweep diff\n  tokensweep diff --since 2026-11-01 --format json");
}

void add_report(Grammar& grammar) {
  CLI::App& report = *grammar.app.add_subcommand("report", "print the figures, and what to do");
  grammar.report = &report;
  value(report, "--html", grammar.typed.html, "FILE", "write all of it as one page that needs nothing else");
  value(report, "--metrics", grammar.typed.metrics, "FILE",
        "write the figures for the textfile collector of Prometheus' node exporter");
  report.footer("  tokensweep report\n  tokensweep report --html tokens.html --metrics /var/lib/node/tokensweep.prom");
}

void add_import(Grammar& grammar) {
  Typed& typed = grammar.typed;
  CLI::App& import = *grammar.app.add_subcommand("import", "take in what npm says of tokens, or laptops' inventories");
  grammar.import_files = &import;
  import.add_option("KIND", typed.import_kind, "npm-tokens, npm-packages, ranks or inventory")
      ->required()
      ->type_name("KIND");
  import
      .add_option("FILE", typed.files,
                  "what `npm token list --json` printed, one file an account; what `tokensweep export --seal` made")
      ->required()
      ->type_name("FILE");
  value(import, "--account", typed.account, "NAME",
        "whose lists they are; default: each file's name without its ending");
  value(import, "--collector-key", typed.collector_key, "FILE",
        "the secret key that opens inventories; default: the inventory's name with .collector behind it");
  add_config(import, typed,
             "into the inventory that this tokensweep.toml names; its [collector] says who may send one");
  import.footer(
      "  tokensweep import npm-tokens ann.json ci-bot.json\n"
      "  tokensweep import npm-packages acme.json --account acme\n"
      "  tokensweep import ranks top-1000.tsv\n"
      "  tokensweep import inventory laptops/*.sealed");
}

void add_sources(Grammar& grammar) {
  CLI::App& sources = *grammar.app.add_subcommand("sources", "the sources of a configuration");
  sources.require_subcommand(1);
  CLI::App& check = *sources.add_subcommand("check", "ask each source what may be read, at what price");
  grammar.sources_check = &check;
  add_config(check, grammar.typed, "the tokensweep.toml that names the sources");
  values(check, "--source", grammar.typed.sources, "NAME", "only this source; repeatable");
  check.footer("  tokensweep sources check --config tokensweep.toml");
}

void add_collector(Grammar& grammar) {
  CLI::App& collector = *grammar.app.add_subcommand("collector", "the inventory into which laptops hand over theirs");
  collector.require_subcommand(1);
  CLI::App& init = *collector.add_subcommand("init", "make the collector's key, and print its public line");
  grammar.collector_init = &init;
  add_config(init, grammar.typed, "of the inventory that this tokensweep.toml names");
  init.footer("  tokensweep collector init > collector.pub\n  tokensweep scan --path ~/ --seal-to collector.pub");
}

void add_classify(Grammar& grammar) {
  CLI::App& classify = *grammar.app.add_subcommand("classify", "explain why a hit has its class");
  grammar.classify = &classify;
  value(classify, "--explain", grammar.typed.explain, "ID", "the id of a hit, or of a token: all its places")
      ->required();
  classify.footer("  tokensweep classify --explain t1b2c3d4e5f607182");
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
  add_diff(*grammar);
  add_report(*grammar);
  add_import(*grammar);
  add_collector(*grammar);
  add_sources(*grammar);
  add_classify(*grammar);
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
  DiffOptions diff();
  ReportOptions report();
  ImportOptions import_files();
  SourcesCheckOptions sources_check();
  std::filesystem::path named_file(const CLI::App& command, const char* option, const std::string& typed);
  std::filesystem::path config_of(const CLI::App& command);
  std::filesystem::path output_of(const CLI::App& command);
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

std::filesystem::path Reader::named_file(const CLI::App& command, const char* option, const std::string& typed) {
  if (command.get_option(option)->count() > 0 && typed.empty()) fail(fmt::format("{} is empty", option));
  return typed;
}

std::filesystem::path Reader::config_of(const CLI::App& command) {
  return named_file(command, "--config", typed_.config);
}

/// Empty for standard output, which may be called `-`.
std::filesystem::path Reader::output_of(const CLI::App& command) {
  const std::filesystem::path file = named_file(command, "--output", typed_.output);
  return file == "-" ? std::filesystem::path() : file;
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
    global.db_given = true;
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
  scan.config = config_of(*grammar_.scan);
  scan.seal_to = named_file(*grammar_.scan, "--seal-to", typed_.seal_to);
  scan.sources = typed_.sources;
  scan.resume = typed_.resume;
  const bool has_config = grammar_.scan->get_option("--config")->count() > 0;
  if (scan.paths.empty() && !has_config) fail("--path is required, or --config");
  if (!scan.paths.empty() && has_config)
    fail("--path and --config exclude each other: a configuration names its paths");
  if (!typed_.sources.empty() && !has_config) fail("--source wants --config: it names sources of a configuration");
  const bool has_path_options = typed_.deep || typed_.cross_file_systems || !typed_.excludes.empty() ||
                                !typed_.rule_files.empty() || typed_.no_default_rules || !typed_.threads.empty();
  if (has_config && has_path_options) {
    fail("--deep, --exclude, --cross-file-systems, --threads and --rules are keys of a source in the configuration");
  }
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
  const CLI::App& command = *grammar_.export_hits;
  options.config = config_of(command);
  options.seal = typed_.seal;
  if (options.seal) {
    for (const char* other : {"--format", "--class", "--source", "--state", "--older-than", "--scope", "--overdue"}) {
      if (command.get_option(other)->count() > 0)
        fail(fmt::format("--seal hands over all there is, without {}", other));
    }
    options.output = output_of(command);
    return options;
  }
  if (command.get_option("--format")->count() == 0) fail("--format is required, or --seal");
  options.format = choose<ExportFormat>("--format", typed_.export_format,
                                        {{"csv", ExportFormat::csv},
                                         {"json", ExportFormat::json},
                                         {"jsonl", ExportFormat::jsonl},
                                         {"sarif", ExportFormat::sarif}});
  options.output = output_of(command);
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

DiffOptions Reader::diff() {
  DiffOptions options;
  options.format =
      choose<DiffFormat>("--format", typed_.diff_format,
                         {{"table", DiffFormat::table}, {"json", DiffFormat::json}, {"jsonl", DiffFormat::jsonl}});
  if (grammar_.diff->get_option("--since")->count() == 0) return options;
  SweepId sweep = 0;
  const char* end = typed_.since.data() + typed_.since.size();
  const auto [rest, error] = std::from_chars(typed_.since.data(), end, sweep);
  if (error == std::errc{} && rest == end && sweep >= 0) {
    options.after_sweep = sweep;
  } else if (const auto day = parse_date(typed_.since)) {
    options.since = *day;
  } else if (const auto moment = parse_time(typed_.since)) {
    options.since = *moment;
  } else {
    fail("--since expects a sweep's number, a day such as 2026-11-01, or a moment such as 2026-11-01T06:00:00Z");
  }
  return options;
}

ReportOptions Reader::report() {
  return {.html = named_file(*grammar_.report, "--html", typed_.html),
          .metrics = named_file(*grammar_.report, "--metrics", typed_.metrics)};
}

ImportOptions Reader::import_files() {
  ImportOptions options;
  options.kind = choose<ImportKind>("KIND", typed_.import_kind,
                                    {{"npm-tokens", ImportKind::npm_tokens},
                                     {"npm-packages", ImportKind::npm_packages},
                                     {"ranks", ImportKind::ranks},
                                     {"inventory", ImportKind::inventory}});
  options.files = paths("FILE", typed_.files);
  options.account = typed_.account;
  options.config = config_of(*grammar_.import_files);
  options.collector_key = named_file(*grammar_.import_files, "--collector-key", typed_.collector_key);
  const bool inventories = options.kind == ImportKind::inventory;
  if (inventories && !options.account.empty()) fail("--account is for lists: an inventory says whose it is");
  if (!inventories && !options.collector_key.empty()) fail("--collector-key is for `import inventory`");
  if (options.kind == ImportKind::ranks && options.files.size() > 1) fail("ranks: name one file");
  if (!options.account.empty() && options.files.size() > 1) fail("--account is for one file");
  return options;
}

SourcesCheckOptions Reader::sources_check() {
  SourcesCheckOptions options{.config = config_of(*grammar_.sources_check), .sources = typed_.sources};
  if (options.config.empty() && !error_) fail("--config is missing: it names the sources");
  return options;
}

std::variant<CommandLine, CliExit> Reader::read() {
  CommandLine line;
  const CLI::App* const with_inventory[] = {grammar_.scan,           grammar_.export_hits, grammar_.show,
                                            grammar_.diff,           grammar_.report,      grammar_.import_files,
                                            grammar_.collector_init, grammar_.classify,    grammar_.sources_check};
  const bool needs_db = std::any_of(std::begin(with_inventory), std::end(with_inventory),
                                    [](const CLI::App* command) { return command->parsed(); });
  line.global = global(needs_db);
  if (grammar_.scan->parsed()) line.command = scan();
  if (grammar_.export_hits->parsed()) line.command = export_hits();
  if (grammar_.show->parsed()) line.command = ShowOptions{typed_.id};
  if (grammar_.diff->parsed()) line.command = diff();
  if (grammar_.report->parsed()) line.command = report();
  if (grammar_.import_files->parsed()) line.command = import_files();
  if (grammar_.collector_init->parsed()) line.command = CollectorInitOptions{config_of(*grammar_.collector_init)};
  if (grammar_.sources_check->parsed()) line.command = sources_check();
  if (grammar_.classify->parsed()) line.command = ClassifyOptions{typed_.explain};
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
A collector has its secret key there too, inventory.db.collector.
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
