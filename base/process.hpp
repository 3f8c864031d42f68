#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "base/wiped_text.hpp"

namespace tokensweep {

/// A program that prints a credential, and what bounds the wait for it.
struct ProcessRun {
  /// The program, looked for in PATH where it holds no slash, and what it is told. At least one.
  std::vector<std::string> arguments;
  /// What its environment has beside ours, or in place of it.
  std::vector<std::pair<std::string, Secret>> variables;
  std::chrono::milliseconds deadline{30'000};  ///< after which it is killed
  std::size_t largest_output = std::size_t{64} << 10U;
};

/// Runs it and gives all that it prints, in memory that is wiped. It runs without a shell, with nothing to read, and
/// what it writes to its standard error goes nowhere; it must end with 0. When this returns, it has ended, and so has
/// what it started and left behind in its process group. Blocks; `stopped` is asked every 20 ms, and ends it by true.
///
/// An error (`misconfigured`) says how it failed, and nothing that it printed or was told.
Result<WipedText> output_of(const ProcessRun& run, const std::function<bool()>& stopped);

}  // namespace tokensweep
