#include "net/inflate.hpp"

#include <zlib.h>

#include <cstddef>
#include <cstdlib>
#include <new>
#include <utility>

#include "base/secret.hpp"

namespace tokensweep {
namespace {

constexpr std::size_t kPiece = std::size_t{16} << 10U;
/// gzip only, the largest window.
constexpr int kWindowBits = 15 + 16;

/// zlib's window holds what was decoded last, and zlib frees it without wiping: so each block knows its size.
struct alignas(std::max_align_t) BlockHead {
  std::size_t size;
};

voidpf allocate(voidpf /*opaque*/, uInt items, uInt size) {
  const std::size_t bytes = std::size_t{items} * size;
  auto* const head = static_cast<BlockHead*>(std::calloc(1, sizeof(BlockHead) + bytes));
  if (head == nullptr) return nullptr;
  head->size = bytes;
  return head + 1;
}

void release(voidpf /*opaque*/, voidpf block) {
  BlockHead* const head = static_cast<BlockHead*>(block) - 1;
  wipe(block, head->size);
  std::free(head);
}

Error no_gzip() { return {ErrorKind::malformed, "its answer claims to be gzip and is not"}; }

}  // namespace

struct Inflate::Impl {
  z_stream stream{};
  WipedBuffer out{kPiece};
};

Inflate::Inflate() : impl_(std::make_unique<Impl>()) {
  impl_->stream.zalloc = allocate;
  impl_->stream.zfree = release;
  // It fails for want of memory alone: the version and the window are constants.
  if (inflateInit2(&impl_->stream, kWindowBits) != Z_OK) throw std::bad_alloc();
}

Inflate::~Inflate() { inflateEnd(&impl_->stream); }

Result<> Inflate::decode(std::string_view encoded, const Out& out) {
  if (encoded.empty()) return {};
  z_stream& stream = impl_->stream;
  // zlib's interface has no const; it reads only.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(encoded.data()));
  stream.avail_in = static_cast<uInt>(encoded.size());
  do {
    if (finished_) return no_gzip();
    stream.next_out = reinterpret_cast<Bytef*>(impl_->out.data());
    stream.avail_out = static_cast<uInt>(impl_->out.capacity());
    const int status = inflate(&stream, Z_NO_FLUSH);
    const std::size_t decoded = impl_->out.capacity() - stream.avail_out;
    // Z_BUF_ERROR: there was nothing to do, more has to come.
    if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) return no_gzip();
    finished_ = status == Z_STREAM_END;
    if (decoded > 0) {
      auto taken = out({impl_->out.data(), decoded});
      wipe(impl_->out.data(), decoded);
      TRY_VOID(std::move(taken));
    }
  } while (stream.avail_in > 0 || (stream.avail_out == 0 && !finished_));
  return {};
}

}  // namespace tokensweep
