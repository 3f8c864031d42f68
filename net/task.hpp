#pragma once

#include <boost/asio/awaitable.hpp>

namespace tokensweep {

/// A coroutine of the network thread. All of them run on that one thread, so what they share needs no lock. Arguments
/// are taken by value, or refer to what outlives the task. Ctrl-C ends a task by destroying it where it waits.
///
/// g++ 12 destroys some temporaries of a `co_await` expression twice: braces and lambdas with captures have to be named
/// on the line above and moved in (tools/layers.py looks for them).
template <class T = void>
using Task = boost::asio::awaitable<T>;

}  // namespace tokensweep

/// `CO_TRY(auto page, co_await client.send(request));` is TRY for coroutines.
#define CO_TRY(declaration, expression)                                                               \
  auto TOKENSWEEP_JOIN(try_, __LINE__) = (expression);                                                \
  if (!TOKENSWEEP_JOIN(try_, __LINE__)) co_return std::move(TOKENSWEEP_JOIN(try_, __LINE__)).error(); \
  declaration = std::move(*TOKENSWEEP_JOIN(try_, __LINE__))

/// The same for what returns nothing.
#define CO_TRY_VOID(expression)                                                                         \
  do {                                                                                                  \
    auto TOKENSWEEP_JOIN(try_, __LINE__) = (expression);                                                \
    if (!TOKENSWEEP_JOIN(try_, __LINE__)) co_return std::move(TOKENSWEEP_JOIN(try_, __LINE__)).error(); \
  } while (false)
