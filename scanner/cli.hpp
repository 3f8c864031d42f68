#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "report/filter.hpp"
#include "report/terminal.hpp"
#include "report/writer.hpp"

/// The command line as plain structs. Nothing is opened, looked up or checked here beyond the words themselves, so
/// main's order of work stays in one place and every error of usage comes before anything is done.
namespace tokensweep {

enum class LogFormat : std::uint8_t { text, json };
enum class ScanFormat : std::uint8_t { table, json, jsonl, csv, none };
enum class DiffFormat : std::uint8_t { table, json, jsonl };
enum class ImportKind : std::uint8_t { npm_tokens, npm_packages, ranks, inventory };
enum class Document : std::uint8_t { man, bash, zsh, fish };

/// What every command takes.
struct GlobalOptions {
  std::filesystem::path db;  ///< empty only for commands that need no inventory
  bool default_db = true;    ///< whether `db` is where every command looks by itself
  bool db_given = false;     ///< whether --db names it
  bool quiet = false;
  LogFormat log_format = LogFormat::text;
};

/// Which rules are in force.
struct RuleOptions {
  std::vector<std::filesystem::path>
      files;                 ///< in this order; a rule with a known id takes the place of the earlier one
  bool no_defaults = false;  ///< only those of `files`
};

struct ScanOptions {
  std::vector<std::filesystem::path> paths;  ///< at least one, or `config`
  std::filesystem::path config;
  std::vector<std::string> sources;  ///< of the configuration; empty: all
  std::filesystem::path seal_to;     ///< a file with a collector's public line; empty: the configuration's, or none
  bool resume = false;
  bool deep = false;
  RuleOptions rules;
  ScanFormat format = ScanFormat::table;
  std::vector<Filter> fail_on;  ///< what any of these finds makes the exit code 1
  bool cross_file_systems = false;
  std::vector<std::string> exclude;
  bool list_unread = false;
  unsigned threads = 0;  ///< 0: one for each core
};

struct ExportOptions {
  ExportFormat format = ExportFormat::csv;
  bool seal = false;             ///< all of it, sealed for the collector; `format` and `filter` are not read
  std::filesystem::path config;  ///< names the inventory; may be empty
  std::filesystem::path output;  ///< empty: standard output
  Filter filter;
};

struct ShowOptions {
  std::string id;  ///< as it was typed: it may be anything, a pasted token included
};

struct DiffOptions {
  std::optional<SweepId> after_sweep;  ///< empty, and so is `since`: what the last sweep changed
  std::optional<Time> since;
  DiffFormat format = DiffFormat::table;
};

struct ReportOptions {
  std::filesystem::path html;     ///< a page into this file; empty: none
  std::filesystem::path metrics;  ///< the figures for Prometheus into this file; empty: none
};

struct ImportOptions {
  ImportKind kind = ImportKind::npm_tokens;
  std::vector<std::filesystem::path> files;  ///< at least one
  std::string account;                       ///< whose lists they are; empty: each file's name without its ending
  std::filesystem::path config;              ///< names the inventory and the senders; may be empty
  std::filesystem::path collector_key;       ///< opens what is sealed; empty: beside the inventory
};

struct CollectorInitOptions {
  std::filesystem::path config;  ///< names the inventory; may be empty
};

struct SourcesCheckOptions {
  std::filesystem::path config;
  std::vector<std::string> sources;  ///< of the configuration; empty: all
};

struct ClassifyOptions {
  std::string id;  ///< of a hit or a token, as it was typed
};

struct RulesListOptions {
  RuleOptions rules;
};

struct RulesTestOptions {
  RuleOptions rules;
  std::filesystem::path file;
};

/// The hidden command that the build uses: prints a manual page or a completion.
struct GenerateOptions {
  Document document = Document::man;
};

struct CommandLine {
  GlobalOptions global;
  std::variant<ScanOptions, ExportOptions, ShowOptions, DiffOptions, ReportOptions, ImportOptions, CollectorInitOptions,
               SourcesCheckOptions, ClassifyOptions, RulesListOptions, RulesTestOptions, GenerateOptions>
      command;
};

/// The command line asks for nothing more than this: help, the version, or it is wrong (code 2).
struct CliExit {
  int code = 0;
  std::string out;  ///< for standard output
  std::string err;  ///< for standard error: one line, and one with a hint
};

/// Reads `arguments` (the program's name first). An error never repeats what was typed, as that may be a token that was
/// pasted in the wrong place: it names known options and commands, and an unknown option only up to its `=` and if it
/// looks like one.
std::variant<CommandLine, CliExit> parse_command_line(std::span<const char* const> arguments,
                                                      const Environment& environment);

/// The manual page or a shell's completion, made from the same options that `parse_command_line` reads.
std::string generate_document(Document document);

std::string_view tokensweep_version();

}  // namespace tokensweep
