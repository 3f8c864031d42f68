#include "connectors/json_stream.hpp"

#include <array>
#include <boost/json/basic_parser_impl.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/secret.hpp"
#include "base/wiped_text.hpp"

namespace tokensweep {
namespace {

namespace json = boost::json;
using json::error_code;
using Kind = JsonEvent::Kind;

// GitHub's longest key has 40 characters; what is longer is nobody's.
constexpr std::size_t kLongestKey = 128;
// Kubernetes' longest are those of annotations: 253 characters, a slash and 63.
constexpr std::size_t kLongestMapKey = 1024;

Error malformed(std::string what) { return {ErrorKind::malformed, std::move(what)}; }

/// Overwrites what a call before it left on the stack: the parser unescapes texts there.
[[gnu::noinline]] void wipe_stack() {
  std::array<char, std::size_t{8} << 10U> below{};
  wipe(below.data(), below.size());
}

/// What boost::json::basic_parser calls: keeps the path, and passes on what is wanted.
class Handler {
 public:
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);

  Handler(JsonListener& listener, std::size_t longest_text) : listener_(listener), longest_text_(longest_text) {}

  /// What the listener, or a limit, had against it.
  std::optional<Error> refused;

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_array_begin(error_code& ec) { return begin(Kind::array, ec); }
  bool on_array_end(std::size_t, error_code& ec) { return end(ec); }
  bool on_object_begin(error_code& ec) { return begin(Kind::object, ec); }
  bool on_object_end(std::size_t, error_code& ec) { return end(ec); }

  bool on_key_part(json::string_view part, std::size_t, error_code&) {
    if (unwanted_ == 0) add_to_key(part);
    return true;
  }
  bool on_key(json::string_view part, std::size_t, error_code& ec) {
    if (unwanted_ > 0) return true;
    add_to_key(part);
    path_.resize(levels_.back().length);
    if (levels_.back().is_map) {
      if (key_.size() > kLongestMapKey) return refuse(malformed("a key is longer than any that belongs there"), ec);
      path_ += "{}";
      wanted_ = listener_.wants(path_);
      map_key_.swap(key_);
    } else {
      if (!path_.empty()) path_ += '.';
      path_ += key_;
      wanted_ =
          key_.size() <= kLongestKey && key_.find_first_of(".[]{}") == std::string::npos && listener_.wants(path_);
    }
    key_.clear();
    return true;
  }

  bool on_string_part(json::string_view part, std::size_t size, error_code& ec) {
    if (!starts_wanted()) return true;
    if (size > longest_text_) return refuse(malformed("a text is longer than any that belongs there"), ec);
    text_.append(part);
    return true;
  }
  bool on_string(json::string_view part, std::size_t size, error_code& ec) {
    if (!starts_wanted()) return true;
    if (size > longest_text_) return refuse(malformed("a text is longer than any that belongs there"), ec);
    if (text_.empty()) return tell({.path = path_, .kind = Kind::text, .text = part}, ec);
    text_.append(part);
    const bool fine = tell({.path = path_, .kind = Kind::text, .text = text_.view()}, ec);
    text_.clear();
    return fine;
  }

  bool on_number_part(json::string_view, error_code&) { return true; }
  bool on_int64(std::int64_t number, json::string_view, error_code& ec) {
    const auto rounded = static_cast<double>(number);
    return scalar({.path = path_, .kind = Kind::integer, .integer = number, .number = rounded}, ec);
  }
  bool on_uint64(std::uint64_t number, json::string_view, error_code& ec) {
    return scalar({.path = path_, .kind = Kind::number, .number = static_cast<double>(number)}, ec);
  }
  bool on_double(double number, json::string_view, error_code& ec) {
    return scalar({.path = path_, .kind = Kind::number, .number = number}, ec);
  }
  bool on_bool(bool flag, error_code& ec) { return scalar({.path = path_, .kind = Kind::flag, .flag = flag}, ec); }
  bool on_null(error_code& ec) { return scalar({.path = path_}, ec); }
  bool on_comment_part(json::string_view, error_code&) { return true; }
  bool on_comment(json::string_view, error_code&) { return true; }

 private:
  /// An object or array that is open and wanted.
  struct Level {
    std::size_t length;  ///< of its own path
    bool is_array;
    bool is_map;
  };

  void add_to_key(json::string_view part) {
    if (key_.size() <= kLongestMapKey) key_.append(part.data(), part.size());
  }

  /// Puts the path right for a value that begins here, and tells whether it is wanted.
  bool starts_wanted() {
    if (unwanted_ > 0) return false;
    if (levels_.empty()) {
      path_.clear();
      return listener_.wants(path_);
    }
    if (!levels_.back().is_array) return wanted_;
    path_.resize(levels_.back().length);
    path_ += "[]";
    return listener_.wants(path_);
  }

  bool scalar(const JsonEvent& event, error_code& ec) {
    if (!starts_wanted()) return true;
    JsonEvent here = event;
    here.path = path_;
    return tell(here, ec);
  }

  bool begin(Kind kind, error_code& ec) {
    if (!starts_wanted()) {
      ++unwanted_;
      return true;
    }
    const bool is_map = kind == Kind::object && listener_.is_map(path_);
    levels_.push_back({.length = path_.size(), .is_array = kind == Kind::array, .is_map = is_map});
    return tell({.path = path_, .kind = kind}, ec);
  }

  bool end(error_code& ec) {
    if (unwanted_ > 0) {
      --unwanted_;
      return true;
    }
    path_.resize(levels_.back().length);
    levels_.pop_back();
    return tell({.path = path_, .kind = Kind::end}, ec);
  }

  bool tell(const JsonEvent& event, error_code& ec) {
    JsonEvent whole = event;
    whole.key = map_key_;
    auto fine = listener_.met(whole);
    return fine ? true : refuse(std::move(fine).error(), ec);
  }

  bool refuse(Error error, error_code& ec) {
    refused = std::move(error);
    ec = make_error_code(json::error::exception);
    return false;
  }

  JsonListener& listener_;
  std::size_t longest_text_;
  std::string path_;
  std::string key_;
  std::string map_key_;  ///< the last one
  WipedText text_;       ///< of a text that came in pieces
  std::vector<Level> levels_;
  std::size_t unwanted_ = 0;  ///< how many open objects and arrays nobody wants
  bool wanted_ = false;       ///< whether the member whose key came last is
};

}  // namespace

struct JsonStream::Impl {
  Impl(JsonListener& listener, std::size_t longest_text) : parser(json::parse_options(), listener, longest_text) {}

  Result<> read(bool more, std::string_view bytes) {
    error_code ec;
    const std::size_t taken = parser.write_some(more, bytes.data(), bytes.size(), ec);
    wipe_stack();
    if (parser.handler().refused) return *parser.handler().refused;
    if (ec == json::error::too_deep) return malformed("JSON that is nested too deep");
    if (ec || taken < bytes.size()) return malformed(page ? "a web page in place of JSON" : "no JSON");
    return {};
  }

  json::basic_parser<Handler> parser;
  bool page = false;   ///< it begins as HTML does
  bool begun = false;  ///< something else than space came
};

JsonStream::JsonStream(JsonListener& listener, std::size_t longest_text)
    : impl_(std::make_unique<Impl>(listener, longest_text)) {}

JsonStream::~JsonStream() = default;

Result<> JsonStream::read(std::string_view bytes) {
  if (!impl_->begun) {
    const std::size_t first = bytes.find_first_not_of(" \t\r\n");
    impl_->begun = first != std::string_view::npos;
    impl_->page = impl_->begun && bytes[first] == '<';
  }
  return impl_->read(true, bytes);
}

Result<> JsonStream::finish() {
  if (!impl_->begun) return malformed("nothing in place of JSON");
  return impl_->read(false, {});
}

}  // namespace tokensweep
