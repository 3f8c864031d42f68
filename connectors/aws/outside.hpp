#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/wiped_text.hpp"
#include "connectors/aws/endpoints.hpp"
#include "connectors/connector.hpp"
#include "net/client.hpp"

namespace tokensweep::aws {

/// What whatever gets keys knows of the world. Outlives it.
struct Outside {
  const Services& services;
  Endpoints endpoints;
  std::optional<std::string> region;  ///< of the session
  std::optional<std::filesystem::path> ca_file;
  std::optional<std::string> proxy;
  std::optional<std::chrono::seconds> timeout;
  /// Runs a program, without a shell, and gives what it prints (base/process.hpp).
  std::function<Task<Result<WipedText>>(std::vector<std::string> command)> run;

  /// A client whose errors begin with `name`. Limits are read as AWS tells them, unless `limits` reads them otherwise.
  [[nodiscard]] Result<std::unique_ptr<HttpClient>> client(std::string_view name, const Origin& origin,
                                                           std::unique_ptr<Authorizer> authorizer,
                                                           Limits limits = {}) const;

  /// The environment's variable, if it is set and not empty.
  [[nodiscard]] std::optional<std::string> variable(const char* name) const {
    return aws::variable(services.environment, name);
  }
};

}  // namespace tokensweep::aws
