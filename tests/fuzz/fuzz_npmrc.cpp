#include "tests/fuzz/reader_target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return tokensweep::testing::check_reader(tokensweep::read_npmrc, data, size);
}
