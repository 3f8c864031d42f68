#include "scanner/read_credential.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/process.hpp"
#include "identity/private_path.hpp"

namespace tokensweep {
namespace {

// Access tokens of all services have a few hundred bytes, signed ones (JWT) a few thousand.
constexpr std::size_t kLongest = std::size_t{64} << 10U;

Error wrong(std::string what) { return {ErrorKind::misconfigured, std::move(what)}; }

std::string system_text(int error) { return std::generic_category().message(error); }

/// An open file, closed when it goes.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
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

Result<Secret> read(const CommandCredential& reference, const CredentialOptions& options) {
  const ProcessRun run{.arguments = reference.arguments, .deadline = options.deadline, .largest_output = kLongest};
  const auto stopped = [&options] { return options.stop != nullptr && options.stop->load(); };
  TRY(const WipedText printed, output_of(run, stopped));
  return checked(printed.view());
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
