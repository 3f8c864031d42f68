#include "db/group_commit.hpp"

namespace tokensweep {
namespace {

// Tokens come in no order of their fingerprints, so each transaction writes much of that index: few large ones write
// less than many small ones, and age ends them first on anything but a fast disk.
constexpr std::int64_t kRows = 32'000;
constexpr std::chrono::seconds kAge{1};

}  // namespace

Result<> GroupCommit::begin_call() {
  if (transaction_) return {};
  TRY(auto begun, sqlite::Transaction::begin(database_));
  transaction_.emplace(std::move(begun));
  began_ = std::chrono::steady_clock::now();
  changes_before_ = database_.total_changes();
  return {};
}

Result<> GroupCommit::end_call() {
  const bool large = database_.total_changes() - changes_before_ >= kRows;
  if (large || std::chrono::steady_clock::now() - began_ >= kAge) return commit();
  return {};
}

Result<> GroupCommit::commit() {
  if (failed_) return Error(*failed_);
  if (!transaction_) return {};
  auto committed = transaction_->commit();
  transaction_.reset();
  if (!committed) return failure(std::move(committed).error());
  return {};
}

Error GroupCommit::failure(Error error) {
  transaction_.reset();
  if (!failed_) failed_ = error;
  return error;
}

}  // namespace tokensweep
