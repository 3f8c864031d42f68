#include "formats/known_files.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

namespace {

using namespace tokensweep;

TEST_CASE("which files are read by default") {
  struct Case {
    const char* path;  // at most two directories and the name
    FileFormat format;
    Place place;
  };
  using F = FileFormat;
  using P = Place;
  const Case cases[] = {
      {".npmrc", F::npmrc, P::project_config},
      {".npmrc.bak", F::npmrc, P::project_config},
      {".npmrc~", F::npmrc, P::project_config},
      {".npmrc-ci", F::npmrc, P::project_config},
      {"etc/npmrc", F::npmrc, P::user_config},
      {".config/pnpm/auth.ini", F::npmrc, P::user_config},
      {"pnpm/config/auth.ini", F::npmrc, P::user_config},
      {".config/pnpm/rc", F::npmrc, P::user_config},
      {"pnpm/config/rc", F::npmrc, P::user_config},
      {".yarnrc.yml", F::yarnrc_yml, P::project_config},
      {".yarnrc.yaml", F::yarnrc_yml, P::project_config},
      {".yarnrc.yml.orig", F::yarnrc_yml, P::project_config},
      {".yarnrc", F::yarnrc, P::project_config},
      {".config/pnpm/config.yaml", F::pnpm_config, P::user_config},
      {"bunfig.toml", F::bunfig, P::project_config},
      {".bunfig.toml", F::bunfig, P::user_config},
      {".env", F::text, P::project_config},
      {".env.production", F::text, P::project_config},
      {".envrc", F::text, P::project_config},
      {"prod.env", F::text, P::project_config},
      {"etc/environment", F::text, P::shell},
      {".bashrc", F::text, P::shell},
      {".zshenv", F::text, P::shell},
      {".config/fish/config.fish", F::text, P::shell},
      {".bash_history", F::text, P::shell},
      {".node_repl_history", F::text, P::shell},
      {"fish/fish_history", F::text, P::shell},
      {"PSReadLine/ConsoleHost_history.txt", F::text, P::shell},
      {"npm-debug.log.1", F::text, P::log},
      {".npm/_logs/2026-01-01T00_00_00_000Z-debug-0.log", F::text, P::log},
      {".docker/config.json", F::text, P::user_config},
      {".netrc", F::text, P::user_config},
      {"_netrc", F::text, P::user_config},
      {".github/workflows/ci.yml", F::text, P::ci_config},
      {".github/workflows/release.yaml", F::text, P::ci_config},
      {"actions/setup/action.yml", F::text, P::ci_config},
      {"x/.circleci/config.yml", F::text, P::ci_config},
      {".gitlab-ci.yml", F::text, P::ci_config},
      {".gitlab-ci.deploy.yml", F::text, P::ci_config},
      {"Jenkinsfile", F::text, P::ci_config},
      {"jenkinsfile.release", F::text, P::ci_config},
      {"Deploy.Jenkinsfile", F::text, P::ci_config},
      {"Dockerfile", F::text, P::container},
      {"dockerfile.dev", F::text, P::container},
      {"app.Dockerfile", F::text, P::container},
      {"Containerfile", F::text, P::container},
      {"docker-compose.override.yml", F::text, P::container},
      {"compose.yaml", F::text, P::container},
      {"terraform.tfstate", F::text, P::infrastructure},
      {"terraform.tfstate.backup", F::text, P::infrastructure},
      {"prod.tfvars", F::text, P::infrastructure},
      {"prod.auto.tfvars.json", F::text, P::infrastructure},
  };
  for (const Case& c : cases) {
    CAPTURE(c.path);
    std::string parts[3];
    for (const char* at = c.path; *at != '\0'; ++at) {
      if (*at == '/') {
        parts[0] = parts[1], parts[1] = parts[2], parts[2].clear();
      } else {
        parts[2] += *at;
      }
    }
    const auto known = default_format(parts[2], parts[1], parts[0]);
    REQUIRE(known);
    CHECK(known->format == c.format);
    CHECK(known->place == c.place);
  }
}

TEST_CASE("near misses are left alone") {
  const char* names[] = {"",
                         "n",
                         ".",
                         "..",
                         "a.npmrc",
                         "npmrc.js",
                         "xnpmrc",
                         "NPMRC",
                         ".Npmrc",
                         "rc",
                         "auth.ini",
                         "config.yaml",
                         "config.json",
                         ".yarnrc.json",
                         ".yarnrcs",
                         "yarnrc",
                         "bunfig.js",
                         "environment",
                         "env",
                         "envrc",
                         "environment.js",
                         "history",
                         "_histor",
                         "index.js",
                         "x.log",
                         "ci.yml",
                         "package.json",
                         "tfstate.json",
                         "compose.js",
                         "a.tfstates",
                         "xDockerfile",
                         "main.tf",
                         "README.md",
                         "action.js",
                         "netrc",
                         "README",
                         "mydockerfile",
                         "composer.json",
                         "tfvars",
                         ".en"};
  for (const char* name : names) {
    CAPTURE(name);
    CHECK(!default_format(name, "", ""));
    CHECK(!default_format(name, "src", "home"));
  }
  CHECK(!default_format("ci.yml", "workflows", "docs"));
  CHECK(!default_format("config.json", "docker", ""));
  CHECK(!default_format("rc", "config", "other"));
}

TEST_CASE("each documented name is accepted, and no letter of it may be missing") {
  CHECK(default_names().size() > 80);
  for (const std::string_view pattern : default_names()) {
    CAPTURE(pattern);
    std::string parts[3];
    for (const char c : pattern) {
      if (c == '/') {
        parts[0] = parts[1], parts[1] = parts[2], parts[2].clear();
      } else {
        parts[2] += c;
      }
    }
    std::string name = parts[2];
    const std::size_t star = name.find('*');
    if (star != std::string::npos) name.replace(star, 1, "x");
    CHECK(default_format(name, parts[1], parts[0]));
    if (!parts[1].empty()) CHECK(!default_format(name, parts[1] + "x", parts[0]));
    if (star == std::string::npos) {
      CHECK(!default_format(name.substr(0, name.size() - 1), "q", "q"));
      CHECK(!default_format("z" + name, "q", "q"));
    }
  }
}

}  // namespace
