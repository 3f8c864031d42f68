#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>

#include "base/result.hpp"

namespace tokensweep {

/// Takes gzip (RFC 1952) apart while it comes. One member, as servers send them; what follows it is an error. All
/// memory that held decoded bytes is wiped.
class Inflate {
 public:
  /// Gets the decoded bytes piece by piece; they are wiped after the call.
  using Out = std::function<Result<>(std::string_view decoded)>;

  Inflate();
  Inflate(const Inflate&) = delete;
  Inflate& operator=(const Inflate&) = delete;
  ~Inflate();

  /// `malformed` for what is no gzip or does not match its checksum; else the error of `out`.
  Result<> decode(std::string_view encoded, const Out& out);
  /// Whether the member has come to its end, and its checksum and length were right.
  [[nodiscard]] bool finished() const { return finished_; }

 private:
  struct Impl;  // keeps <zlib.h> out of everyone else's build
  std::unique_ptr<Impl> impl_;
  bool finished_ = false;
};

}  // namespace tokensweep
