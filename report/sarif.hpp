#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "report/json_text.hpp"
#include "report/writer.hpp"

namespace tokensweep {

/// SARIF 2.1.0, for code scanning and editors: https://docs.oasis-open.org/sarif/sarif/v2.1.0/
///
/// Only what lies in a file is a result. A hit of another store has no artifact, and GitHub refuses a whole upload for
/// one result without a physical location; so these are left out, and counted in a notification. Left out, too, are
/// references, which are as they should be, and what is gone. Of a value there is nothing, not even its preview: who
/// may see code scanning may not be who may see the inventory.
///
/// - A result's file is relative to the root that was swept, which is a base of its own in `originalUriBaseIds`.
/// - `partialFingerprints` has the hit's id, under the name by which GitHub knows an alert again, too.
/// - Its level is `error` for class A and for B past its date, `warning` for B and for the others past theirs, else
///   `note`.
/// - Under an exception of the policy it is suppressed, and says so.
/// - What is inside of the line (`!json:/auths/…`) and the key that holds it are logical locations.
///
/// GitHub takes 20 runs of a file, and of each shows 5,000 results. So a run ends with that many, each run is a
/// category of its own (`tokensweep/1/`), and what no longer fits is counted in a notification of the last one. Rows
/// come worst class first, so the least is cut. In memory are the rules and the roots of one run.
class SarifWriter final : public RowWriter {
 public:
  static constexpr std::size_t kResultsOfRun = 5'000;
  static constexpr std::size_t kRuns = 20;

  explicit SarifWriter(Output& output) : output_(output), json_(buffer_) {}
  void begin(const ExportHead& head) override;
  void row(const ExportRow& row) override;
  void end() override;

 private:
  struct Rule {
    std::string id;
    std::string kind;
  };

  void begin_run();
  void end_run(bool last);
  void put_rule(const Rule& rule);
  void put_invocation(bool last);
  void put_notification(std::string_view level, std::string_view text);
  void put_location(const Hit& hit);
  void flush();

  Output& output_;
  std::string buffer_;
  JsonText json_;
  std::optional<SweepInfo> sweep_;  ///< the last one
  std::vector<Rule> rules_;         ///< of this run, in the order of their first results
  std::vector<std::string> roots_;  ///< the same
  std::size_t run_ = 0;             ///< the first is 1
  std::size_t results_ = 0;         ///< of this run
  std::uint64_t cut_ = 0;
  std::uint64_t without_file_ = 0;
};

/// Where in a file's locator its parts end: `work/.npmrc:3!json:/a` is a path, a line and what is inside of it.
struct FilePlace {
  std::string_view path;
  std::int64_t line = 0;  ///< 0: none
  std::string_view inner;
};

/// `place` is the hit's: it ends with the path, and so tells which colon is the one. A locator without a line is all
/// path.
FilePlace file_place(std::string_view locator, std::string_view place);

/// A path as a part of a URI (RFC 3986): every byte but letters, digits, `-._~/` as `%XX`.
std::string uri_path(std::string_view path);

}  // namespace tokensweep
