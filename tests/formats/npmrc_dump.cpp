// Prints what our reader makes of npmrc files, as JSON for tests/npm_oracle/run.py. The files are generated, so their
// values may be seen; nothing else may ever link this.
//
//   npmrc_dump PROJECT USER [REGISTRY …]

#include <fmt/core.h>

#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include "formats/ini.hpp"
#include "formats/npmrc.hpp"
#include "formats/readers.hpp"

namespace {

using namespace tokensweep;

std::string quote(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || c == '"' || c == '\\') {
      out += fmt::format("\\u{:04x}", byte);
    } else {
      out += c;
    }
  }
  out += '"';
  return out;
}

std::string read_file(const char* path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return std::move(out).str();
}

std::string dump_lines(std::string_view bytes) {
  IniReader reader(bytes);
  IniLine line;
  std::string out;
  while (reader.next(line)) {
    if (line.commented_out) continue;
    const bool text = line.value.type == IniValue::Type::text;
    out +=
        fmt::format("{}{{\"section\":{},\"key\":{},\"appends\":{},\"value\":{},\"line\":{}}}", out.empty() ? "" : ",",
                    line.section ? quote(*line.section) : "null", quote(line.key.reveal()), line.appends,
                    text ? quote(line.value.text.reveal()) : std::string(line.value.text.reveal()), line.line);
  }
  return fmt::format("[{}]", out);
}

std::string dump_credential(const Credential& credential, const Standing& standing) {
  const auto optional = [](const std::optional<std::string>& text) { return text ? quote(*text) : "null"; };
  const char* by = !standing.shadowed_by                         ? "null"
                   : *standing.shadowed_by == NpmrcFile::project ? "\"project\""
                                                                 : "\"user\"";
  return fmt::format(
      "{{\"key\":{},\"registry\":{},\"value\":{},\"username\":{},\"reference\":{},\"line\":{},\"shadowed\":{},"
      "\"unscoped\":{},\"inert\":{},\"commented_out\":{},\"shadowed_by\":{}}}",
      quote(credential.key), optional(credential.registry), quote(credential.value.reveal()),
      quote(credential.username), optional(credential.reference), credential.line, credential.shadowed,
      credential.unscoped, credential.inert, credential.commented_out, by);
}

std::string dump_file(std::string_view bytes, const Reading& reading, const std::vector<Standing>& standings) {
  std::string credentials;
  for (std::size_t i = 0; i < reading.credentials.size(); ++i) {
    if (i > 0) credentials += ",";
    credentials += dump_credential(reading.credentials[i], standings[i]);
  }
  std::string registries;
  for (const auto& [scope, registry] : reading.registries) {
    registries += fmt::format("{}[{},{}]", registries.empty() ? "" : ",", quote(scope), quote(registry));
  }
  return fmt::format("{{\"lines\":{},\"credentials\":[{}],\"registries\":[{}]}}", dump_lines(bytes), credentials,
                     registries);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const std::string project_bytes = read_file(argv[1]);
  const std::string user_bytes = read_file(argv[2]);
  const auto project = read_npmrc(project_bytes);
  const auto user = read_npmrc(user_bytes);
  if (!project || !user) return 1;
  const Standings standings = lay_over(*project, *user);
  std::string sent;
  for (int i = 3; i < argc; ++i) {
    const auto winner = credential_for(argv[i], *project, *user);
    if (!sent.empty()) sent += ",";
    sent += fmt::format("{}:", quote(argv[i]));
    sent += !winner
                ? "null"
                : fmt::format("[\"{}\",{}]", winner->file == NpmrcFile::project ? "project" : "user", winner->index);
  }
  fmt::print("{{\"project\":{},\"user\":{},\"sent\":{{{}}}}}\n", dump_file(project_bytes, *project, standings.project),
             dump_file(user_bytes, *user, standings.user), sent);
  return 0;
}
