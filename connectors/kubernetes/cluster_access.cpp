#include "connectors/kubernetes/cluster_access.hpp"

#include <string>

namespace tokensweep::kubernetes {

Url Cluster::at(std::string_view path) const {
  return server.at(server.target == "/" ? std::string(path) : server.target + std::string(path));
}

}  // namespace tokensweep::kubernetes
