#pragma once

#include <functional>
#include <stop_token>

#include "net/task.hpp"

namespace tokensweep {

/// Runs what blocks, such as a program that has to be waited for, on a thread of its own, and suspends until it has
/// ended. A task that is destroyed meanwhile has `work` told to stop, and waits for it: it has to look often. What it
/// throws is thrown here.
Task<> off_thread(std::function<void(const std::stop_token& stop)> work);

}  // namespace tokensweep
