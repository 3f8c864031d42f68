#pragma once

#include <string>

#include "connectors/filesystem/walk.hpp"
#include "model/model.hpp"
#include "scanner/classification.hpp"
#include "scanner/located.hpp"
#include "scanner/text_search.hpp"

namespace tokensweep {

/// Where inspectors put what they find; any of their threads may call it, and it may make them wait.
class FindingSink {
 public:
  virtual ~FindingSink() = default;
  virtual void found(Hit hit) = 0;
  virtual void gap(Gap gap) = 0;
};

/// What all inspectors of one root share.
struct Inspection {
  const Detector& detector;
  ValueKeys keys;
  const Classification& classification;
  const filesystem::Root& root;
  std::string host;
  std::string store;        ///< as exported: host and root
  std::string source_name;  ///< the configured source's name
  std::string own_home;     ///< $HOME
  bool deep = false;
  FindingSink& sink;
};

}  // namespace tokensweep
