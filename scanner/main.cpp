#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <exception>

#include "scanner/cli.hpp"
#include "scanner/commands.hpp"

namespace tokensweep {
namespace {

std::atomic<bool> stop{false};

/// The first Ctrl-C asks the sweep to stop where it is and keep what it has; the second does not wait for that.
void on_signal(int) {
  if (stop.exchange(true)) _exit(kInterrupted);
}

void harden() {
  umask(077);
  // A crash must not leave the values that were in memory in a file.
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
#if defined(__linux__)
  prctl(PR_SET_DUMPABLE, 0);
#endif
  std::signal(SIGPIPE, SIG_IGN);  // a reader that goes away is an error of the output, told as such
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

int run(std::span<const char* const> arguments) {
  auto parsed = parse_command_line(arguments, process_environment);
  if (const auto* exit = std::get_if<CliExit>(&parsed)) {
    DescriptorOutput(STDERR_FILENO).write(exit->err);
    DescriptorOutput out(STDOUT_FILENO);
    out.write(exit->out);
    return out.finish() ? exit->code : static_cast<int>(kStorage);
  }
  const auto& line = std::get<CommandLine>(parsed);
  Messages messages(line.global.log_format, line.global.quiet);
  const World world{.environment = process_environment,
                    .messages = messages,
                    .now = [] { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); },
                    .stop = stop};
  try {
    return run_command(line, world);
  } catch (const std::exception& bug) {
    // what() of the libraries in use names no input; out of memory is the likely one.
    messages.error(std::string("stopped by an internal error: ") + bug.what());
    return kStorage;
  }
}

}  // namespace
}  // namespace tokensweep

int main(int count, char** arguments) {
  tokensweep::harden();
  return tokensweep::run({arguments, static_cast<std::size_t>(count)});
}
