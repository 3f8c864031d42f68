#include "base/process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <optional>
#include <string_view>
#include <system_error>

namespace tokensweep {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// How often a command that has closed its output, but not ended, is looked at, and a stop is noticed.
constexpr milliseconds kBetweenLooks{20};

Error wrong(std::string what) { return {ErrorKind::misconfigured, std::move(what)}; }

std::string system_text(int error) { return std::generic_category().message(error); }

/// One end of a pipe, closed when it goes.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(); }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

/// A program that was started, in a process group of its own. It does not outlive this object.
class Child {
 public:
  static Result<Child> start(const ProcessRun& run, int output);
  Child(Child&& other) noexcept : id_(std::exchange(other.id_, 0)) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  Child& operator=(Child&&) = delete;
  ~Child() { end(); }

  /// Its status as waitpid gives it, if it has ended.
  std::optional<int> status() {
    // Not yet taken: its id is its group's until then, and nobody else's.
    siginfo_t ended{};
    if (::waitid(P_PID, static_cast<id_t>(id_), &ended, WEXITED | WNOHANG | WNOWAIT) != 0 || ended.si_pid == 0) {
      return std::nullopt;
    }
    return end();
  }

 private:
  explicit Child(pid_t id) : id_(id) {}

  /// Ends it, and what it started and left behind.
  int end() {
    int status = 0;
    if (id_ == 0) return status;
    ::kill(-id_, SIGKILL);
    while (::waitpid(id_, &status, 0) < 0 && errno == EINTR) {
    }
    id_ = 0;
    return status;
  }

  pid_t id_;
};

/// How a child begins: nothing to read, nowhere to complain, and no signal blocked or ignored because we do so.
class SpawnSettings {
 public:
  explicit SpawnSettings(int output) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions_, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawnattr_init(&attributes_);
    sigset_t signals;
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes_, &signals);
    for (const int ours : {SIGPIPE, SIGINT, SIGTERM}) sigaddset(&signals, ours);
    posix_spawnattr_setsigdefault(&attributes_, &signals);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  [[nodiscard]] const posix_spawn_file_actions_t* actions() const { return &actions_; }
  [[nodiscard]] const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

/// Texts in the form that system calls take. They have to outlive it.
std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// Our environment, with these variables in it.
std::vector<std::string> environment_with(const std::vector<std::pair<std::string, Secret>>& variables) {
  std::vector<std::string> all;
  for (const auto& [name, value] : variables) all.push_back(fmt::format("{}={}", name, value.reveal()));
  for (char** each = ::environ; each != nullptr && *each != nullptr; ++each) {
    const std::string_view ours = *each;
    const auto replaces = [&ours](const auto& variable) {
      return ours.starts_with(variable.first) && ours.substr(variable.first.size()).starts_with('=');
    };
    if (std::none_of(variables.begin(), variables.end(), replaces)) all.emplace_back(ours);
  }
  return all;
}

Result<Child> Child::start(const ProcessRun& run, int output) {
  std::vector<std::string> words = run.arguments;
  const std::vector<char*> arguments = pointers_to(words);
  // Ours may hold credentials of other sources: it is only copied where it has to be.
  std::vector<std::string> copies =
      run.variables.empty() ? std::vector<std::string>() : environment_with(run.variables);
  const std::vector<char*> environment = pointers_to(copies);
  const SpawnSettings settings(output);
  pid_t id = 0;
  const int error = ::posix_spawnp(&id, arguments.front(), settings.actions(), settings.attributes(), arguments.data(),
                                   run.variables.empty() ? ::environ : environment.data());
  for (std::string& copy : copies) wipe(copy.data(), copy.size());
  if (error != 0) return wrong(fmt::format("cannot be started: {}", system_text(error)));
  return Child(id);
}

/// The wait for one command.
class Patience {
 public:
  Patience(milliseconds deadline, const std::function<bool()>& stopped)
      : stopped_(stopped), until_(steady_clock::now() + deadline) {}

  /// How long to wait before the next question, or why not any longer.
  [[nodiscard]] Result<milliseconds> next() const {
    if (stopped_ && stopped_()) return wrong("was interrupted");
    const auto left = std::chrono::ceil<milliseconds>(until_ - steady_clock::now());
    if (left <= milliseconds{0}) return wrong("takes too long, and was ended");
    return std::min(left, kBetweenLooks);
  }

 private:
  const std::function<bool()>& stopped_;
  steady_clock::time_point until_;
};

/// Reads what the command prints up to its end.
Result<WipedText> read_output(int output, std::size_t largest, const Patience& patience) {
  WipedText text;
  WipedBuffer piece(std::size_t{4} << 10U);
  while (text.size() <= largest) {
    TRY(const milliseconds wait, patience.next());
    pollfd ready{.fd = output, .events = POLLIN, .revents = 0};
    if (::poll(&ready, 1, static_cast<int>(wait.count())) <= 0) continue;
    const ssize_t got = ::read(output, piece.data(), piece.capacity());
    if (got < 0 && errno != EINTR) return wrong(fmt::format("cannot be read: {}", system_text(errno)));
    if (got == 0) return text;
    if (got > 0) text.append({piece.data(), static_cast<std::size_t>(got)});
  }
  return wrong("prints more than a credential");
}

Result<> await_success(Child& child, const Patience& patience) {
  for (;;) {
    if (const auto status = child.status()) {
      if (WIFEXITED(*status) && WEXITSTATUS(*status) == 0) return {};
      if (WIFSIGNALED(*status)) return wrong(fmt::format("was ended by signal {}", WTERMSIG(*status)));
      return wrong(fmt::format("ended with status {}: run it by hand to see why", WEXITSTATUS(*status)));
    }
    TRY(const milliseconds wait, patience.next());
    ::poll(nullptr, 0, static_cast<int>(wait.count()));
  }
}

}  // namespace

Result<WipedText> output_of(const ProcessRun& run, const std::function<bool()>& stopped) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return wrong(fmt::format("cannot be started: {}", system_text(errno)));
  const Descriptor output(ends[0]);
  Descriptor input(ends[1]);
  const Patience patience(run.deadline, stopped);
  TRY(Child child, Child::start(run, input.get()));
  input.close();  // the command holds the only one now, so its end is the end of what we read
  TRY(WipedText text, read_output(output.get(), run.largest_output, patience));
  TRY_VOID(await_success(child, patience));
  return text;
}

}  // namespace tokensweep
