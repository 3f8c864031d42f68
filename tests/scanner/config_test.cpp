#include "scanner/config.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>

#include "connectors/common_keys.hpp"
#include "scanner/config_policy.hpp"
#include "tests/support/temp_directory.hpp"

namespace {

using namespace tokensweep;
using std::chrono::days;
using std::chrono::hours;

std::optional<std::string> home(const char* name) {
  if (std::string_view(name) == "HOME") return "/home/ann";
  return std::nullopt;
}

/// A type of source with a key of each kind: what a connector's row can ask for.
constexpr std::array kAppKeys = {KeySpec{.name = "id", .kind = KeyKind::count, .required = true},
                                 KeySpec{.name = "key_file", .kind = KeyKind::path, .required = true}};
constexpr std::array kForgeKeys = {
    KeySpec{.name = "org", .kind = KeyKind::text, .required = true, .one_of = "org"},
    KeySpec{.name = "orgs", .kind = KeyKind::texts, .required = true, .one_of = "org"},
    KeySpec{.name = "api_url", .kind = KeyKind::url},
    KeySpec{.name = "since", .kind = KeyKind::date},
    KeySpec{.name = "app", .kind = KeyKind::table, .required = true, .one_of = "credential", .keys = kAppKeys},
};

std::vector<TypeSpec> types() {
  return {source_types()[0],
          {.id = "forge", .keys = kForgeKeys, .network = network_keys(), .credential = credential_keys()},
          {.id = "github"}};
}

Result<Config> parsed(std::string_view text, std::string_view file = "etc/tokensweep.toml") {
  return parse_config(text, file, home, types());
}

Config accepted(std::string_view text, std::string_view file = "etc/tokensweep.toml") {
  auto config = parsed(text, file);
  if (!config) FAIL(config.error().what);
  return std::move(*config);
}

std::string error_of(std::string_view text) {
  auto config = parsed(text, "tokensweep.toml");
  return config ? "fine" : config.error().what;
}

const std::string kSource = "[[source]]\nname = 'a'\ntype = 'filesystem'\n";
const std::string kForge = "[[source]]\nname = 'f'\ntype = 'forge'\norg = 'acme'\n";

TEST_CASE("what is written arrives, and what is not has its default") {
  const Config config = accepted(R"(
[inventory]
file = "/var/lib/tokensweep/inventory.db"
key_file = "keys/inventory.key"

[policy]
publishes = ["@acme/*", "acme-cli", "acme-*", "@acme/site"]
top_ranks = 50
ranks = 5000
unused_days = 30

[policy.rotate_days]
a_top = 3
d = 180

[policy.overlap_hours]
ci = 0

[[policy.rule]]
name = "NPM_READ_*"
class = "C"
reason = "read-only by our convention"

[[policy.exception]]
source = "laptops"
locator = "*/.npmrc:*"
owner = "ann"
reason = "moves in spring"
until = 2027-03-31

[[source]]
name = "laptops"
type = "filesystem"
paths = ["/home", "~/work", "../srv", "."]
deep = true
exclude = ["*.iso"]
cross_file_systems = true
rules = ["ours.toml"]
threads = 3

[[source]]
name = "here"
type = "filesystem"
path = "~"
)");
  CHECK(config.inventory == "/var/lib/tokensweep/inventory.db");
  CHECK(config.key_file == "etc/keys/inventory.key");
  CHECK(config.policy.publishes.size() == 4);
  CHECK(config.policy.cadences.a_top == days{3});
  CHECK(config.policy.cadences.a == days{30});
  CHECK(config.policy.cadences.d == days{180});
  CHECK(config.policy.cadences.top_ranks == 50);
  CHECK(config.policy.cadences.ranks == 5000);
  CHECK(config.policy.overlaps.ci == hours{0});
  CHECK(config.policy.overlaps.developer == hours{168});
  CHECK(config.policy.unused_after == days{30});

  REQUIRE(config.policy.rules.size() == 1);
  CHECK(config.policy.rules[0].hits == HitPattern{.name = "NPM_READ_*"});
  CHECK(config.policy.rules[0].klass == Class::C);
  CHECK(config.policy.rules[0].reason == "read-only by our convention");
  CHECK(config.policy.rules[0].line == 19);
  REQUIRE(config.policy.exceptions.size() == 1);
  CHECK(config.policy.exceptions[0].hits == HitPattern{.source = "laptops", .locator = "*/.npmrc:*"});
  CHECK(config.policy.exceptions[0].owner == "ann");
  CHECK(config.policy.exceptions[0].until == Date{std::chrono::year{2027} / 3 / 31});
  CHECK(config.policy.exceptions[0].line == 24);

  REQUIRE(config.sources.size() == 2);
  CHECK(config.source("elsewhere") == nullptr);
  REQUIRE(config.source("laptops") == &config.sources[0]);
  CHECK(config.sources[0].type == "filesystem");
  const FilesystemSource laptops = filesystem_source(config.sources[0].settings);
  CHECK(laptops.paths == std::vector<std::filesystem::path>{"/home", "/home/ann/work", "srv", "etc/"});
  CHECK(laptops.deep);
  CHECK(laptops.exclude == std::vector<std::string>{"*.iso"});
  CHECK(laptops.cross_file_systems);
  CHECK(laptops.rules == std::vector<std::filesystem::path>{"etc/ours.toml"});
  CHECK(laptops.threads == 3);
  const FilesystemSource here = filesystem_source(config.sources[1].settings);
  CHECK(here.paths == std::vector<std::filesystem::path>{"/home/ann/"});
  CHECK_FALSE(here.deep);
  CHECK(here.threads == 0);
}

TEST_CASE("a policy that is written again is the same policy") {
  const char* texts[] = {
      "",
      "[policy]\npublishes = [\"@acme/*\"]\nunused_days = 30\n[policy.rotate_days]\na_top = 3\nd = 180\n",
      "[[policy.rule]]\nname = 'NPM_\\*'\nclass = \"C\"\nreason = \"a \\\"mirror\\\" of ours\"\n"
      "[[policy.exception]]\nid = \"t1\"\nsource = \"s\"\nstore = \"h*\"\nlocator = \"*/.npmrc:*\"\nname = \"n\"\n"
      "owner = \"ann\"\nreason = \"spring\"\nuntil = 2027-03-31\n",
  };
  for (const char* text : texts) {
    CAPTURE(text);
    const Policy policy = accepted(text).policy;
    const Policy again = accepted(policy_text(policy)).policy;
    CHECK(policy_text(again) == policy_text(policy));
    CHECK(again.publishes == policy.publishes);
    CHECK(again.cadences.d == policy.cadences.d);
    CHECK(again.unused_after == policy.unused_after);
    REQUIRE(again.rules.size() == policy.rules.size());
    REQUIRE(again.exceptions.size() == policy.exceptions.size());
    if (policy.rules.empty()) continue;
    CHECK(again.rules[0].hits == policy.rules[0].hits);
    CHECK(again.rules[0].klass == policy.rules[0].klass);
    CHECK(again.rules[0].reason == policy.rules[0].reason);
    CHECK(again.exceptions[0].hits == policy.exceptions[0].hits);
    CHECK(again.exceptions[0].owner == policy.exceptions[0].owner);
    CHECK(again.exceptions[0].until == policy.exceptions[0].until);
  }
}

TEST_CASE("an empty file is a configuration that changes nothing") {
  const Config config = accepted("# nothing yet\n");
  CHECK_FALSE(config.inventory);
  CHECK(config.sources.empty());
  CHECK(config.policy.cadences.a == days{30});
}

TEST_CASE("a row in the table of types is all that a connector needs") {
  const Config by_command =
      accepted(kForge +
               "token_command = ['./bin/token', '--for', '${x}']\nconcurrency = 4\nrate = 2.5\n"
               "ca_file = 'ca.pem'\nproxy = 'socks5://proxy.example.test:1080'\nsince = 2026-01-31\n"
               "api_url = 'https://forge.example.test/api'\n");
  const Settings& settings = by_command.sources[0].settings;
  CHECK(settings.text("org") == "acme");
  CHECK(settings.count("concurrency", 1) == 4);
  CHECK(settings.rate("rate") == 2.5);
  CHECK(settings.path("ca_file") == "etc/ca.pem");
  CHECK(settings.text("proxy") == "socks5://proxy.example.test:1080");
  CHECK(settings.date("since") == Date{std::chrono::year{2026} / 1 / 31});
  CHECK(settings.credential() == CredentialRef(CommandCredential{{"etc/bin/token", "--for", "${x}"}}));

  const Config by_variable = accepted(kForge + "token_env = 'GH_TOKEN'\nrate = 'service'\n");
  CHECK(by_variable.sources[0].settings.credential() == CredentialRef(EnvironmentCredential{"GH_TOKEN"}));
  CHECK_FALSE(by_variable.sources[0].settings.rate("rate"));

  const Config by_file = accepted(kForge + "token_file = '~/.token'\n");
  CHECK(by_file.sources[0].settings.credential() == CredentialRef(FileCredential{"/home/ann/.token"}));

  const Config by_app = accepted(kForge + "[source.app]\nid = 12\nkey_file = 'app.pem'\n");
  CHECK(by_app.sources[0].settings.count("app.id", 0) == 12);
  CHECK(by_app.sources[0].settings.path("app.key_file") == "etc/app.pem");
  CHECK_FALSE(by_app.sources[0].settings.credential());
}

TEST_CASE("a program beside the file is not looked for in PATH") {
  const Config config = accepted(kForge + "token_command = ['./token']\n", "tokensweep.toml");
  CHECK(config.sources[0].settings.credential() == CredentialRef(CommandCredential{{"./token"}}));
  const Config other = accepted(kForge + "token_command = ['token']\n");
  CHECK(other.sources[0].settings.credential() == CredentialRef(CommandCredential{{"token"}}));
}

TEST_CASE("an error is one line, with its place and what is allowed there") {
  const std::string takes =
      "a filesystem source takes name, type, path, paths, deep, exclude, cross_file_systems, rules, threads and "
      "concurrency";
  const std::string secret =
      "no key takes a secret's value: say where it is, by token_env, token_file or token_command of the source that "
      "needs it";
  const struct {
    const char* what;
    std::string text;
    std::string error;
  } cases[] = {
      {"no TOML", "[inventory\n", "1: not valid TOML at column 11"},
      {"a key twice", kSource + "path = 'x'\npath = 'y'\n", "5: not valid TOML at column 8"},
      {"a key of too many parts", std::string(100, 'a').replace(1, 90, std::string(90, '.')),
       "1: a key of too many parts"},
      {"an unknown table", "[inventroy]\n",
       "1: unknown key 'inventroy', perhaps inventory: the file takes inventory, collector, policy and source"},
      {"a key outside of any table", "file = 'x'\n",
       "1: unknown key 'file': the file takes inventory, collector, policy and source"},
      {"an unknown key of the inventory", "[inventory]\nfiles = 'x'\n",
       "2: unknown key 'files', perhaps file: [inventory] takes file, key_file and collector_key"},
      {"a collector's key that was cut", "[inventory]\ncollector_key = 'tokensweep-collector-1:AAAA'\n",
       "2: collector_key is not a collector's public key (it is cut or has a wrong character): copy the whole line "
       "that `tokensweep collector init` prints"},
      {"a sender's id that was cut", "[collector]\nsenders = [\n 'abc']\n",
       "2: senders has to list ids of 32 hex digits, as `tokensweep export --seal` prints"},
      {"no sender at all", "[collector]\nsenders = []\n",
       "2: collector.senders has to be an array of strings, neither it nor one of them empty"},
      {"an unknown key of the policy", "[policy]\npublish = ['x']\n",
       "2: unknown key 'publish', perhaps publishes: [policy] takes publishes, rotate_days, top_ranks, ranks, "
       "overlap_hours, unused_days, rule and exception"},
      {"an unknown class", "[policy.rotate_days]\ne = 1\n",
       "2: unknown key 'e': [policy.rotate_days] takes a_top, a, b, c and d"},
      {"an unknown key of a source", kSource + "pth = 'x'\n", "4: unknown key 'pth', perhaps path: " + takes},
      {"a key that no file system has", kSource + "path = 'x'\ntoken_env = 'X'\n",
       "5: no key takes a secret's value: say where it is, by token_env, token_file or token_command of the source "
       "that "
       "needs it"},
      {"a key that could be a value", kSource + "path = 'x'\nabcdefgh12345678 = 1\n", "5: unknown key: " + takes},
      {"a secret's value", kForge + "token = 'x'\n", "5: " + secret},
      {"another", kForge + "npm_password = 'x'\n", "5: " + secret},
      {"one in another spelling", kForge + "API-KEY = 'x'\n", "5: " + secret},
      {"no type", "[[source]]\nname = 'a'\n", "1: a source needs type: filesystem or forge"},
      {"an unknown type", "[[source]]\nname = 'a'\ntype = 'filesytem'\npath = 1\n",
       "3: unknown type, perhaps filesystem: known are filesystem and forge"},
      {"a type of another type", "[[source]]\ntype = 1\n", "2: unknown type: known are filesystem and forge"},
      {"a type without a connector", "[[source]]\nname = 'a'\ntype = 'github'\norg = 'x'\n",
       "3: this build has no connector for github, only for filesystem and forge"},
      {"no name", "[[source]]\ntype = 'filesystem'\npath = 'x'\n",
       "1: a filesystem source needs name: unique, one word; what `--source`, exports and messages call it"},
      {"a name of two words", "[[source]]\nname = 'a b'\ntype = 'filesystem'\npath = 'x'\n",
       "2: name has to be one word, without a comma"},
      {"the same name twice", kSource + "path = 'x'\n" + kSource + "path = 'y'\n",
       "6: the source at line 1 has the same name: each needs one of its own"},
      {"neither path nor paths", kSource, "1: a filesystem source needs path or paths"},
      {"both", kSource + "paths = ['x']\ndeep = true\npath = 'x'\n",
       "6: path and paths (line 4) exclude each other: keep one"},
      {"a source that is one table", "[source]\nname = 'a'\n",
       "1: source has to be an array of tables, [[source]] each"},
      {"no source in the array", "source = []\n", "1: source has to be an array of tables, [[source]] each"},
      {"an empty path", kSource + "path = ''\n", "4: path has to be a path: a string, not empty"},
      {"a path of another type", kSource + "path = ['x']\n", "4: path has to be a path: a string, not empty"},
      {"a path with an end inside", kSource + "path = \"x\\u0000y\"\n",
       "4: path has to be a path: a string, not empty"},
      {"no paths", kSource + "paths = []\n", "4: paths has to be an array of paths, neither it nor one of them empty"},
      {"a path that is none", kSource + "paths = ['x', 1]\n",
       "4: paths has to be an array of paths, neither it nor one of them empty"},
      {"a variable in a path", kSource + "path = '${HOME}/x'\n",
       "4: path holds ${, and nothing is expanded here: write it out, or begin it with ~/"},
      {"the same in one of several", kSource + "paths = ['y', '${HOME}/x']\n",
       "4: paths holds ${, and nothing is expanded here: write it out, or begin it with ~/"},
      {"another's home", kSource + "path = '~bob/x'\n",
       "4: path begins with ~ and a name: only ~/ is known, the home that HOME names; a file of such a name is ./~…"},
      {"an empty pattern", kSource + "path = 'x'\nexclude = ['']\n",
       "5: exclude has to be an array of strings, neither it nor one of them empty"},
      {"a flag that is a word", kSource + "path = 'x'\ndeep = 'yes'\n", "5: deep has to be true or false"},
      {"no threads", kSource + "path = 'x'\nthreads = 0\n", "5: threads has to be a whole number from 1 to 256"},
      {"a negative number", kSource + "path = 'x'\nthreads = -1\n",
       "5: threads has to be a whole number from 1 to 256"},
      {"a fraction", kSource + "path = 'x'\nthreads = 1.0\n", "5: threads has to be a whole number from 1 to 256"},
      {"two names for one thing", kSource + "path = 'x'\nthreads = 1\nconcurrency = 1\n",
       "6: concurrency and threads (line 5) exclude each other: keep one"},
      {"no credential", kForge, "1: a forge source needs app, token_env, token_file or token_command"},
      {"two credentials", kForge + "token_env = 'A'\ntoken_file = 'b'\n",
       "6: token_file and token_env (line 5) exclude each other: keep one"},
      {"a table without what it needs", kForge + "[source.app]\nid = 1\n", "5: [app] needs key_file: "},
      {"a variable with a value in it", kForge + "token_env = 'A=b'\n",
       "5: token_env has to be the name of an environment variable, such as GH_TOKEN"},
      {"a command that is one string", kForge + "token_command = 'pass show x'\n",
       "5: token_command has to be a program and its arguments, an array of strings"},
      {"a rate of nothing", kForge + "token_env = 'A'\nrate = 0\n",
       "6: rate has to be a number of requests a second above 0, or \"service\""},
      {"a rate that is no number", kForge + "token_env = 'A'\nrate = inf\n",
       "6: rate has to be a number of requests a second above 0, or \"service\""},
      {"a password in an address", kForge + "token_env = 'A'\nproxy = 'http://u:p@proxy.example.test'\n",
       "6: proxy has to be an address that begins with http:// or socks5://, without user and password"},
      {"a proxy that speaks TLS itself", kForge + "token_env = 'A'\nproxy = 'https://proxy.example.test'\n",
       "6: proxy has to be an address that begins with http:// or socks5://, without user and password"},
      {"a day in quotes", kForge + "token_env = 'A'\nsince = '2026-01-31'\n",
       "6: since has to be a day that exists, such as 2027-03-31, without quotes"},
      {"a misspelt key, and not that it is missing", "[[policy.rule]]\nnam = 'X'\nclass = 'B'\nreason = 'r'\n",
       "2: unknown key 'nam', perhaps name: a [[policy.rule]] takes id, source, store, locator, name, class and "
       "reason"},
      {"the first of several by its place", kSource + "path = 'x'\nthreads = 0\ndeep = 1\n",
       "5: threads has to be a whole number from 1 to 256"},
      {"all is well", kSource + "path = 'x'\n", ""},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    CHECK(error_of(c.text) == (c.error.empty() ? "fine" : "tokensweep.toml:" + c.error));
  }
}

TEST_CASE("a policy that contradicts itself is refused with both places") {
  const std::string rule = "[[policy.rule]]\nname = 'X'\nclass = 'B'\nreason = 'r'\n";
  const std::string exception = "[[policy.exception]]\nid = 'x'\nowner = 'o'\nreason = 'r'\n";
  const std::string until = "until = 2027-01-01\n";
  const std::string later = "a stricter class is not rotated later than the next one";
  const struct {
    const char* what;
    std::string text;
    std::string error;
  } cases[] = {
      {"A slower than B", "[policy.rotate_days]\nb = 20\na = 25\n",
       "3: rotate_days.a (line 3) is more than rotate_days.b (line 2): " + later},
      {"A slower than B's default", "[policy.rotate_days]\na = 100\n",
       "2: rotate_days.a (line 2) is more than rotate_days.b (90 by default): " + later},
      {"B faster than A's default", "[policy.rotate_days]\nb = 20\n",
       "2: rotate_days.a (30 by default) is more than rotate_days.b (line 2): " + later},
      {"the top slower than the rest of A", "[policy.rotate_days]\na_top = 14\na = 10\n",
       "3: rotate_days.a_top (line 2) is more than rotate_days.a (line 3): " + later},
      {"C slower than D", "[policy.rotate_days]\nd = 60\n",
       "2: rotate_days.c (90 by default) is more than rotate_days.d (line 2): " + later},
      {"the top larger than all", "[policy]\nranks = 50\n",
       "2: top_ranks (100 by default) is more than ranks (line 2): the top is a part of class A"},
      {"equal is no contradiction", "[policy]\nranks = 100\n[policy.rotate_days]\na_top = 30\n", ""},
      {"a negative overlap", "[policy.overlap_hours]\nci = -1\n",
       "2: policy.overlap_hours.ci has to be a whole number from 0 to 8760"},
      {"no days", "[policy.rotate_days]\na = 0\n", "2: policy.rotate_days.a has to be a whole number from 1 to 3650"},
      {"a cadence that is a number", "[policy]\nrotate_days = 30\n",
       "2: policy.rotate_days has to be a table, [policy.rotate_days]"},
      {"two rules for the same hits", rule + "[[policy.rule]]\nname = 'X'\nclass = 'C'\nreason = 'r'\n",
       "5: this rule and the one at line 1 give the same hits different classes: keep one"},
      {"two that agree", rule + rule, ""},
      {"a rule about everything", "[[policy.rule]]\nclass = 'B'\nreason = 'r'\n",
       "1: a [[policy.rule]] has to say which hits it is about: id, source, store, locator or name"},
      {"a rule without a class", "[[policy.rule]]\nname = 'X'\nreason = 'r'\n",
       "1: a [[policy.rule]] needs class: `\"A\"`, `\"B\"`, `\"C\"` or `\"D\"`: what they are, in place of what their "
       "place shows"},
      {"a rule of no class", "[[policy.rule]]\nname = 'X'\nclass = 'E'\nreason = 'r'\n",
       "3: class has to be \"A\", \"B\", \"C\" or \"D\""},
      {"a rule without a reason", "[[policy.rule]]\nname = 'X'\nclass = 'C'\n",
       "1: a [[policy.rule]] needs reason: how the company knows"},
      {"two exceptions for the same hits", exception + until + exception + until,
       "6: this exception and the one at line 1 are about the same hits: keep one"},
      {"an exception for ever", exception, "1: a [[policy.exception]] needs until: the last day on which it holds"},
      {"an exception of long ago", exception + "until = 1027-01-01\n", "5: until lies before 2020: a slip of the pen"},
      {"one that has ended", exception + "until = 2020-01-01\n", ""},
      {"an exception until a moment", exception + "until = 2027-01-01T00:00:00Z\n",
       "5: until has to be a day that exists, such as 2027-03-31, without quotes"},
      {"an exception of nobody", "[[policy.exception]]\nid = 'x'\nreason = 'r'\n" + until,
       "1: a [[policy.exception]] needs owner: who answers for it"},
      {"an exception for everything", "[[policy.exception]]\nowner = 'o'\nreason = 'r'\n" + until,
       "1: a [[policy.exception]] has to say which hits it is about: id, source, store, locator or name"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    CHECK(error_of(c.text) == (c.error.empty() ? "fine" : "tokensweep.toml:" + c.error));
  }
}

TEST_CASE("what the company publishes are names of packages and patterns of them") {
  for (const char* fine :
       {"left-pad", "acme-*", "@acme/*", "@acme/site", "@acme/ui-*", "JSONStream", "a.b_c~d", "@acme/_x"}) {
    CAPTURE(fine);
    CHECK(error_of(std::string("[policy]\npublishes = ['") + fine + "']\n") == "fine");
  }
  for (const char* wrong : {"*", "@*/x", "@acme", "@acme/", "@/x", "a b", "a*b", "*-a", "a/b", "_x", ".x", "@acme/a/b",
                            "a**", "https://x", "@ac*/x"}) {
    CAPTURE(wrong);
    CHECK(error_of(std::string("[policy]\npublishes = ['fine', '") + wrong + "']\n") ==
          "tokensweep.toml:2: policy.publishes: number 2 is no package: a name, name-*, @scope/name or @scope/*");
  }
}

TEST_CASE("without a HOME there is no ~/") {
  const auto nothing = [](const char*) -> std::optional<std::string> { return std::nullopt; };
  const auto config = parse_config(kSource + "path = '~/x'\n", "tokensweep.toml", nothing);
  REQUIRE_FALSE(config);
  CHECK(config.error().what == "tokensweep.toml:4: path begins with ~, and HOME is not set");
}

TEST_CASE("no message repeats a value") {
  const std::string value = "Sup3rSecretValue";
  const std::string texts[] = {
      kSource + "path = 1\nthreads = '" + value + "'\n",
      kForge + "token = '" + value + "'\n",
      kForge + "token_env = '" + value + " '\n",
      kForge + "proxy = 'http://" + value + "@x.example.test'\n",
      "[policy]\npublishes = ['" + value + " ']\n",
      "[[source]]\nname = 'a'\ntype = '" + value + "'\n",
      "[[source]]\nname = '" + value + " x'\ntype = 'filesystem'\npath = 'x'\n",
      "[inventory]\n" + value + " = 1\n",
      "[inventory]\nfile = '${" + value + "}'\n",
      "[inventory]\nfile = \"" + value + "\n",
      value,
  };
  for (const std::string& text : texts) {
    CAPTURE(text);
    const std::string error = error_of(text);
    CHECK(error != "fine");
    CHECK(error.find(value) == std::string::npos);
    CHECK(error.find('\n') == std::string::npos);
  }
}

TEST_CASE("a file that others could have written is refused") {
  const testing::TempDirectory temp;
  const std::string text = kSource + "path = 'tree'\n";
  const auto load = [&](const char* name) { return load_config(temp / name, home); };
  testing::write_file(temp / "fine.toml", text, 0644);
  const auto fine = load("fine.toml");
  REQUIRE(fine);
  CHECK(filesystem_source(fine->sources[0].settings).paths[0] == temp / "tree");

  testing::write_file(temp / "loose.toml", text, 0664);
  const auto loose = load("loose.toml");
  REQUIRE_FALSE(loose);
  CHECK(loose.error().kind == ErrorKind::misconfigured);
  CHECK(loose.error().what == (temp / "loose.toml").native() +
                                  ": others can write it (mode 0664): chmod 600 it, after asking who has used it");

  std::filesystem::create_symlink(temp / "fine.toml", temp / "link.toml");
  CHECK(load("link.toml"));
  std::filesystem::create_directory(temp / "open");
  testing::write_file(temp / "open/fine.toml", text, 0600);
  ::chmod((temp / "open").c_str(), 0777);
  CHECK_FALSE(load("open/fine.toml"));
  CHECK_FALSE(load("open"));
  const auto absent = load("absent.toml");
  REQUIRE_FALSE(absent);
  CHECK(absent.error().what == (temp / "absent.toml").native() + ": cannot be read: No such file or directory");

  testing::write_file(temp / "wrong.toml", "x = 1\n", 0600);
  const auto wrong = load("wrong.toml");
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().what.starts_with((temp / "wrong.toml").native() + ":1: unknown key 'x'"));
  testing::write_file(temp / "large.toml", std::string((1U << 20U) + 1, '#'), 0600);
  CHECK_FALSE(load("large.toml"));
}

}  // namespace
