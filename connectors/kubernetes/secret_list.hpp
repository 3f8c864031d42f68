#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "connectors/connector.hpp"
#include "model/model.hpp"
#include "net/http.hpp"

/// Lists of secrets and of ConfigMaps, read while they come: one secret at a time is in memory, and of its values those
/// that may matter. Strict: what we use and has another type than the API gives it is an error (`malformed`), which
/// names the field and never what it holds; what we do not use is passed over.
namespace tokensweep::kubernetes {

/// What a list is of. A ConfigMap is read as a secret of no type, whose values are not all in base64.
enum class ObjectKind : std::uint8_t { secret, config_map };

/// What is asked for, and so what comes.
enum class ListForm : std::uint8_t {
  values,  ///< SecretList, ConfigMapList: whole objects
  names,   ///< Table with each object's metadata: no value of `data` comes over the wire
};

/// One key of a secret's `data`.
struct SecretKey {
  std::string name;
  std::optional<Secret> value;         ///< decoded; in ListForm::values alone
  std::optional<Time> written_before;  ///< its value was written then or earlier; empty where nobody noted it
};

/// One secret or ConfigMap, as a list shows it.
struct SecretObject {
  ObjectKind kind = ObjectKind::secret;
  std::string name;
  std::string name_space;
  std::string uid;
  std::string version;  ///< another one after each write
  std::string type;
  std::optional<Time> created_at;
  std::optional<Time> written_at;  ///< the last write that anybody noted
  std::string owner;               ///< the kind of what keeps it as it is, such as `ExternalSecret`; empty: nobody
  bool immutable = false;
  /// Of ListForm::values those whose values may matter, of ListForm::names those whose names somebody noted.
  std::vector<SecretKey> keys;
  std::size_t key_count = 0;  ///< how many there are
  /// The object as `kubectl apply` sent it last, values and all, where it may matter and values are asked for: JSON.
  std::optional<Secret> last_applied;
};

/// What a list says of itself, in front of its items.
struct ListHead {
  std::string version;                     ///< the snapshot's
  std::string next;                        ///< what the next page is asked for with; empty: this is the last one
  std::optional<std::uint64_t> remaining;  ///< how many items come behind this page, where it is told
};

/// Takes what a list holds, in its order.
class SecretListener {
 public:
  virtual ~SecretListener() = default;
  virtual void head(const ListHead& head) = 0;
  /// Name, uid and version of a secret are there: whether its values are to be judged at all.
  virtual bool wants_values(const SecretObject& secret) = 0;
  /// Whether the value of a key, or the last applied object (key empty), may matter.
  virtual bool may_matter(const SecretObject& secret, std::string_view key, std::string_view bytes,
                          Spelling spelling) = 0;
  /// A secret is whole; what it leaves in place is dropped. An error ends the list.
  virtual Result<> secret(SecretObject& secret) = 0;
};

/// A spelling that lists come in.
class SecretListParser {
 public:
  virtual ~SecretListParser() = default;
  virtual Result<> read(std::string_view bytes) = 0;
  virtual Result<> finish() = 0;
  [[nodiscard]] virtual std::size_t items() const = 0;
};

/// As JSON. `listener` has to outlive it.
std::unique_ptr<SecretListParser> json_list_parser(SecretListener& listener, ListForm form, ObjectKind kind);

/// As protocol buffers, for which an API server works half as much: secrets in ListForm::values alone. `listener`
/// has to outlive it.
std::unique_ptr<SecretListParser> protobuf_list_parser(SecretListener& listener);

/// Reads one page of a list, in the spelling that it begins with.
class SecretListReader : public BodyReader {
 public:
  /// `listener` has to outlive it.
  SecretListReader(SecretListener& listener, ListForm form, ObjectKind kind = ObjectKind::secret);

  void begin() override;
  Result<> read(std::string_view bytes) override;
  /// The answer has ended: an error where it is not whole, or not what was asked for.
  Result<> finish();

  [[nodiscard]] std::size_t bytes() const { return bytes_; }  ///< that came
  [[nodiscard]] std::size_t items() const;

 private:
  SecretListener& listener_;
  ListForm form_;
  ObjectKind kind_;
  std::size_t bytes_ = 0;
  std::unique_ptr<SecretListParser> parser_;
};

}  // namespace tokensweep::kubernetes
