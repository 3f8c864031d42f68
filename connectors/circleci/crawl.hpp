#pragma once

#include <string>

#include "connectors/circleci/api.hpp"
#include "connectors/circleci/targets.hpp"
#include "connectors/connector.hpp"

namespace tokensweep::circleci {

struct CrawlOptions {
  std::string name;  ///< the source's
  std::string host;  ///< `circleci.com`, with a port where it has one: the realm is `circleci:` and this
  std::size_t in_flight = 1;
};

/// An embedded list of variables as long as a page may be cut off there: it is read again, page by page.
inline constexpr std::size_t kMaybeCut = 20;

/// Reads every context and project of the targets once. Its scopes:
/// - one for each context, `<organisation's id>/context/<id>`, and one for each project,
///   `<organisation's id>/project/<its part of the slug>`; places are below them, `…/<variable>`;
/// - `<organisation's id>/context`, ended last: complete where the contexts' list was read to its end, and then those
///   that it no longer names are gone with what they held;
/// - `<organisation's id>/project`, ended last, which lets nothing go, because no list names all projects. A gap says
///   which are known and how.
///
/// An organisation that is not the token's user's has one scope that says so. A project of `candidates` that is not
/// there ends as `skipped`.
Task<Result<>> crawl(Api& api, const Targets& targets, const CrawlOptions& options, Sink& sink);

}  // namespace tokensweep::circleci
