#pragma once

#include <functional>
#include <string_view>

#include "base/result.hpp"
#include "report/output.hpp"
#include "report/row.hpp"
#include "report/terminal.hpp"

namespace tokensweep {

/// The inventory's way to read hits, `Inventory::for_each_hit`, as a function so that it can be stood in for.
using EachHit = std::function<Result<>(const HitQuery& query, const std::function<bool(const HitRow&)>& each)>;

/// What `show` has to know besides the inventory.
struct ShowContext {
  Time now;
  Policy policy;
  Terminal terminal;
};

/// Prints every place that holds or held one token, in the order in which they are to be changed when it is rotated, in
/// constant memory. `id` may be the beginning of an id that is
/// unique in the inventory. An unknown or ambiguous one is an error of the kind `misconfigured`, whose line names the
/// candidates, and never repeats `id`: somebody may have pasted a token.
Result<> show_token(std::string_view id, const EachHit& each_hit, const ShowContext& context, Output& output);

}  // namespace tokensweep
