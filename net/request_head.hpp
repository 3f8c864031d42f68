#pragma once

#include <span>
#include <string>

#include "base/result.hpp"
#include "base/wiped_text.hpp"
#include "net/http.hpp"

namespace tokensweep {

/// `host:port` as CONNECT has it, an IPv6 address in brackets.
std::string authority(const Origin& origin);

/// Appends a request's line and headers as they are sent, up to the empty line: those of the request, the credential's,
/// and Host, User-Agent, Accept-Encoding, Content-Length. `misconfigured` for a credential with a line break or another
/// control character in it, `internal` for a header or an address that has one.
Result<> append_head(WipedText& out, const HttpRequest& request, std::span<const SecretHeader> credential);

/// The same for CONNECT; `authorization` may be empty.
void append_connect(WipedText& out, const Origin& origin, const Secret& authorization);

}  // namespace tokensweep
