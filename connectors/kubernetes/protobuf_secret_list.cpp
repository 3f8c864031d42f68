#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

#include "connectors/kubernetes/protobuf.hpp"
#include "connectors/kubernetes/secret_assembly.hpp"
#include "connectors/kubernetes/secret_list.hpp"

namespace tokensweep::kubernetes {
namespace {

// Field numbers: k8s.io/api/core/v1 and k8s.io/apimachinery/pkg/apis/meta/v1, generated.proto.
constexpr ProtobufPath kListMeta = below(kFramedObject, 1);
constexpr ProtobufPath kListVersion = below(kListMeta, 2);
constexpr ProtobufPath kListContinue = below(kListMeta, 3);
constexpr ProtobufPath kListRemaining = below(kListMeta, 4);

constexpr ProtobufPath kItem = below(kFramedObject, 2);
constexpr ProtobufPath kMeta = below(kItem, 1);
constexpr ProtobufPath kName = below(kMeta, 1);
constexpr ProtobufPath kNamespace = below(kMeta, 3);
constexpr ProtobufPath kUid = below(kMeta, 5);
constexpr ProtobufPath kVersion = below(kMeta, 6);
constexpr ProtobufPath kCreated = below(kMeta, 8);
constexpr ProtobufPath kCreatedSeconds = below(kCreated, 1);
constexpr ProtobufPath kAnnotation = below(kMeta, 12);
constexpr ProtobufPath kAnnotationKey = below(kAnnotation, 1);
constexpr ProtobufPath kAnnotationValue = below(kAnnotation, 2);
constexpr ProtobufPath kOwner = below(kMeta, 13);
constexpr ProtobufPath kOwnerKind = below(kOwner, 1);
constexpr ProtobufPath kOwnerControls = below(kOwner, 6);
constexpr ProtobufPath kWriter = below(kMeta, 17);
constexpr ProtobufPath kWriterTime = below(kWriter, 4);
constexpr ProtobufPath kWriterSeconds = below(kWriterTime, 1);
constexpr ProtobufPath kWriterFields = below(kWriter, 7);
constexpr ProtobufPath kWriterFieldsJson = below(kWriterFields, 1);
constexpr ProtobufPath kData = below(kItem, 2);
constexpr ProtobufPath kDataKey = below(kData, 1);
constexpr ProtobufPath kDataValue = below(kData, 2);
constexpr ProtobufPath kType = below(kItem, 3);
constexpr ProtobufPath kImmutable = below(kItem, 5);

Error malformed(std::string_view what) { return {ErrorKind::malformed, std::string(what)}; }

/// `metav1.Time.seconds`, an int64; years 0 to 9999, as RFC 3339 has.
Result<Time> time_of(std::uint64_t seconds) {
  using std::chrono::sys_days;
  using std::chrono::year;
  const Time time{std::chrono::seconds(static_cast<std::int64_t>(seconds))};
  if (time < sys_days(year(0) / 1 / 1) || time >= sys_days(year(10000) / 1 / 1)) return malformed("a time is none");
  return time;
}

class ProtobufListParser final : public SecretListParser, private ProtobufListener {
 public:
  explicit ProtobufListParser(SecretListener& listener) : listener_(listener), assembly_(listener, ListForm::values) {}

  Result<> read(std::string_view bytes) override { return stream_.read(bytes); }

  Result<> finish() override {
    TRY_VOID(stream_.finish());
    if (!right_kind_) return malformed("it is no list of what was asked for");
    if (!headed_) return malformed("a list without metadata");
    return {};
  }

  [[nodiscard]] std::size_t items() const override { return assembly_.items(); }

 private:
  [[nodiscard]] ProtobufField field_at(ProtobufPath path) const override {
    switch (path) {
      case kFrameType:
      case kFramedObject:
      case kListMeta:
      case kItem:
      case kMeta:
      case kCreated:
      case kAnnotation:
      case kOwner:
      case kWriter:
      case kWriterTime:
      case kWriterFields:
      case kData:
        return ProtobufField::message;
      case kFrameKind:
      case kFrameEncoding:
      case kListVersion:
      case kListContinue:
      case kName:
      case kNamespace:
      case kUid:
      case kVersion:
      case kAnnotationKey:
      case kOwnerKind:
      case kWriterFieldsJson:
      case kDataKey:
      case kType:
        return ProtobufField::text;
      case kAnnotationValue:
        return key_ == kLastAppliedAnnotation ? ProtobufField::text : ProtobufField::unwanted;
      case kDataValue:
        return assembly_.needed() ? ProtobufField::text : ProtobufField::unwanted;
      default:
        return ProtobufField::unwanted;
    }
  }

  Result<> begin(ProtobufPath path) override {
    switch (path) {
      case kFramedObject:
        if (!right_kind_) return malformed("it is no list in the form that was asked for");
        break;
      case kItem:
        assembly_.begin();
        break;
      case kOwner:
        owner_kind_.clear();
        owner_controls_ = false;
        break;
      case kWriter:
        assembly_.begin_writer();
        break;
      case kAnnotation:
      case kData:
        key_.clear();
        has_value_ = false;
        break;
      default:
        break;
    }
    return {};
  }

  Result<> end(ProtobufPath path) override {
    switch (path) {
      case kListMeta:
        headed_ = true;
        listener_.head(list_);
        break;
      case kMeta:
        return assembly_.end_metadata();
      case kOwner:
        assembly_.add_owner(std::move(owner_kind_), owner_controls_);
        break;
      case kData:
        if (!has_value_) assembly_.no_value();
        break;
      case kItem:
        return assembly_.end();
      default:
        break;
    }
    return {};
  }

  Result<> text(ProtobufPath path, std::string_view bytes) override {
    switch (path) {
      case kFrameKind:
        right_kind_ = bytes == "SecretList";
        break;
      case kFrameEncoding:
        if (!bytes.empty()) return malformed("it is encoded in a way that was not asked for");
        break;
      case kListVersion:
        list_.version = bytes;
        break;
      case kListContinue:
        list_.next = bytes;
        break;
      case kName:
        assembly_.secret.name = bytes;
        break;
      case kNamespace:
        assembly_.secret.name_space = bytes;
        break;
      case kUid:
        assembly_.secret.uid = bytes;
        break;
      case kVersion:
        assembly_.secret.version = bytes;
        break;
      case kType:
        assembly_.secret.type = bytes;
        break;
      case kOwnerKind:
        owner_kind_ = bytes;
        break;
      case kWriterFieldsJson:
        assembly_.set_written_fields(bytes);
        break;
      case kAnnotationKey:
      case kDataKey:
        key_ = bytes;
        break;
      case kAnnotationValue:
        assembly_.last_applied(bytes);
        break;
      case kDataValue:
        return met_value(bytes);
      default:
        break;
    }
    return {};
  }

  Result<> number(ProtobufPath path, std::uint64_t value) override {
    switch (path) {
      case kListRemaining:
        if (static_cast<std::int64_t>(value) >= 0) list_.remaining = value;
        break;
      case kCreatedSeconds: {
        TRY(assembly_.secret.created_at, time_of(value));
        break;
      }
      case kWriterSeconds: {
        TRY(const Time time, time_of(value));
        assembly_.set_write_time(time);
        break;
      }
      case kOwnerControls:
        owner_controls_ = value != 0;
        break;
      case kImmutable:
        assembly_.secret.immutable = value != 0;
        break;
      default:
        break;
    }
    return {};
  }

  Result<> met_value(std::string_view bytes) {
    if (key_.empty() || has_value_) return malformed("a secret's value has no key of its own");
    has_value_ = true;
    return assembly_.value(key_, bytes, Spelling::plain);
  }

  SecretListener& listener_;
  SecretAssembly assembly_;
  ListHead list_;
  bool headed_ = false;
  bool right_kind_ = false;
  std::string key_;  ///< of the annotation or value of now
  bool has_value_ = false;
  std::string owner_kind_;
  bool owner_controls_ = false;
  FrameStream stream_{*this, kLongestText};
};

}  // namespace

std::unique_ptr<SecretListParser> protobuf_list_parser(SecretListener& listener) {
  return std::make_unique<ProtobufListParser>(listener);
}

}  // namespace tokensweep::kubernetes
