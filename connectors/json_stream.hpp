#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/result.hpp"

/// JSON that is looked at while it comes and never held: for long pages of which little matters, and for pages that
/// show secrets.
namespace tokensweep {

/// Something that stands in the text. `path` names it by the keys that lead to it: `secrets[].name` is each element's
/// name, `secrets[].data{}` each member of an object whose keys are names of somebody's choice; the text's own value
/// has the empty path.
struct JsonEvent {
  enum class Kind : std::uint8_t { null, flag, integer, number, text, object, array, end };

  std::string_view path;
  Kind kind = Kind::null;  ///< `object` and `array`: one begins there; `end`: it ends
  bool flag = false;
  std::int64_t integer = 0;
  double number = 0;           ///< of an integer, too
  std::string_view text = {};  ///< lies in memory that is wiped when the call returns
  std::string_view key = {};   ///< of the last `{}` in the path: what the member is called
};

/// Is told what stands in a text.
class JsonListener {
 public:
  virtual ~JsonListener() = default;
  /// Whether what stands at `path` matters; what does not has to be JSON and is passed over, with all that is in it.
  [[nodiscard]] virtual bool wants(std::string_view path) const = 0;
  /// Whether the object at `path` has keys of somebody's choice: its members have the path `…{}`, and events their
  /// keys.
  [[nodiscard]] virtual bool is_map(std::string_view /*path*/) const { return false; }
  /// An error ends the reading, and is its error.
  virtual Result<> met(const JsonEvent& event) = 0;
};

/// Reads one JSON document (RFC 8259) that comes in pieces of any size. Nested 32 deep at most. Errors (`malformed`)
/// quote nothing. A key that holds a dot, a bracket or a brace matters to nobody, but in a map: it could read as a
/// path.
class JsonStream {
 public:
  /// `listener` has to outlive it. A text longer than `longest_text` bytes is an error.
  JsonStream(JsonListener& listener, std::size_t longest_text);
  ~JsonStream();
  JsonStream(const JsonStream&) = delete;
  JsonStream& operator=(const JsonStream&) = delete;

  Result<> read(std::string_view bytes);
  /// The text is over: an error where it is not complete.
  Result<> finish();

 private:
  struct Impl;  // keeps <boost/json/basic_parser_impl.hpp> out of everyone else's build
  std::unique_ptr<Impl> impl_;
};

}  // namespace tokensweep
