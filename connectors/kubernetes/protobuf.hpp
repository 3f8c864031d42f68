#pragma once

#include <cstddef>
#include <string_view>

#include "base/result.hpp"
#include "connectors/protobuf_stream.hpp"

/// Kubernetes' own frame around protocol buffers: four bytes and a message `runtime.Unknown`, which holds the object
/// (https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding). Field numbers are those of the
/// API's generated.proto files, which never change.
namespace tokensweep::kubernetes {

inline constexpr std::string_view kProtobufMagic{"k8s\0", 4};

/// What the object's kind is called, and the object.
inline constexpr ProtobufPath kFrameType = protobuf_path(1);
inline constexpr ProtobufPath kFrameKind = protobuf_path(1, 2);
inline constexpr ProtobufPath kFramedObject = protobuf_path(2);
/// How the object is encoded; empty: not at all.
inline constexpr ProtobufPath kFrameEncoding = protobuf_path(3);

/// Whether an answer begins so: nothing else that an API server sends begins with this letter.
inline bool is_protobuf(std::string_view begin) { return begin.starts_with(kProtobufMagic.front()); }

/// A ProtobufStream behind the four bytes.
class FrameStream {
 public:
  /// `listener` has to outlive it.
  FrameStream(ProtobufListener& listener, std::size_t longest_text) : stream_(listener, longest_text) {}

  Result<> read(std::string_view bytes) {
    for (; magic_ < kProtobufMagic.size() && !bytes.empty(); bytes.remove_prefix(1)) {
      if (bytes.front() != kProtobufMagic[magic_++]) return Error{ErrorKind::malformed, "no object of Kubernetes"};
    }
    return stream_.read(bytes);
  }
  Result<> finish() {
    if (magic_ < kProtobufMagic.size()) return Error{ErrorKind::malformed, "it ends too early"};
    return stream_.finish();
  }

 private:
  ProtobufStream stream_;
  std::size_t magic_ = 0;  ///< bytes of it that came
};

}  // namespace tokensweep::kubernetes
