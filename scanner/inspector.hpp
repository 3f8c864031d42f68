#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/filesystem/git_index.hpp"
#include "connectors/filesystem/walk.hpp"
#include "formats/credential.hpp"
#include "formats/known_files.hpp"
#include "scanner/evidence.hpp"
#include "scanner/inspection.hpp"
#include "scanner/located.hpp"
#include "scanner/text_search.hpp"
#include "scanner/user_files.hpp"

namespace tokensweep {

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
  bool is_free_of_literals(Subject& subject, std::size_t filled);
  void inspect_in_pieces(Subject& subject);
  void report_findings(Subject& subject, std::string_view text);
  void report_reading(Subject& subject, std::string_view text, Reading reading);
  void report(Subject& subject, const std::vector<Located>& all, std::vector<int> credential_of, bool is_user_file);
  std::vector<Located> locate_findings(const Subject& subject, std::string_view text);
  Hit make_hit(Subject& subject, const Located& located);
  std::vector<Evidence> evidence(const Subject& subject);
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
