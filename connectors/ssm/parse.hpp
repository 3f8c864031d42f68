#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "model/model.hpp"
#include "net/http.hpp"

/// Parameter Store's answers, read while they come: bytes in, values out, no socket. Strict: a field that we use and
/// that has another type than the API's description gives it is an error (`malformed`), which names the field and never
/// what it holds; what we do not use is passed over.
namespace tokensweep::ssm {

enum class Type : std::uint8_t { string, string_list, secure_string };

/// What DescribeParameters tells of a parameter: everything but its value.
struct Parameter {
  std::string name;  ///< as it is asked for; of one that another account shares, its ARN
  std::string arn;   ///< empty where the service tells none
  Type type = Type::string;
  std::string key;  ///< of a SecureString: the id, alias or ARN of what it is encrypted with
  std::string tier;
  std::int64_t version = 0;
  std::optional<Time> modified_at;  ///< when this version was written
  std::optional<Time> expires_at;   ///< when a policy of the advanced tier deletes it

  friend bool operator==(const Parameter&, const Parameter&) = default;
};

struct ParameterPage {
  std::vector<Parameter> parameters;
  std::optional<std::string> next;  ///< the token of the next page; empty: this is the last one
};

/// A value, by the name that it was asked for with.
struct Value {
  std::string name;
  Secret value;
};

struct ValuePage {
  std::vector<Value> values;
  std::vector<std::string> vanished;  ///< names that are no parameters (any more)
};

/// Reads an answer of DescribeParameters.
class ParameterReader final : public BodyReader {
 public:
  ParameterReader();
  ~ParameterReader() override;
  void begin() override;
  Result<> read(std::string_view bytes) override;
  /// The answer has ended.
  Result<ParameterPage> finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Reads an answer of GetParameters. Values are in a Secret or in memory that is wiped, at each moment.
class ValueReader final : public BodyReader {
 public:
  ValueReader();
  ~ValueReader() override;
  void begin() override;
  Result<> read(std::string_view bytes) override;
  /// The answer has ended.
  Result<ValuePage> finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// When the parameter ends, by the text of a policy of the type `Expiration`; nothing where it says no time.
std::optional<Time> expiration(std::string_view policy_text);

}  // namespace tokensweep::ssm
