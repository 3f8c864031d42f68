#include "connectors/filesystem/subtree.hpp"

#include <utility>

namespace tokensweep::filesystem {
namespace {

constexpr std::uint64_t kBytesOfStep = std::uint64_t{64} << 10U;
constexpr std::size_t kDeepest = 128;
constexpr std::size_t kLongestPath = 4096;

std::uint64_t steps_of(const TreeFigures& figures) {
  return figures.directories + figures.files_seen + figures.files_read + figures.bytes_read / kBytesOfStep;
}

}  // namespace

void Subtree::listed(const Listing& listing) {
  bool is_read = false;
  {
    const std::lock_guard lock(mutex_);
    figures_ += listing.figures;
    unfinished_ = unfinished_ || listing.unfinished;
    open_ += listing.children;
    if (!listing.more) --open_;
    is_read = open_ == 0;
  }
  for (Subtree* at = this; is_read && at->above_ != nullptr; at = at->above_) is_read = at->hand_up();
}

/// Nobody else touches this one any more. Returns whether the parent is read now as well. What is told is told first: a
/// parent that another thread then tells comes after its children.
bool Subtree::hand_up() {
  const bool is_large = !unfinished_ && steps_of(figures_) >= telling_.steps_between;
  if (is_large) tell({{.place = {}, .figures = figures_}}, *this);
  std::vector<TreeRead> enough;
  {
    const std::lock_guard lock(above_->mutex_);
    above_->figures_ += figures_;
    above_->unfinished_ = above_->unfinished_ || unfinished_;
    if (!is_large) enough = wait_at_parent();
    if (enough.empty()) return --above_->open_ == 0;
  }
  tell(std::move(enough), *above_);
  const std::lock_guard lock(above_->mutex_);
  return --above_->open_ == 0;
}

/// Returns what waits at the parent, which the caller has locked, where that is enough to be told.
std::vector<TreeRead> Subtree::wait_at_parent() {
  if (depth_ > kDeepest) return {};
  if (!unfinished_) {
    above_->waiting_.push_back({.place = name_, .figures = figures_});
    above_->waiting_steps_ += steps_of(figures_);
  } else {
    for (TreeRead& part : waiting_) {
      if (part.place.size() + name_.size() >= kLongestPath) continue;
      part.place.insert(0, 1, '/').insert(0, name_);
      above_->waiting_.push_back(std::move(part));
    }
    above_->waiting_steps_ += waiting_steps_;
  }
  if (above_->waiting_steps_ < telling_.steps_between) return {};
  above_->waiting_steps_ = 0;
  return std::exchange(above_->waiting_, {});
}

/// `trees` have places relative to `in`; an empty one is `in` itself.
void Subtree::tell(std::vector<TreeRead> trees, const Subtree& in) const {
  if (!telling_.on_read || in.depth_ > kDeepest) return;
  std::string inside = in.path_of({});
  if (inside.size() > kLongestPath) return;
  if (trees.front().place.empty()) {
    trees.front().place = std::move(inside);
  } else if (!inside.empty()) {
    inside += '/';
    for (TreeRead& tree : trees) tree.place.insert(0, inside);
  }
  telling_.on_read(std::move(trees));
}

std::string Subtree::path_of(std::string_view leaf) const {
  std::vector<std::string_view> names;
  if (!leaf.empty()) names.push_back(leaf);
  for (const Subtree* at = this; at->above_ != nullptr; at = at->above_) names.push_back(at->name_);
  std::string path;
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    if (!path.empty()) path += '/';
    path += *name;
  }
  return path;
}

}  // namespace tokensweep::filesystem
