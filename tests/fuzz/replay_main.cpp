// The main of a fuzz target in an ordinary build, which makes it a unit test:
//
//   fuzz_npmrc FILE|DIRECTORY …
//
// runs the target on each file, on a fixed number of mutations of each, and on bytes made up from a seed. What a target
// finds wrong, it aborts on. libFuzzer brings a main of its own (see tests/fuzz/meson.build).
#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/tokens.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr int kMutationsPerFile = 2000;
constexpr int kInventedInputs = 2000;
constexpr std::size_t kInventedSizeMax = 256;

using tokensweep::testing::Random;

/// The input lies in a block of just its size, so that a sanitizer sees a read beyond its end.
void run(const std::string& input) {
  const std::vector<std::uint8_t> exact(input.begin(), input.end());
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

/// What the syntaxes are made of: random bytes alone would never open a section or a string.
constexpr std::string_view kPieces[] = {"${",
                                        "}",
                                        ":-",
                                        "\\",
                                        "\"",
                                        "'",
                                        "[",
                                        "]",
                                        "{",
                                        "}",
                                        "=",
                                        "\n",
                                        "\r",
                                        ";",
                                        "#",
                                        "//",
                                        ":",
                                        "@",
                                        ":_auth",
                                        ":_authToken=",
                                        "&a ",
                                        "*a",
                                        "- ",
                                        "? ",
                                        "|\n",
                                        "\t",
                                        "  ",
                                        "!",
                                        "\xEF\xBB\xBF",
                                        "\xE2\x80\xA8",
                                        "[]=",
                                        ".",
                                        ",",
                                        "null",
                                        "true",
                                        "1e9",
                                        "\"\"\"",
                                        "%41",
                                        "https://",
                                        "\xFF"};

std::string mutate(std::string input, Random& random) {
  for (std::size_t edits = 1 + random.below(4); edits > 0; --edits) {
    const std::size_t at = random.below(input.size() + 1);
    const std::size_t length = random.below(std::min<std::size_t>(input.size() - at, 16) + 1);
    switch (random.below(5)) {
      case 0:
        input.erase(at, length);
        break;
      case 1:
        input.insert(at, std::string(kPieces[random.below(std::size(kPieces))]));
        break;
      case 2:
        input.insert(random.below(input.size() + 1), input.substr(at, length));
        break;
      case 3:
        if (at < input.size()) input[at] = static_cast<char>(random.below(256));
        break;
      default:
        input.resize(at);
        break;
    }
  }
  return input;
}

std::vector<std::filesystem::path> files_in(const std::filesystem::path& place) {
  std::vector<std::filesystem::path> files;
  if (std::filesystem::is_directory(place)) {
    for (const auto& entry : std::filesystem::directory_iterator(place)) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
  } else {
    files.push_back(place);
  }
  return files;
}

}  // namespace

int main(int argc, char** argv) {
  Random random(1);
  std::size_t inputs = 0;
  for (int i = 1; i < argc; ++i) {
    for (const auto& file : files_in(argv[i])) {
      std::ifstream in(file, std::ios::binary);
      if (!in) {
        fmt::print(stderr, "cannot read {}\n", file.string());
        return 1;
      }
      std::ostringstream bytes;
      bytes << in.rdbuf();
      const std::string seed = std::move(bytes).str();
      run(seed);
      for (int n = 0; n < kMutationsPerFile; ++n) run(mutate(seed, random));
      inputs += 1 + kMutationsPerFile;
    }
  }
  for (int n = 0; n < kInventedInputs; ++n) {
    std::string input;
    while (input.size() < random.below(kInventedSizeMax)) input += kPieces[random.below(std::size(kPieces))];
    run(input);
  }
  fmt::print("{} inputs\n", inputs + kInventedInputs);
  return 0;
}
