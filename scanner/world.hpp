#pragma once

#include <atomic>
#include <functional>

#include "base/environment.hpp"
#include "base/result.hpp"
#include "model/model.hpp"
#include "scanner/messages.hpp"

namespace tokensweep {

/// The exit codes of the contract.
enum ExitCode : int {
  kComplete = 0,
  kFound = 1,
  kUsage = 2,
  kIncomplete = 3,
  kStorage = 4,
  kInterrupted = 130,
};

/// The world around a command, as it is handed in by main.
struct World {
  Environment environment;
  Messages& messages;
  std::function<Time()> now;
  const std::atomic<bool>& stop;  ///< Ctrl-C, SIGTERM
};

/// Says what went wrong, in its line, and gives the code back.
int fail(const World& world, int code, const Error& error);
/// The same with the code that the error's kind asks for: kUsage for what the user has to change, else kStorage.
int fail(const World& world, const Error& error);

}  // namespace tokensweep
