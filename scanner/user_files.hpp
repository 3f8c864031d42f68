#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "formats/credential.hpp"
#include "model/model.hpp"
#include "scanner/inspection.hpp"

namespace tokensweep {

/// The `.npmrc` of each home below the root. A project's file is laid over it, as npm does, so what becomes of its
/// credentials is known only when the last project has been seen: its hits wait here until then. Thread-safe.
class UserFiles {
 public:
  explicit UserFiles(const Inspection& inspection) : inspection_(inspection) {}

  /// Whether the file at this absolute path is one.
  bool is_user_file(std::string_view absolute_path);

  /// Keeps the hits of a user file; `credential_of` holds for each hit its credential's number in the reading, or -1.
  void keep(const std::string& absolute_path, std::vector<Hit> hits, std::vector<int> credential_of);

  /// How a project's file and its home's stand to each other.
  struct Outcome {
    std::vector<bool> beaten;     ///< for each of the project's credentials, whether the user's wins
    bool beats_the_user = false;  ///< some credential of the user's does not hold there: finish() says so
  };
  /// Lays a project's file over its home's.
  Outcome lay_over_user(const std::string& absolute_path, const Reading& project);

  /// Hands the kept hits on, with what the projects did to them.
  void finish();

 private:
  struct UserFile {
    std::once_flag loaded;
    std::string home;
    std::string path;  ///< of the file itself, where `~/.npmrc` is a link
    Reading reading;
    std::vector<std::string> shadowed_in;  ///< by credential: the first project whose file wins
    std::vector<Hit> hits;
    std::vector<int> credential_of;
  };
  UserFile* file_for(std::string_view absolute_path);
  void load(const std::string& home, UserFile& file);

  const Inspection& inspection_;
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<UserFile>> files_;
};

}  // namespace tokensweep
