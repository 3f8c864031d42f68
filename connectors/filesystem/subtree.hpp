#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "model/scope.hpp"

namespace tokensweep::filesystem {

/// Whom to tell of what was read whole, and how often: see WalkOptions.
struct ReadTelling {
  const std::function<void(std::vector<TreeRead>)>& on_read;
  std::uint64_t steps_between;
};

/// What came of listing a directory, or a part of it.
struct Listing {
  TreeFigures figures;       ///< of the directory itself, and of children that an earlier walk read
  std::size_t children = 0;  ///< directories that are still to be walked
  bool unfinished = false;   ///< something here has to be looked at again after a stop
  bool more = false;         ///< there is more to list
};

/// How far a directory and all below it are read. It is read whole when its own list and each of its children are, and
/// nothing in it was unfinished. Children end on any thread, in any order.
///
/// A large directory is told by itself, small ones wait until their parent is read, which stands for them, or until
/// those that wait there come to enough. So a walk tells little, whatever the shape of its tree, and little is lost
/// when it is stopped. Of what is unfinished itself, the parts that are not are handed on. What lies absurdly deep is
/// told with what is above it alone: its paths would cost more than reading it again.
class Subtree {
 public:
  /// `above` (null: the root), `name` and `telling` have to outlive it.
  Subtree(Subtree* above, const std::string& name, const ReadTelling& telling)
      : above_(above), name_(name), telling_(telling), depth_(above == nullptr ? 0 : above->depth_ + 1) {}
  Subtree(const Subtree&) = delete;
  Subtree& operator=(const Subtree&) = delete;

  /// The directory was listed, to its end or in part. Called before any of these children is walked, and not any more
  /// after a listing without `more`.
  void listed(const Listing& listing);

  /// Of `leaf` in it, or of itself where that is empty: relative to the root, which is empty itself.
  [[nodiscard]] std::string path_of(std::string_view leaf) const;

 private:
  bool hand_up();
  std::vector<TreeRead> wait_at_parent();
  void tell(std::vector<TreeRead> trees, const Subtree& in) const;

  Subtree* above_;
  const std::string& name_;
  const ReadTelling& telling_;
  std::size_t depth_;

  std::mutex mutex_;  // for what follows
  TreeFigures figures_;
  std::size_t open_ = 1;  // its own listing, and its children that are not read
  bool unfinished_ = false;
  std::vector<TreeRead> waiting_;  // below it, read whole and not told; their places are relative to it
  std::uint64_t waiting_steps_ = 0;
};

}  // namespace tokensweep::filesystem
