#include "scanner/read_credential.hpp"

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
#include <utility>

#include "identity/private_path.hpp"

namespace tokensweep {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Access tokens of all services have a few hundred bytes, signed ones (JWT) a few thousand.
constexpr std::size_t kLongest = std::size_t{64} << 10U;
// How often a command that has closed its output, but not ended, is looked at, and a stop is noticed.
constexpr milliseconds kBetweenLooks{20};

Error wrong(std::string what) { return {ErrorKind::misconfigured, std::move(what)}; }

std::string system_text(int error) { return std::generic_category().message(error); }

/// An open file or one end of a pipe, closed when it goes.
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

/// What was read, without the line breaks at its end, if it can be a credential.
Result<Secret> checked(std::string_view bytes) {
  const std::size_t last = bytes.find_last_not_of("\r\n");
  bytes = bytes.substr(0, last == std::string_view::npos ? 0 : last + 1);
  if (bytes.empty()) return wrong("gives nothing");
  if (bytes.find_first_of("\r\n") != std::string_view::npos) return wrong("gives more than one line");
  const bool plain = std::all_of(bytes.begin(), bytes.end(), [](char c) { return c > ' ' && c <= '~'; });
  if (!plain) return wrong("gives a blank or a character that no credential has");
  return Secret(bytes);
}

Result<Secret> read(const EnvironmentCredential& reference, const Environment& environment) {
  std::optional<std::string> value = environment(reference.variable.c_str());
  if (!value) return wrong("the environment variable that it names is not set");
  auto secret = checked(*value);
  wipe(value->data(), value->size());
  return secret;
}

Result<Secret> read(const FileCredential& reference) {
  // O_NONBLOCK: a FIFO would make us wait for its writer. Links are followed, as the file itself is judged below.
  const Descriptor file(::open(reference.file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (file.get() < 0) return wrong(fmt::format("cannot be opened: {}", system_text(errno)));
  if (auto fine = check_private_descriptor(file.get(), "the file", Sharing::none); !fine) {
    return wrong(std::move(fine).error().what);
  }
  WipedBuffer buffer(kLongest);
  std::size_t size = 0;
  while (size < buffer.capacity()) {
    const ssize_t got = ::read(file.get(), buffer.data() + size, buffer.capacity() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return wrong(fmt::format("cannot be read: {}", system_text(errno)));
    if (got == 0) return checked({buffer.data(), size});
    size += static_cast<std::size_t>(got);
  }
  return wrong("is too large to be a credential");
}

/// A program that was started, in a process group of its own. It does not outlive this object.
class Child {
 public:
  static Result<Child> start(const std::vector<std::string>& arguments, int output);
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

Result<Child> Child::start(const std::vector<std::string>& arguments, int output) {
  std::vector<std::string> copies = arguments;
  std::vector<char*> words;
  for (std::string& word : copies) words.push_back(word.data());
  words.push_back(nullptr);
  const SpawnSettings settings(output);
  pid_t id = 0;
  const int error =
      ::posix_spawnp(&id, words.front(), settings.actions(), settings.attributes(), words.data(), ::environ);
  if (error != 0) return wrong(fmt::format("cannot be started: {}", system_text(error)));
  return Child(id);
}

/// The wait for one command.
class Patience {
 public:
  explicit Patience(const CredentialOptions& options)
      : stop_(options.stop), until_(steady_clock::now() + options.deadline) {}

  /// How long to wait before the next question, or why not any longer.
  [[nodiscard]] Result<milliseconds> next() const {
    if (stop_ != nullptr && stop_->load()) return wrong("was interrupted");
    const auto left = std::chrono::ceil<milliseconds>(until_ - steady_clock::now());
    if (left <= milliseconds{0}) return wrong("takes too long, and was ended");
    return std::min(left, kBetweenLooks);
  }

 private:
  const std::atomic<bool>* stop_;
  steady_clock::time_point until_;
};

/// Reads what the command prints up to its end.
Result<std::size_t> read_output(int output, WipedBuffer& buffer, const Patience& patience) {
  std::size_t size = 0;
  while (size < buffer.capacity()) {
    TRY(const milliseconds wait, patience.next());
    pollfd ready{.fd = output, .events = POLLIN, .revents = 0};
    if (::poll(&ready, 1, static_cast<int>(wait.count())) <= 0) continue;
    const ssize_t got = ::read(output, buffer.data() + size, buffer.capacity() - size);
    if (got < 0 && errno != EINTR) return wrong(fmt::format("cannot be read: {}", system_text(errno)));
    if (got == 0) return size;
    if (got > 0) size += static_cast<std::size_t>(got);
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

Result<Secret> read(const CommandCredential& reference, const CredentialOptions& options) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return wrong(fmt::format("cannot be started: {}", system_text(errno)));
  const Descriptor output(ends[0]);
  Descriptor input(ends[1]);
  const Patience patience(options);
  TRY(Child child, Child::start(reference.arguments, input.get()));
  input.close();  // the command holds the only one now, so its end is the end of what we read
  WipedBuffer buffer(kLongest);
  TRY(const std::size_t size, read_output(output.get(), buffer, patience));
  TRY_VOID(await_success(child, patience));
  return checked({buffer.data(), size});
}

struct KeyAndSecret {
  const char* key;
  Result<Secret> secret;
};

}  // namespace

Result<Secret> read_credential(const CredentialRef& reference, const Environment& environment,
                               const CredentialOptions& options) {
  struct Read {
    const Environment& environment;
    const CredentialOptions& options;
    KeyAndSecret operator()(const EnvironmentCredential& one) const { return {"token_env", read(one, environment)}; }
    KeyAndSecret operator()(const FileCredential& one) const { return {"token_file", read(one)}; }
    KeyAndSecret operator()(const CommandCredential& one) const { return {"token_command", read(one, options)}; }
  };
  KeyAndSecret done = std::visit(Read{environment, options}, reference);
  if (!done.secret) return std::move(done.secret).error().within(done.key);
  return std::move(done.secret);
}

}  // namespace tokensweep
