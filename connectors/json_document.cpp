#include "connectors/json_document.hpp"

#include <boost/json.hpp>
#include <cstddef>
#include <new>
#include <string>

#include "base/secret.hpp"

namespace tokensweep {
namespace {

class WipingMemory : public boost::json::memory_resource {
 private:
  // Boost.JSON gives memory back with another alignment than it asked for, and never needs more than the usual one.
  void* do_allocate(std::size_t size, std::size_t /*alignment*/) override { return ::operator new(size); }
  void do_deallocate(void* memory, std::size_t size, std::size_t /*alignment*/) override {
    wipe(memory, size);
    ::operator delete(memory);
  }
  [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }
};

Error no_json(std::string_view text, std::size_t at) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {ErrorKind::malformed, "nothing in place of JSON"};
  if (text[begin] == '<') return {ErrorKind::malformed, "a web page in place of JSON"};
  return {ErrorKind::malformed, "no JSON: byte " + std::to_string(at + 1)};
}

}  // namespace

Result<boost::json::value> parse_json(std::string_view text) {
  const auto memory = boost::json::make_shared_resource<WipingMemory>();
  boost::json::parser parser(memory);  // for what it keeps in between
  parser.reset(memory);                // for the value
  boost::json::error_code failure;
  std::size_t read = parser.write_some(text.data(), text.size(), failure);
  if (failure) return no_json(text, read);
  read = text.find_first_not_of(" \t\r\n", read);
  if (read != std::string_view::npos) return no_json(text, read);
  return parser.release();
}

}  // namespace tokensweep
