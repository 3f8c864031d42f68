#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/http.hpp"

namespace tokensweep::circleci {

/// `/api/v1.1/projects`: the projects that the token's user follows, read while they come. Version 1.1 has no pages and
/// tells of each project its builds and, of old ones, passwords of chat rooms: five texts of each project are kept, and
/// nothing else of it ever stays in our memory. Errors are as of parse.hpp.
class FollowedProjects : public BodyReader {
 public:
  FollowedProjects();
  ~FollowedProjects() override;
  void begin() override;
  Result<> read(std::string_view bytes) override;
  /// The answer has ended: the projects' slugs, in the list's order. An older server tells none: then they are put
  /// together as the API's guide says, `gh/{username}/{reponame}`.
  Result<std::vector<std::string>> finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tokensweep::circleci
