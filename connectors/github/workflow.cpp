#include "connectors/github/workflow.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <unordered_set>

#include "connectors/github/letter_case.hpp"
#include "formats/build_commands.hpp"
#include "formats/yaml_tree.hpp"

namespace tokensweep::github {
namespace {

using Node = YamlTree::Node;
using Names = std::set<std::string>;

// Aliases let a small file name the same step a million times.
constexpr std::size_t kMostVisits = 200'000;
// GitHub's own limits are below this.
constexpr std::size_t kLongestName = 255;

constexpr std::string_view kAny = "*";

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_name_character(char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '-'; }

std::string_view text_of(const Node* node) {
  return node != nullptr && node->kind == Node::Kind::scalar ? node->text.reveal() : std::string_view();
}

std::string name_of(std::string_view text) { return std::string(text.substr(0, kLongestName)); }

std::string_view without_spaces(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  return text;
}

/// The name behind the word `secrets` in an expression: `.NAME`, `['NAME']`, or something that computes it.
std::string name_behind(std::string_view rest) {
  rest = without_spaces(rest);
  std::string_view name;
  if (rest.starts_with('.')) {
    rest = without_spaces(rest.substr(1));
    name = rest.substr(
        0, static_cast<std::size_t>(std::find_if_not(rest.begin(), rest.end(), is_name_character) - rest.begin()));
  } else if (rest.starts_with('[')) {
    rest = without_spaces(rest.substr(1));
    if (rest.starts_with('\'')) name = rest.substr(1, rest.substr(1).find('\''));
  }
  const bool fine = !name.empty() && name.size() <= kLongestName && is_letter(name.front()) &&
                    std::all_of(name.begin(), name.end(), is_name_character);
  return fine ? upper(name) : std::string(kAny);
}

/// Where a word of lower case stands, in whatever case. Makes no copy: the text may hold a value.
std::size_t find_word(std::string_view text, std::string_view word, std::size_t from = 0) {
  const auto same = [](char a, char b) { return lower(a) == b; };
  const auto* const found = std::search(text.begin() + from, text.end(), word.begin(), word.end(), same);
  return found == text.end() ? std::string_view::npos : static_cast<std::size_t>(found - text.begin());
}

void add_secrets_of_expression(std::string_view expression, Names& names) {
  constexpr std::string_view kWord = "secrets";
  for (std::size_t at = find_word(expression, kWord); at != std::string_view::npos;
       at = find_word(expression, kWord, at + kWord.size())) {
    const bool glued = at > 0 && (is_name_character(expression[at - 1]) || expression[at - 1] == '.');
    const std::string_view rest = expression.substr(at + kWord.size());
    if (glued || (!rest.empty() && is_name_character(rest.front()))) continue;
    std::string name = name_behind(rest);
    if (name != "GITHUB_TOKEN") names.insert(std::move(name));
  }
}

void add(Names& to, const Names& more) { to.insert(more.begin(), more.end()); }

/// Whether a script leaves what it sees where later steps find it.
bool keeps(std::string_view script) {
  constexpr std::array<std::string_view, 6> kKeeping = {"npmrc",   "yarnrc",     "config set",
                                                        "npm set", "_authToken", "GITHUB_ENV"};
  return std::any_of(kKeeping.begin(), kKeeping.end(),
                     [script](std::string_view word) { return script.find(word) != std::string_view::npos; });
}

/// What one or several steps do.
struct Deeds {
  Commands commands;
  bool speaks = false;  ///< of publishing, without a command that does
  bool hides = false;   ///< an action that was not read does something
  std::string directory;

  void add(const Deeds& more) {
    if (more.commands.publishes && !commands.publishes) directory = more.directory;
    if (more.commands.publishes && more.directory.empty()) directory.clear();
    commands.publishes = commands.publishes || more.commands.publishes;
    commands.installs = commands.installs || more.commands.installs;
    speaks = speaks || more.speaks;
    hides = hides || more.hides;
  }
  [[nodiscard]] Purpose purpose() const {
    if (commands.publishes) return Purpose::publishes;
    return commands.installs && !speaks && !hides ? Purpose::installs : Purpose::unclear;
  }
};

struct Step {
  Deeds deeds;
  Names own;      ///< secrets that it alone sees
  Names lasting;  ///< and those that the steps behind it see as well
};

/// What a workflow says for all of its jobs.
struct Surroundings {
  Names env;
  bool has_identity = false;
  std::string directory;
};

class WorkflowReading {
 public:
  explicit WorkflowReading(const YamlTree& tree) : tree_(tree) {}

  Result<Workflow> read() {
    const Node* root = tree_.root();
    workflow_.starts_itself = starts_itself(member(root, "on"));
    Surroundings around;
    around.env = secrets_of(member(root, "env"));
    around.has_identity = identity_in(member(root, "permissions")).value_or(false);
    around.directory = default_directory(root);
    const Node* jobs = member(root, "jobs");
    tree_.for_each(jobs, [&](std::string_view id, const Node& job) { read_job(id, job, around); });
    if (visits_ > kMostVisits) return Error{ErrorKind::malformed, "a workflow of too many steps"};
    return std::move(workflow_);
  }

 private:
  [[nodiscard]] const Node* member(const Node* parent, std::string_view key) const { return tree_.member(parent, key); }

  /// `on: push`, `on: [push]`, `on: {push: …}`; nothing but `workflow_call` waits for others.
  bool starts_itself(const Node* on) {
    if (on == nullptr) return false;
    bool found = text_of(on) != "workflow_call" && !text_of(on).empty();
    tree_.for_each(on, [&](std::string_view event, const Node&) { found = found || event != "workflow_call"; });
    if (on->kind == Node::Kind::sequence) {
      for (const auto& [key, value] : on->members) found = found || text_of(&tree_.node(value)) != "workflow_call";
    }
    return found;
  }

  /// Whether `permissions` has `id-token: write`; nothing where they are not named.
  std::optional<bool> identity_in(const Node* permissions) {
    if (permissions == nullptr || permissions->kind == Node::Kind::null) return std::nullopt;
    if (permissions->kind == Node::Kind::scalar) return text_of(permissions) == "write-all";
    return text_of(member(permissions, "id-token")) == "write";
  }

  std::string default_directory(const Node* node) {
    return name_of(text_of(member(member(member(node, "defaults"), "run"), "working-directory")));
  }

  /// Those that a node and all below it name. What aliases name again is looked at once.
  Names secrets_of(const Node* node) {
    Names names;
    std::unordered_set<const Node*> seen;
    std::vector<const Node*> open;
    if (node != nullptr) open.push_back(node);
    while (!open.empty() && ++visits_ <= kMostVisits) {
      const Node* one = open.back();
      open.pop_back();
      if (!seen.insert(one).second) continue;
      add(names, secrets_in(text_of(one)));
      for (const auto& [key, value] : one->members) open.push_back(&tree_.node(value));
    }
    return names;
  }

  void read_job(std::string_view id, const Node& job, const Surroundings& around) {
    if (++visits_ > kMostVisits) return;
    const bool has_identity = identity_in(member(&job, "permissions")).value_or(around.has_identity);
    WorkflowUse use{.job = name_of(id), .environment = environment_of(job), .has_identity = has_identity};
    if (const std::string_view other = text_of(member(&job, "uses")); !other.empty()) {
      return read_call(use.job, name_of(other), member(&job, "secrets"));
    }
    std::string directory = default_directory(&job);
    if (directory.empty()) directory = around.directory;
    Names env = around.env;
    add(env, secrets_of(member(&job, "env")));
    const std::vector<Step> steps = read_steps(member(&job, "steps"), directory);
    note_uses(use, steps, env);
    // A registry of containers has credentials of its own.
    for (const char* const place : {"container", "services"}) {
      for (const std::string& name : secrets_of(member(&job, place))) note(use, name, {});
    }
    if (has_identity && publishes_without(steps, env)) workflow_.tokenless.push_back(use.job);
    for (auto& [name, one] : of_job_) workflow_.uses.push_back(std::move(one));
    of_job_.clear();
  }

  std::string environment_of(const Node& job) {
    const Node* node = member(&job, "environment");
    if (node != nullptr && node->kind == Node::Kind::map) node = member(node, "name");
    const std::string_view name = text_of(node);
    return name.find("${{") == std::string_view::npos ? lower(name_of(name)) : std::string(kAny);
  }

  void read_call(std::string job, std::string other, const Node* secrets) {
    WorkflowCall call{.job = std::move(job), .workflow = std::move(other)};
    call.inherits = text_of(secrets) == "inherit";
    tree_.for_each(secrets, [&](std::string_view there, const Node& value) {
      for (const std::string& here : secrets_of(&value)) call.passed.emplace_back(upper(name_of(there)), here);
    });
    workflow_.calls.push_back(std::move(call));
  }

  std::vector<Step> read_steps(const Node* list, const std::string& directory) {
    std::vector<Step> steps;
    if (list == nullptr || list->kind != Node::Kind::sequence) return steps;
    for (const auto& [key, value] : list->members) {
      if (++visits_ > kMostVisits) break;
      steps.push_back(read_step(tree_.node(value), directory));
    }
    return steps;
  }

  Step read_step(const Node& node, const std::string& directory) {
    Step step;
    const Node* run = member(&node, "run");
    const Node* with = member(&node, "with");
    const std::string_view script = text_of(run);
    const std::string_view action = text_of(member(&node, "uses"));
    const auto take = [&step](std::string_view text) {
      const Commands commands = commands_in(text);
      step.deeds.commands.publishes = step.deeds.commands.publishes || commands.publishes;
      step.deeds.commands.installs = step.deeds.commands.installs || commands.installs;
      step.deeds.speaks = step.deeds.speaks || speaks_of_publishing(text);
    };
    take(script);
    take(action);
    tree_.for_each(with, [&](std::string_view, const Node& value) { take(text_of(&value)); });
    std::string_view where = text_of(member(&node, "working-directory"));
    if (where.empty()) where = directory;
    if (step.deeds.commands.publishes && where != "." && where != "./") step.deeds.directory = name_of(where);
    step.own = secrets_of(member(&node, "env"));
    step.lasting = secrets_of(run);
    add(step.lasting, secrets_of(with));
    // An action of the repository's own may do anything with what it is handed.
    step.deeds.hides = action.starts_with("./") && !(step.own.empty() && step.lasting.empty());
    if (keeps(script)) add(step.lasting, step.own);
    return step;
  }

  void note_uses(const WorkflowUse& use, const std::vector<Step>& steps, const Names& env) {
    Deeds rest;  // of this step and all behind it
    for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
      rest.add(step->deeds);
      for (const std::string& name : step->own) note(use, name, step->deeds);
      for (const std::string& name : step->lasting) note(use, name, rest);
    }
    for (const std::string& name : env) note(use, name, rest);
  }

  /// What a job does with a secret in one place, beside what it does in others.
  void note(const WorkflowUse& use, const std::string& name, const Deeds& deeds) {
    const auto [found, is_new] = of_job_.try_emplace(name, use);
    WorkflowUse& one = found->second;
    if (is_new) one.secret = name;
    const Purpose purpose = deeds.purpose();
    if (!is_new && purpose <= one.purpose) return;
    one.purpose = purpose;
    one.directory = deeds.directory;
  }

  static bool publishes_without(const std::vector<Step>& steps, const Names& env) {
    if (!env.empty()) return false;
    for (const Step& step : steps) {
      if (!step.lasting.empty()) return false;
      if (step.deeds.commands.publishes && step.own.empty()) return true;
    }
    return false;
  }

  const YamlTree& tree_;
  Workflow workflow_;
  std::map<std::string, WorkflowUse> of_job_;
  std::size_t visits_ = 0;
};

}  // namespace

std::set<std::string> secrets_in(std::string_view text) {
  Names names;
  for (std::size_t begin = text.find("${{"); begin != std::string_view::npos; begin = text.find("${{", begin)) {
    begin += 3;
    const std::size_t end = std::min(text.find("}}", begin), text.size());
    add_secrets_of_expression(text.substr(begin, end - begin), names);
  }
  return names;
}

Result<Workflow> read_workflow(std::string_view yaml) {
  TRY(const YamlTree tree, YamlTree::parse(yaml));
  return WorkflowReading(tree).read();
}

}  // namespace tokensweep::github
