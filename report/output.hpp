#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace tokensweep {

/// Where a report's bytes go. A failure is kept: writing on after it does nothing, and `finish` tells it. So a writer
/// need not check each piece, and a long one may ask `failed` to stop early. Nothing is complete before `finish` said
/// so.
class Output {
 public:
  virtual ~Output() = default;
  virtual void write(std::string_view bytes) = 0;
  [[nodiscard]] virtual bool failed() const = 0;
  virtual Result<> finish() = 0;
};

/// Into a string, for tests.
class StringOutput final : public Output {
 public:
  void write(std::string_view bytes) override { text.append(bytes); }
  [[nodiscard]] bool failed() const override { return false; }
  Result<> finish() override { return {}; }

  std::string text;
};

/// Into an open descriptor, standard output as a rule, which stays open. That a reader went away (`| head`) is an error
/// here like a full disk, of the kind `storage`; the program has to ignore SIGPIPE for that.
class DescriptorOutput final : public Output {
 public:
  /// `name` is what an error calls it.
  explicit DescriptorOutput(int descriptor, std::string name = "standard output");
  void write(std::string_view bytes) override;
  [[nodiscard]] bool failed() const override { return error_ != 0; }
  Result<> finish() override;

 private:
  int descriptor_;
  std::string name_;
  int error_ = 0;
};

/// Into a file that appears, whole, when `finish` succeeds: written under a temporary name beside its target, for its
/// owner alone (0600) unless others are named, flushed to the disk, renamed. Until then, and after any failure, a file
/// of that name stays as it was, and no temporary one is left behind. The directory is held open, so that nobody can
/// put another in its place meanwhile.
class FileOutput final : public Output {
 public:
  /// Who may read the file. `everybody` (0644, whatever the umask says) is for what holds numbers only.
  enum class Readers : std::uint8_t { owner, everybody };

  /// Refuses a target that exists and is no ordinary file: a symbolic link, a directory, a device.
  static Result<std::unique_ptr<FileOutput>> create(const std::filesystem::path& target,
                                                    Readers readers = Readers::owner);

  FileOutput(const FileOutput&) = delete;
  FileOutput& operator=(const FileOutput&) = delete;
  ~FileOutput() override;

  void write(std::string_view bytes) override;
  [[nodiscard]] bool failed() const override { return error_ != 0; }
  Result<> finish() override;

 private:
  FileOutput(int directory, int file, std::string temporary, const std::filesystem::path& target, Readers readers);
  Result<> failure(const char* doing, int error) const;

  int directory_;
  int file_;
  std::string temporary_;  ///< its name in the directory; empty once renamed
  std::filesystem::path target_;
  Readers readers_;
  int error_ = 0;
};

}  // namespace tokensweep
