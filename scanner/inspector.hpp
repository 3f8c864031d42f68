#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/filesystem/git_index.hpp"
#include "connectors/filesystem/walk.hpp"
#include "formats/credential.hpp"
#include "formats/known_files.hpp"
#include "identity/fingerprint.hpp"
#include "model/model.hpp"
#include "rules/classify.hpp"
#include "rules/ranks.hpp"
#include "scanner/evidence.hpp"
#include "scanner/text_search.hpp"

namespace tokensweep {

/// Where inspectors put what they find; any of their threads may call it, and it may make them wait.
class FindingSink {
 public:
  virtual ~FindingSink() = default;
  virtual void found(Hit hit) = 0;
  virtual void gap(Gap gap) = 0;
};

/// The ids of what format readers find by themselves, beside the rule set's own: a sweep has all of them in force.
std::span<const std::string_view> reader_rules();

/// A value in a file, and what the file says of it: what a reader and the rules made of it, brought together.
struct Located {
  std::uint32_t line = 0;
  std::string inner;  ///< see Finding::inner
  std::string rule;
  std::string kind;
  Secret value;           ///< empty for a reference
  std::string name;       ///< the setting or variable
  std::string reference;  ///< what a reference names
  std::optional<std::string> registry;
  Checksum checksum = Checksum::none;
  ScopeFlags flags;
  std::string remark;  ///< what its reason has to add: shadowed by what
};

/// What all inspectors of one root share.
struct Inspection {
  const Detector& detector;
  const Fingerprinter& fingerprinter;
  const Ranks& ranks;
  const filesystem::Root& root;
  std::string host;
  std::string store;     ///< as exported: host and root
  std::string own_home;  ///< $HOME
  bool deep = false;
  FindingSink& sink;
};

/// The `.npmrc` of each home below the root. A project's file is laid over it, as npm does, so what becomes of its
/// credentials is known only when the last project has been seen: its hits wait here until then. Thread-safe.
class UserFiles {
 public:
  explicit UserFiles(const Inspection& inspection) : inspection_(inspection) {}

  /// Whether the file at this absolute path is one.
  bool is_user_file(std::string_view absolute_path);

  /// Keeps the hits of a user file; `credential_of` holds for each hit its credential's number in the reading, or -1.
  void keep(const std::string& absolute_path, std::vector<Hit> hits, std::vector<int> credential_of);

  /// Lays a project's file over its home's, and says for each of its credentials whether the user's wins.
  std::vector<bool> lay_over_user(const std::string& absolute_path, const Reading& project);

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

/// One thread's reader of files: format readers and rules in, hits out. It holds no more than a few megabytes of a file
/// at a time.
class Inspector final : public filesystem::Visitor {
 public:
  Inspector(const Inspection& inspection, UserFiles& user_files, filesystem::TrackedFiles& tracked);

  bool selects(std::string_view name, filesystem::DirectoryNames directories) noexcept override;
  bool selects_irregular(std::string_view name, filesystem::DirectoryNames directories) noexcept override;
  bool follows(std::string_view link, std::string_view target) noexcept override;
  void visit(filesystem::File& file) override;
  void skipped(std::string path, filesystem::Skip skip, std::string reason) override;

 private:
  struct Subject;  // the file that is being visited

  void inspect(Subject& subject, std::size_t filled);
  void inspect_whole(Subject& subject, std::string_view text);
  void inspect_in_pieces(Subject& subject, std::size_t filled);
  void report_findings(Subject& subject, std::string_view text);
  void report_reading(Subject& subject, std::string_view text, Reading reading);
  void report(Subject& subject, const std::vector<Located>& all, std::vector<int> credential_of, bool is_user_file);
  std::vector<Located> locate_findings(const Subject& subject, std::string_view text);
  [[nodiscard]] Located locate(Finding finding, std::uint32_t line) const;
  [[nodiscard]] std::optional<Located> locate_credential(Credential credential, const Reading& reading,
                                                         const Subject& subject,
                                                         const std::vector<Located>& by_rules) const;
  bool take_shape(Located& located) const;
  Hit make_hit(Subject& subject, const Located& located);
  FileEvidence evidence(const Subject& subject);
  [[nodiscard]] std::string absolute(std::string_view path) const;
  void failed(const Subject& subject, std::string reason);

  const Inspection& inspection_;
  UserFiles& user_files_;
  filesystem::TrackedFiles& tracked_;
  TextSearch search_;
  PackageFinder packages_;
  WipedBuffer buffer_;
  std::vector<LiteralHit> hits_;
  std::vector<Finding> findings_;
};

}  // namespace tokensweep
