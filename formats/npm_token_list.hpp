#pragma once

#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/registry.hpp"

namespace tokensweep {

/// Reads the list of an account's tokens: what `npm token list --json` printed, of any npm from 6 to 12, or the answer
/// of `GET /-/npm/v1/tokens`, if that is the whole list and not a page of it. In the list's order; an empty list is
/// one.
///
/// Which field says what (npm/api-documentation token.yaml, npm/registry docs/user/authentication.md, npm/cli#9443):
/// - **key**: `key`. npm 11 and 12 mask it (`***`) where it is a UUID; then `id`, the shortest beginning of the key
/// that
///   is unique in this list, where that is printed; else it stays empty.
/// - **first**, **last**: of `token`, `npm_aBcD...7890` or a beginning alone. `[REDACTED]` shows nothing. More than 16
///   characters are no redaction, and an error: a list holds no secrets.
/// - **access**: `packages_and_scopes_permission` where there is one; else the strongest action among the
///   `permissions` on packages, where a word that we do not know counts as stronger than `read` and `stage`; no
///   permission on packages among others: `none`, since those that are granted are listed; else `readonly: true` is
///   `read`; else a classic token's is `write`. What none of these tells is `unknown`.
/// - **all_packages**: write access, and either the token is classic, or `packages_all`, or `*` is among its scopes, or
///   its `scopes` are listed and name no package and no scope.
/// - **bypass_2fa**: `bypass_2fa`, or `automation`, the classic kind of the same.
/// - **classic**: has `readonly` or `automation`, but none of the fields that came with granular tokens (`expiry`,
///   `permissions`, `scopes`, `bypass_2fa`, …) or that verdaccio's list has (`user`, `cidr`), and was created no later
///   than 2025-11-05, the last day on which any were. Whatever lacks one of these is not called classic, for that means
///   dead, and another registry's tokens live.
/// - **revoked**: `true`, or a time. **ip_ranges**: `cidr` and `cidr_whitelist`.
///
/// A field that is null is as good as absent, and one that we do not know is passed over. A known one of another type
/// is an error that names the element (counted from 1), the field and what it should be, never what it is; so is an
/// element without `token`, and a key that stands there twice. `account`: whose list it is, for the result.
Result<std::vector<RegistryToken>> read_npm_token_list(std::string_view text, std::string_view account);

}  // namespace tokensweep
