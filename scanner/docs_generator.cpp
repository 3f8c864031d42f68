#include "scanner/docs_generator.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <vector>

namespace tokensweep {
namespace {

constexpr std::size_t kWidth = 80;
constexpr std::size_t kNameColumn = 26;

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  std::vector<const CLI::App*> shown;
  for (const CLI::App* command : app.get_subcommands(nullptr)) {
    if (!command->get_group().empty()) shown.push_back(command);
  }
  return shown;
}

std::vector<const CLI::Option*> options_of(const CLI::App& app) {
  std::vector<const CLI::Option*> named;
  for (const CLI::Option* option : app.get_options(nullptr)) {
    if (option->nonpositional()) named.push_back(option);
  }
  return named;
}

/// What `command` takes beside `--help`, which stands with the options of every command.
std::vector<const CLI::Option*> own_options_of(const CLI::App& command) {
  auto options = options_of(command);
  if (command.get_parent() != nullptr)
    std::erase_if(options, [](const CLI::Option* option) { return option->check_name("--help"); });
  return options;
}

std::vector<const CLI::Option*> positionals_of(const CLI::App& app) {
  return app.get_options([](const CLI::Option* option) { return option->get_positional(); });
}

/// `scan`, `rules list`: without the program's name.
std::string path_of(const CLI::App& command) {
  if (command.get_parent() == nullptr) return {};
  const std::string above = path_of(*command.get_parent());
  return above.empty() ? command.get_name() : above + ' ' + command.get_name();
}

std::string full_name(const CLI::App& command) {
  const std::string path = path_of(command);
  return path.empty() ? "tokensweep" : "tokensweep " + path;
}

bool takes_value(const CLI::Option& option) { return option.get_items_expected_max() > 0; }

std::string joined(const std::vector<std::string>& words, std::string_view separator) {
  std::string out;
  for (const std::string& word : words) out.append(out.empty() ? "" : separator).append(word);
  return out;
}

/// `-h, --help`, `--path`
std::string names_of(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.get_snames()) names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) names.push_back("--" + name);
  return joined(names, ", ");
}

std::string spelled(const CLI::Option& option) {
  return takes_value(option) ? fmt::format("{} {}", names_of(option), option.get_type_name()) : names_of(option);
}

std::string usage_of(const CLI::App& command) {
  std::string usage = full_name(command);
  if (!commands_of(command).empty()) return usage + " COMMAND [options]";
  for (const CLI::Option* option : options_of(command)) {
    if (option->get_required()) usage += ' ' + spelled(*option);
  }
  for (const CLI::Option* option : positionals_of(command)) usage += ' ' + option->get_name(true);
  return usage + " [options]";
}

/// The choices of `table|json|none`; none for `FILE`.
std::vector<std::string> choices_of(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  if (type.find('|') == std::string::npos) return {};
  return CLI::detail::split(type, '|');
}

bool offers_files(const CLI::Option& option) {
  return option.get_type_name() == "FILE" || option.get_type_name() == "DIR";
}

/// `name` in a column, `text` beside it, broken between words.
void append_entry(std::string& out, std::string_view name, std::string_view text) {
  out.append("  ").append(name);
  std::size_t column = 2 + name.size();
  if (column + 2 > kNameColumn) {
    out.push_back('\n');
    column = 0;
  }
  out.append(kNameColumn - column, ' ');
  column = kNameColumn;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    if (column > kNameColumn && column + 1 + word.size() > kWidth) {
      out.append("\n").append(kNameColumn, ' ');
      column = kNameColumn;
    }
    if (column > kNameColumn) out.push_back(' '), ++column;
    out.append(word);
    column += word.size();
    text.remove_prefix(std::min(word.size() + 1, text.size()));
  }
  out.push_back('\n');
}

void append_options(std::string& out, std::string_view title, const CLI::App& command) {
  const auto options = own_options_of(command);
  if (options.empty()) return;
  out.append("\n").append(title).append(":\n");
  for (const CLI::Option* option : options) append_entry(out, spelled(*option), option->get_description());
}

// The manual page.

/// Text as roff shows it: a backslash and a dash as they are, no line that begins like a request.
std::string roff(std::string_view text) {
  std::string out;
  bool line_start = true;
  for (const char c : text) {
    if (line_start && (c == '.' || c == '\'')) out.append("\\&");
    line_start = c == '\n';
    if (c == '\\') {
      out.append("\\e");
    } else if (c == '-') {
      out.append("\\-");
    } else {
      out.push_back(c);
    }
  }
  return out;
}

void append_man_option(std::string& out, const CLI::Option& option) {
  out.append(".TP\n.B ").append(roff(names_of(option)));
  if (takes_value(option)) out.append(" \\fI").append(roff(option.get_type_name())).append("\\fR");
  out.append("\n").append(roff(option.get_description())).append("\n");
}

void append_man_command(std::string& out, const CLI::App& command) {
  out.append(".SS ").append(roff(usage_of(command))).append("\n");
  out.append(roff(command.get_description())).append(".\n");
  for (const CLI::Option* option : positionals_of(command)) {
    out.append(".TP\n.I ").append(roff(option->get_name(true))).append("\n");
    out.append(roff(option->get_description())).append("\n");
  }
  for (const CLI::Option* option : own_options_of(command)) append_man_option(out, *option);
  for (const CLI::App* below : commands_of(command)) append_man_command(out, *below);
}

void append_man_examples(std::string& out, const CLI::App& command) {
  if (!command.get_footer().empty() && commands_of(command).empty()) {
    out.append(".PP\n.nf\n").append(roff(command.get_footer())).append("\n.fi\n");
  }
  for (const CLI::App* below : commands_of(command)) append_man_examples(out, *below);
}

// Completions.

/// All commands, outer ones before inner ones, the program itself first.
std::vector<const CLI::App*> all_commands(const CLI::App& app) {
  std::vector<const CLI::App*> all = {&app};
  for (const CLI::App* command : commands_of(app)) {
    const auto below = all_commands(*command);
    all.insert(all.end(), below.begin(), below.end());
  }
  return all;
}

std::vector<std::string> spellings_of(const CLI::Option& option) {
  std::vector<std::string> all;
  for (const std::string& name : option.get_lnames()) all.push_back("--" + name);
  for (const std::string& name : option.get_snames()) all.push_back("-" + name);
  return all;
}

/// Inside single quotes of any shell, and of zsh's specifications.
std::string shell_quoted(std::string_view text, std::string_view escaped = {}) {
  std::string out = "'";
  for (const char c : text) {
    if (escaped.find(c) != std::string_view::npos) out.push_back('\\');
    if (c == '\'') {
      out.append("'\\''");
    } else {
      out.push_back(c);
    }
  }
  return out + "'";
}

std::string function_name(const CLI::App& command) {
  std::string name = "_" + full_name(command);
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
}

std::string zsh_value(const CLI::Option& option) {
  const auto choices = choices_of(option);
  if (!choices.empty()) return fmt::format(":value:({})", joined(choices, " "));
  if (option.get_type_name() == "DIR") return ":directory:_files -/";
  return offers_files(option) ? ":file:_files" : ":value:";
}

void append_zsh_options(std::string& out, const CLI::App& app) {
  for (const CLI::Option* option : own_options_of(app)) {
    for (const std::string& name : spellings_of(*option)) {
      const std::string repeat = option->get_items_expected_max() > 1 ? "*" : "";
      out.append(" \\\n    ").append(shell_quoted(fmt::format("{}{}", repeat, name)));
      out.append(shell_quoted(fmt::format("[{}]", option->get_description()), ":"));
      if (takes_value(*option)) out.append(shell_quoted(zsh_value(*option)));
    }
  }
}

void append_zsh_function(std::string& out, const CLI::App& app, const CLI::App& command) {
  const auto below = commands_of(command);
  out.append(function_name(command))
      .append("() {\n  local curcontext=\"$curcontext\" state line\n  typeset -A opt_args\n");
  out.append("  _arguments -C");
  append_zsh_options(out, command);
  if (&command != &app) append_zsh_options(out, app);
  if (below.empty()) {
    for (const CLI::Option* option : positionals_of(command))
      out.append(" \\\n    ").append(shell_quoted("1" + zsh_value(*option)));
    out.append("\n}\n\n");
    return;
  }
  out.append(
      " \\\n    '1:command:->command' \\\n    '*::argument:->argument'\n  case $state in\n    command)\n      local -a "
      "commands\n      commands=(");
  for (const CLI::App* one : below)
    out.append("\n        ").append(shell_quoted(one->get_name() + ":" + one->get_description()));
  out.append("\n      )\n      _describe command commands\n      ;;\n    argument)\n      case $words[1] in\n");
  for (const CLI::App* one : below)
    out.append(fmt::format("        {}) {} ;;\n", one->get_name(), function_name(*one)));
  out.append("      esac\n      ;;\n  esac\n}\n\n");
}

/// When fish offers what belongs to `command`.
std::string fish_condition(const CLI::App& command) {
  std::string condition;
  for (const CLI::App* one = &command; one->get_parent() != nullptr; one = one->get_parent()) {
    condition.insert(0, fmt::format("{}__fish_seen_subcommand_from {}", one->get_parent()->get_parent() ? "; and " : "",
                                    one->get_name()));
  }
  return condition;
}

}  // namespace

std::string help_text(const CLI::App& app, const CLI::App& command) {
  std::string out =
      fmt::format("{}: {}\n\nUsage: {}\n", full_name(command), command.get_description(), usage_of(command));
  const auto below = commands_of(command);
  if (!below.empty()) out.append("\nCommands:\n");
  for (const CLI::App* one : below) append_entry(out, one->get_name(), one->get_description());
  const auto positionals = positionals_of(command);
  if (!positionals.empty()) out.append("\nArguments:\n");
  for (const CLI::Option* one : positionals) append_entry(out, one->get_name(true), one->get_description());
  append_options(out, "Options", command);
  if (&command != &app) append_options(out, "Options of every command", app);
  if (!command.get_footer().empty()) out.append("\nExamples:\n").append(command.get_footer()).append("\n");
  return out;
}

std::string man_page(const CLI::App& app, std::string_view version, std::string_view more) {
  std::string out = fmt::format(".TH TOKENSWEEP 1 \"\" \"tokensweep {}\" \"User Commands\"\n", version);
  out.append(".SH NAME\ntokensweep \\- ").append(roff(app.get_description())).append("\n.SH SYNOPSIS\n.B tokensweep\n");
  out.append(".I COMMAND\n[options]\n.SH COMMANDS\n");
  for (const CLI::App* command : commands_of(app)) append_man_command(out, *command);
  out.append(".SH OPTIONS OF EVERY COMMAND\n");
  for (const CLI::Option* option : options_of(app)) append_man_option(out, *option);
  out.append(more).append(".SH EXAMPLES\n");
  append_man_examples(out, app);
  return out;
}

std::string bash_completion(const CLI::App& app) {
  std::string words;
  std::string values;
  std::string walk;
  for (const CLI::App* command : all_commands(app)) {
    std::vector<std::string> offered;
    for (const CLI::App* below : commands_of(*command)) {
      offered.push_back(below->get_name());
      walk.append(fmt::format("      {}) command={} ;;\n", shell_quoted(path_of(*command) + "/" + below->get_name()),
                              shell_quoted(path_of(*below))));
    }
    auto options = own_options_of(*command);
    if (command != &app) {
      for (const CLI::Option* option : options_of(app)) options.push_back(option);
    }
    bool positional_files = false;
    for (const CLI::Option* option : positionals_of(*command))
      positional_files = positional_files || offers_files(*option);
    for (const CLI::Option* option : options) {
      for (const std::string& name : spellings_of(*option)) {
        offered.push_back(name);
        if (!takes_value(*option)) continue;
        const auto choices = choices_of(*option);
        const std::string label = shell_quoted(path_of(*command) + "/" + name);
        values.append(choices.empty() ? fmt::format("    {}) return ;;\n", label)
                                      : fmt::format("    {}) words='{}' ;;\n", label, joined(choices, " ")));
      }
    }
    const std::string label = shell_quoted(path_of(*command));
    words.append(fmt::format("      {}) words='{}' ;;\n", label, joined(offered, " ")));
    if (positional_files) words.insert(words.size() - 4, "; [[ $current == -* ]] || return");
  }
  return fmt::format(R"(# bash completion for tokensweep, generated by `tokensweep generate bash`
_tokensweep() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}} command='' words='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$command/${{COMP_WORDS[i]}}" in
{}    esac
  done
  # An option whose value is a file returns without words: bash then offers files.
  case "$command/$previous" in
{}    *) case "$command" in
{}    esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}}
complete -o default -F _tokensweep tokensweep
)",
                     walk, values, words);
}

std::string zsh_completion(const CLI::App& app) {
  std::string out = "#compdef tokensweep\n# zsh completion for tokensweep, generated by `tokensweep generate zsh`\n\n";
  for (const CLI::App* command : all_commands(app)) append_zsh_function(out, app, *command);
  return out.append("_tokensweep \"$@\"\n");
}

std::string fish_completion(const CLI::App& app) {
  std::string out =
      "# fish completion for tokensweep, generated by `tokensweep generate fish`\ncomplete -c tokensweep -f\n";
  for (const CLI::App* command : all_commands(app)) {
    const bool top = command == &app;
    std::vector<std::string> names;
    for (const CLI::App* below : commands_of(*command)) names.push_back(below->get_name());
    const std::string here =
        top ? "__fish_use_subcommand"
            : fmt::format("{}; and not __fish_seen_subcommand_from {}", fish_condition(*command), joined(names, " "));
    for (const CLI::App* below : commands_of(*command)) {
      out.append(fmt::format("complete -c tokensweep -n {} -a {} -d {}\n", shell_quoted(here), below->get_name(),
                             shell_quoted(below->get_description())));
    }
    for (const CLI::Option* option : own_options_of(*command)) {
      out.append("complete -c tokensweep");
      if (!top) out.append(" -n ").append(shell_quoted(fish_condition(*command)));
      for (const std::string& name : option->get_lnames()) out.append(" -l ").append(name);
      for (const std::string& name : option->get_snames()) out.append(" -s ").append(name);
      const auto choices = choices_of(*option);
      if (!choices.empty()) out.append(fmt::format(" -x -a '{}'", joined(choices, " ")));
      if (choices.empty() && takes_value(*option)) out.append(offers_files(*option) ? " -r -F" : " -x");
      out.append(" -d ").append(shell_quoted(option->get_description())).append("\n");
    }
    for (const CLI::Option* option : positionals_of(*command)) {
      if (offers_files(*option))
        out.append(fmt::format("complete -c tokensweep -n {} -F\n", shell_quoted(fish_condition(*command))));
    }
  }
  return out;
}

}  // namespace tokensweep
