#pragma once

#include <string_view>

#include "base/result.hpp"
#include "formats/credential.hpp"

/// Readers of the files that package managers take credentials from: bytes in, credentials out. Pure, no environment,
/// no other file. Each accepts any bytes; what is no valid file gives an Error{malformed} that tells line and column
/// and never quotes the input, and the caller falls back to the rules for text.
namespace tokensweep {

/// npm's ini dialect exactly as npm reads it (ini 7, @npmcli/config 11; facts in docs/npmrc.md): `.npmrc`, pnpm's
/// `auth.ini` and `rc`.
Result<Reading> read_npmrc(std::string_view bytes);

/// Yarn 2 and later: `.yarnrc.yml`.
Result<Reading> read_yarnrc_yml(std::string_view bytes);

/// Yarn 1: `.yarnrc`, lines of `"key" "value"`.
Result<Reading> read_yarnrc(std::string_view bytes);

/// pnpm 12's global `config.yaml`, with its structured `_auth`.
Result<Reading> read_pnpm_config(std::string_view bytes);

/// Bun: `bunfig.toml`, `.bunfig.toml`.
Result<Reading> read_bunfig(std::string_view bytes);

}  // namespace tokensweep
