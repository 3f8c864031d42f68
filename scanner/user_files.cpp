#include "scanner/user_files.hpp"

#include "formats/npmrc.hpp"
#include "formats/readers.hpp"
#include "scanner/evidence.hpp"

namespace tokensweep {
namespace {

// As much of a settings file as an Inspector reads whole.
constexpr std::size_t kLargestSettings = std::size_t{4} << 20U;

}  // namespace

UserFiles::UserFile* UserFiles::file_for(std::string_view absolute_path) {
  const auto home = home_of(absolute_path, inspection_.own_home);
  if (!home) return nullptr;
  UserFile* file = nullptr;
  {
    const std::lock_guard lock(mutex_);
    auto& known = files_[*home];
    if (!known) known = std::make_unique<UserFile>();
    file = known.get();
  }
  std::call_once(file->loaded, [this, &home, file] { load(*home, *file); });
  return file;
}

bool UserFiles::is_user_file(std::string_view absolute_path) {
  const UserFile* file = file_for(absolute_path);
  return file != nullptr && file->path == absolute_path;
}

void UserFiles::load(const std::string& home, UserFile& file) {
  const std::string inside = inspection_.root.path == "/" ? "/" : inspection_.root.path + "/";
  file.home = home;
  file.path = home + "/.npmrc";
  if (inspection_.root.is_file || !file.path.starts_with(inside)) return;
  // Dotfile managers make it a link: the file that it leads to is the user's.
  const auto target = filesystem::resolve_root(file.path);
  if (!target || !target->path.starts_with(inside)) return;
  file.path = target->path;
  auto text = filesystem::read_below(inspection_.root, file.path.substr(inside.size()), kLargestSettings);
  if (!text) return;
  if (auto reading = read_npmrc(*text)) file.reading = std::move(*reading);
  wipe(text->data(), text->size());
  file.shadowed_in.resize(file.reading.credentials.size());
}

void UserFiles::keep(const std::string& absolute_path, std::vector<Hit> hits, std::vector<int> credential_of) {
  UserFile* file = file_for(absolute_path);
  const std::lock_guard lock(mutex_);
  file->hits = std::move(hits);
  file->credential_of = std::move(credential_of);
}

UserFiles::Outcome UserFiles::lay_over_user(const std::string& absolute_path, const Reading& project) {
  UserFile* file = file_for(absolute_path);
  if (file == nullptr || file->reading.credentials.empty()) return {};
  const Standings standings = lay_over(project, file->reading);
  Outcome outcome;
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < standings.user.size(); ++i) {
    if (standings.user[i].shadowed_by != NpmrcFile::project) continue;
    outcome.beats_the_user = true;
    if (file->shadowed_in[i].empty()) file->shadowed_in[i] = absolute_path.substr(file->home.size() + 1);
  }
  for (const Standing& standing : standings.project) outcome.beaten.push_back(standing.shadowed_by == NpmrcFile::user);
  return outcome;
}

void UserFiles::finish() {
  for (auto& [home, file] : files_) {
    for (std::size_t i = 0; i < file->hits.size(); ++i) {
      Hit& hit = file->hits[i];
      const int credential = i < file->credential_of.size() ? file->credential_of[i] : -1;
      const auto index = static_cast<std::size_t>(credential);
      if (credential >= 0 && index < file->shadowed_in.size() && !file->shadowed_in[index].empty()) {
        hit.scope.add(ScopeFlag::shadowed);
        const std::string note = "a project's file wins over it there: ~/" + file->shadowed_in[index];
        hit.reason += "; " + note;
        hit.evidence.push_back({EvidenceKind::note, note, {}});
      }
      inspection_.sink.found(std::move(hit));
    }
    file->hits.clear();
  }
}

}  // namespace tokensweep
