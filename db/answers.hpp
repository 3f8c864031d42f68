#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "model/model.hpp"

namespace tokensweep {

/// Answers of services, kept from sweep to sweep so that "has it changed" can be asked: a file of its own beside the
/// inventory, because all of it may be lost. No answer in it shows a value. For one thread.
class Answers {
 public:
  struct Answer {
    std::string etag;
    std::string headers;  ///< lines, as whoever keeps them spells them
    std::string body;
  };

  /// Opens the file (0600) or makes it; one that is damaged or of another version is made anew. Answers that were not
  /// used for 90 days go.
  static Result<Answers> open(const std::filesystem::path& file, Time now);
  Answers(Answers&&) noexcept;
  Answers& operator=(Answers&&) noexcept;
  /// What was kept is on disk afterwards, or lost: nobody depends on it.
  ~Answers();

  /// Nothing where it is not there, or cannot be read.
  std::optional<Answer> find(std::string_view key);
  void keep(std::string_view key, const Answer& answer);

 private:
  struct Impl;
  explicit Answers(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tokensweep
