#pragma once

#include <filesystem>
#include <optional>

#include "db/answers.hpp"
#include "net/answer_store.hpp"

namespace tokensweep {

/// The answers of services that are kept beside an inventory. The file is opened when the first one is looked for;
/// where that fails, nothing is kept, and everything is asked for in full.
class KeptAnswers final : public AnswerStore {
 public:
  KeptAnswers(std::filesystem::path file, Time now) : file_(std::move(file)), now_(now) {}

  std::optional<KeptAnswer> find(std::string_view key) override;
  void keep(std::string_view key, const KeptAnswer& answer) override;

 private:
  Answers* opened();

  std::filesystem::path file_;
  Time now_;
  bool tried_ = false;
  std::optional<Answers> answers_;
};

}  // namespace tokensweep
