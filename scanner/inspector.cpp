#include "scanner/inspector.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_map>

#include "db/inventory.hpp"
#include "formats/build_commands.hpp"
#include "identity/without_values.hpp"
#include "rules/classify.hpp"
#include "scanner/package_settings.hpp"

namespace tokensweep {
namespace {

// What is in the processor's cache while it is searched; nearly all files are smaller.
constexpr std::size_t kPiece = std::size_t{512} << 10U;
// Settings and JSON are read whole up to here; nobody's settings are larger.
constexpr std::size_t kWhole = std::size_t{4} << 20U;
// A token that stands this near to a piece's end is looked at in the next one, where its surroundings are complete.
constexpr std::size_t kLayerMargin = std::size_t{16} << 10U;

std::optional<KnownFile> known_by_path(std::string_view path, const filesystem::DirectoryNames& above) {
  std::array<std::string_view, 3> names{{{}, above.parent, above.grandparent}};
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::size_t slash = path.rfind('/');
    names[i] = path.substr(slash + 1);  // npos + 1 is 0
    if (slash == std::string_view::npos) break;
    path = path.substr(0, slash);
  }
  return default_format(names[0], names[1], names[2]);
}

/// What holds a token in such a file, where that is no person.
std::optional<EvidenceKind> holder_in(Place place) {
  switch (place) {
    case Place::ci_config:
    case Place::container:
      return EvidenceKind::build_file;
    case Place::infrastructure:
      return EvidenceKind::infrastructure;
    default:
      return std::nullopt;
  }
}

}  // namespace

struct Inspector::Subject {
  filesystem::File& file;
  std::string path;  // relative to the root
  std::string absolute;
  std::optional<KnownFile> known;
  std::uint32_t lines_before = 0;  // of the text that is being searched
  std::optional<bool> git_tracked;
  std::optional<Commands> commands;
  Ordinals ordinals;
};

Inspector::Inspector(const Inspection& inspection, UserFiles& user_files, filesystem::TrackedFiles& tracked)
    : inspection_(inspection),
      user_files_(user_files),
      tracked_(tracked),
      search_(inspection.detector),
      packages_(inspection.root),
      buffer_(kPiece + 2 * (inspection.detector.reach() + kLayerMargin)) {}

bool Inspector::selects(std::string_view name, filesystem::DirectoryNames directories) noexcept {
  return inspection_.deep || default_format(name, directories.parent, directories.grandparent).has_value();
}

bool Inspector::selects_irregular(std::string_view name, filesystem::DirectoryNames directories) noexcept {
  return default_format(name, directories.parent, directories.grandparent).has_value();
}

bool Inspector::follows(std::string_view link, std::string_view target) noexcept {
  const auto by_link = known_by_path(link, {});
  const auto by_target = known_by_path(target, {});
  return by_link && (!by_target || by_target->format != by_link->format);
}

std::string Inspector::absolute(std::string_view path) const {
  const filesystem::Root& root = inspection_.root;
  if (root.is_file || path == ".") return root.path;
  return fmt::format("{}/{}", root.path == "/" ? "" : root.path, path);
}

void Inspector::skipped(std::string path, filesystem::Skip skip, std::string reason) {
  inspection_.sink.gap(
      {.place = absolute(path), .reason = std::move(reason), .incomplete = skip == filesystem::Skip::unreadable});
}

void Inspector::failed(const Subject& subject, std::string reason) {
  subject.file.unfinished();
  inspection_.sink.gap({.place = subject.absolute, .reason = std::move(reason), .incomplete = true});
}

void Inspector::visit(filesystem::File& file) {
  const auto directories = file.directories();
  const auto& link = file.linked_from();
  const auto known =
      link ? known_by_path(*link, {}) : default_format(file.name(), directories.parent, directories.grandparent);
  const bool is_format = known && known->format != FileFormat::text;

  // The common case of a deep sweep comes first, and asks for nothing that it may not need: a file without a single
  // literal.
  const auto first = file.read({buffer_.data(), kPiece});
  if (first && *first < kPiece && !is_format) {
    search_.literals({buffer_.data(), *first}, hits_);
    if (hits_.empty() && inspection_.detector.prefilter.unfiltered().empty()) return;
  }

  Subject subject{.file = file, .path = file.path(), .known = known};
  subject.absolute = absolute(subject.path);
  if (!first) return failed(subject, first.error().what);
  inspect(subject, *first);
}

void Inspector::inspect(Subject& subject, std::size_t filled) {
  const std::string_view beginning(buffer_.data(), filled);
  // A full piece may be all there is as well: a file can shrink between the reading and the asking.
  if (filled < kPiece || subject.file.facts().size <= filled) {
    inspect_whole(subject, beginning);
    wipe(buffer_.data(), filled);
    return;
  }
  const std::uint64_t size = subject.file.facts().size;
  const bool is_format = subject.known && subject.known->format != FileFormat::text;
  if (size > kWhole || !(is_format || may_be_json(beginning))) {
    if (is_free_of_literals(subject, filled)) return;
    subject.file.rewind();
    inspect_in_pieces(subject);
    wipe(buffer_.data(), buffer_.capacity());
    return;
  }
  WipedBuffer whole(size);
  std::copy(beginning.begin(), beginning.end(), whole.data());
  while (filled < size) {
    auto more = subject.file.read({whole.data() + filled, size - filled});
    if (!more) return failed(subject, std::move(more).error().what);
    if (*more == 0) break;
    filled += *more;
  }
  inspect_whole(subject, {whole.data(), filled});
}

/// Whether no literal stands in a large file, of which `filled` bytes are in the buffer: nearly all large files end
/// here, at the price of one look at each byte. Leaves the file at its beginning otherwise, and where it cannot be
/// read.
bool Inspector::is_free_of_literals(Subject& subject, std::size_t filled) {
  if (!inspection_.detector.prefilter.unfiltered().empty()) return false;
  const std::size_t overlap = inspection_.detector.prefilter.longest() - 1;
  for (;;) {
    search_.literals({buffer_.data(), filled}, hits_);
    if (!hits_.empty()) return false;
    // A literal may stand across the pieces.
    const std::size_t kept = std::min(overlap, filled);
    std::copy_n(buffer_.data() + filled - kept, kept, buffer_.data());
    const auto more = subject.file.read({buffer_.data() + kept, kPiece / 2});
    if (!more) return false;
    if (*more == 0) return true;
    filled = kept + *more;
  }
}

/// Slides over a file of any size. What lies within the margin of a piece's end waits for the next piece; so every
/// finding is seen once with its surroundings, and belongs to the piece in which it begins before that margin.
void Inspector::inspect_in_pieces(Subject& subject) {
  const std::size_t margin = inspection_.detector.reach() + kLayerMargin;
  std::size_t filled = 0;
  std::size_t accepted_up_to = 0;
  bool cut_in_front = false;
  for (bool at_end = false; !at_end;) {
    while (filled < buffer_.capacity() && !at_end) {
      auto more = subject.file.read({buffer_.data() + filled, buffer_.capacity() - filled});
      if (!more) return failed(subject, std::move(more).error().what);
      at_end = *more == 0;
      filled += *more;
    }
    const std::string_view text(buffer_.data(), filled);
    const std::size_t limit = at_end ? filled : filled - margin;
    search_.literals(text, hits_);
    findings_.clear();
    auto searched = search_.search(
        {.bytes = text, .path = subject.path, .cut_in_front = cut_in_front, .cut_behind = !at_end}, hits_, findings_);
    if (!searched) return failed(subject, std::move(searched).error().what);
    std::erase_if(findings_,
                  [&](const Finding& finding) { return finding.begin < accepted_up_to || finding.begin >= limit; });
    if (!findings_.empty()) report_findings(subject, text);
    if (at_end) return;

    const std::size_t keep_from = limit - margin;
    subject.lines_before += line_breaks(text.substr(0, keep_from));
    std::copy(text.begin() + static_cast<std::ptrdiff_t>(keep_from), text.end(), buffer_.data());
    filled -= keep_from;
    accepted_up_to = margin;
    cut_in_front = true;
  }
}

void Inspector::inspect_whole(Subject& subject, std::string_view text) {
  search_.literals(text, hits_);
  findings_.clear();
  auto searched = search_.search({.bytes = text, .path = subject.path, .is_whole = true}, hits_, findings_);
  if (!searched) return failed(subject, std::move(searched).error().what);
  if (subject.known && holder_in(subject.known->place) == EvidenceKind::build_file && !findings_.empty()) {
    subject.commands = commands_in(text);
  }
  auto reading = subject.known ? read_settings(subject.known->format, text) : std::nullopt;
  if (reading) return report_reading(subject, text, std::move(*reading));
  if (!findings_.empty()) report_findings(subject, text);
}

void Inspector::report_findings(Subject& subject, std::string_view text) {
  report(subject, locate_findings(subject, text), {}, false);
}

std::vector<Located> Inspector::locate_findings(const Subject& subject, std::string_view text) {
  return locate_all(inspection_.detector, std::move(findings_), text, subject.lines_before + 1);
}

void Inspector::report_reading(Subject& subject, std::string_view text, Reading reading) {
  std::vector<Located> by_rules = locate_findings(subject, text);
  const bool is_user_file = user_files_.is_user_file(subject.absolute);
  std::vector<bool> beaten;
  if (subject.known->format == FileFormat::npmrc && !is_user_file) {
    auto outcome = user_files_.lay_over_user(subject.absolute, reading);
    beaten = std::move(outcome.beaten);
    if (outcome.beats_the_user) subject.file.unfinished();
  }
  std::vector<Located> all;
  std::vector<int> credential_of;
  for (LocatedSetting& setting :
       locate_settings(inspection_.detector, subject.known->format, std::move(reading), std::move(by_rules))) {
    const auto number = static_cast<std::size_t>(setting.credential);  // -1 is beyond all
    if (number < beaten.size() && beaten[number] && !setting.located.flags.has(ScopeFlag::commented_out)) {
      setting.located.flags.add(ScopeFlag::shadowed);
      setting.located.remark = "the user's own .npmrc wins over it for the same registry";
    }
    all.push_back(std::move(setting.located));
    credential_of.push_back(setting.credential);
  }
  report(subject, all, std::move(credential_of), is_user_file);
}

void Inspector::report(Subject& subject, const std::vector<Located>& all, std::vector<int> credential_of,
                       bool is_user_file) {
  std::vector<Hit> hits;
  for (const Located& located : all) hits.push_back(make_hit(subject, located));
  if (is_user_file) {
    subject.file.unfinished();
    return user_files_.keep(subject.absolute, std::move(hits), std::move(credential_of));
  }
  for (Hit& hit : hits) inspection_.sink.found(std::move(hit));
}

std::vector<Evidence> Inspector::evidence(const Subject& subject) {
  std::vector<Evidence> all;
  if (subject.commands && subject.commands->publishes) all.push_back({.kind = EvidenceKind::publishes});
  if (subject.commands && subject.commands->installs) all.push_back({.kind = EvidenceKind::installs});
  // A home directory that happens to hold a package.json is no package; nor is a build file's token for what lies
  // beside a shell's profile.
  const Place place = subject.known ? subject.known->place : Place::other;
  const bool speaks_of_project = place == Place::project_config || place == Place::user_config ||
                                 place == Place::ci_config || place == Place::container;
  const auto home = home_of(subject.absolute, inspection_.own_home);
  const std::string_view directory = std::string_view(subject.absolute).substr(0, subject.absolute.rfind('/'));
  if (speaks_of_project && (!home || directory != *home)) {
    const Package& package = packages_.package_of(subject.path);
    if (!package.name.empty()) {
      // A name that the whole world downloads is no value, however long its words are.
      const bool is_ranked = inspection_.classification.ranks().rank_of(package.name).has_value();
      all.push_back({.kind = EvidenceKind::package,
                     .value = is_ranked ? package.name : without_values(package.name),
                     .from = package.file});
    }
  }
  if (const auto holder = holder_in(place)) all.push_back({.kind = *holder});
  if (home) all.push_back({.kind = EvidenceKind::personal});
  return all;
}

Hit Inspector::make_hit(Subject& subject, const Located& located) {
  // Everything that comes out of a file passes through without_values: some people write a token where its name
  // belongs.
  const std::string name = without_values(located.reference.empty() ? located.name : located.reference);
  std::optional<std::string> registry;
  if (located.registry) registry = without_values(located.registry->substr(0, located.registry->find_first_of("?#")));
  Hit hit{.rule = located.rule,
          .kind = located.kind,
          .source = "filesystem",
          .store = inspection_.store,
          .place = subject.absolute,
          .locator = fmt::format("{}:{}{}", subject.path, located.line, without_values(located.inner)),
          .name = name,
          .registry = std::move(registry),
          .checksum = located.checksum,
          .updated_at = subject.file.facts().modified_at,
          .age_basis = AgeBasis::file_mtime,
          .scope = located.flags,
          .deep = !subject.known};
  identify(hit, located, inspection_.host, inspection_.keys, subject.ordinals);

  hit.evidence = evidence(subject);
  if (!located.remark.empty()) hit.evidence.push_back({EvidenceKind::note, located.remark, {}});
  inspection_.classification.judge(hit, hit.fingerprint ? token_id(*hit.fingerprint) : std::string(),
                                   inspection_.source_name);

  const std::uint32_t mode = subject.file.facts().mode;
  if ((mode & 0004U) != 0) hit.scope.add(ScopeFlag::world_readable);
  if ((mode & 0040U) != 0) hit.scope.add(ScopeFlag::group_readable);
  if (!subject.git_tracked) subject.git_tracked = tracked_.tracked(subject.absolute);
  if (*subject.git_tracked) hit.scope.add(ScopeFlag::git_tracked);
  if (hit.kind == kLegacyKind && is_public(hit.registry)) hit.scope.add(ScopeFlag::classic);
  return hit;
}

}  // namespace tokensweep
