#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "connectors/kubernetes/secret_list.hpp"
#include "model/model.hpp"

namespace tokensweep::kubernetes {

/// A secret's `data` is 1 MiB at the most, which base64 makes 1.4; its annotations are 256 KiB.
inline constexpr std::size_t kLongestText = std::size_t{2} << 20U;

/// The annotation where `kubectl apply` keeps the object that it sent.
inline constexpr std::string_view kLastAppliedAnnotation = "kubectl.kubernetes.io/last-applied-configuration";

/// Of a `managedFields[].fieldsV1`, `{"f:data":{".":{},"f:KEY":{}},…}`: one member of `f:data`; empty where it is no
/// key.
std::string_view key_of_managed_field(std::string_view member);

/// Puts the secrets of a list together from their parts, in whatever order and spelling these come.
class SecretAssembly {
 public:
  SecretAssembly(SecretListener& listener, ListForm form) : listener_(listener), form_(form) {}
  SecretAssembly(const SecretAssembly&) = delete;
  SecretAssembly& operator=(const SecretAssembly&) = delete;

  SecretObject secret;  ///< of now: its plain fields are set by whoever reads them

  void begin();
  /// One of `ownerReferences`: the controller counts, else the first one.
  void add_owner(std::string kind, bool controls);
  /// One of `managedFields` begins; what it has is added to the last one.
  void begin_writer() { writers_.emplace_back(); }
  void set_write_time(Time time);
  void add_written_key(std::string_view key);
  /// All keys of the last one, as JSON; what is none of it tells nothing.
  void set_written_fields(std::string_view fields);

  /// Its metadata is whole: name, namespace, uid and version have to be there.
  Result<> end_metadata();
  /// Whether its values are looked at at all. They are while its metadata has not ended.
  [[nodiscard]] bool needed() const { return needed_; }
  void last_applied(std::string_view text);
  /// A value of `data`, as `spelling` says.
  Result<> value(std::string_view key, std::string_view bytes, Spelling spelling);
  /// A value of `data` that is empty because nobody wrote it.
  void no_value() { ++secret.key_count; }
  Result<> end();

  [[nodiscard]] std::size_t items() const { return items_; }

 private:
  /// What one manager wrote last, and when.
  struct Writer {
    std::optional<Time> time;
    std::vector<std::string> keys;  ///< of `data` that are its own
    std::string fields;             ///< the same, unread
  };

  void read_written_fields();
  void date_keys();
  void add_noted_keys();

  SecretListener& listener_;
  ListForm form_;
  std::vector<Writer> writers_;
  bool controlled_ = false;  ///< whether the owner is a controller
  bool has_metadata_ = false;
  bool needed_ = true;
  std::size_t decoded_ = 0;
  std::size_t items_ = 0;
};

}  // namespace tokensweep::kubernetes
