#include "connectors/private_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

namespace tokensweep {
namespace {

Error wrong(std::string what) { return {ErrorKind::misconfigured, std::move(what)}; }

std::string system_text(int error) { return std::generic_category().message(error); }

class Descriptor {
 public:
  // O_NONBLOCK: a FIFO would make us wait for its writer.
  explicit Descriptor(const std::filesystem::path& file)
      : number_(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

}  // namespace

Result<std::optional<WipedText>> read_private_file(const std::filesystem::path& file, std::size_t largest,
                                                   Sharing sharing) {
  const Descriptor descriptor(file);
  if (descriptor.number() < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::optional<WipedText>();
    return wrong("cannot be opened: " + system_text(errno));
  }
  if (auto fine = check_private_descriptor(descriptor.number(), "the file", sharing); !fine) {
    return wrong(std::move(fine).error().what);
  }
  WipedText text;
  text.reserve(largest);
  WipedBuffer piece(std::size_t{4} << 10U);
  while (true) {
    const ssize_t got = ::read(descriptor.number(), piece.data(), piece.capacity());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return wrong("cannot be read: " + system_text(errno));
    if (got == 0) return std::optional(std::move(text));
    text.append({piece.data(), static_cast<std::size_t>(got)});
    if (text.size() > largest) return wrong("is larger than any such file");
  }
}

}  // namespace tokensweep
