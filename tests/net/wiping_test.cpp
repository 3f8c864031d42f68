#include <doctest/doctest.h>
#include <fmt/core.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "tests/net/transport_rig.hpp"
#include "tests/support/gzip.hpp"
#include "tests/support/server_process.hpp"
#include "tests/support/tokens.hpp"

namespace {

using namespace tokensweep;           // NOLINT(google-build-using-namespace)
using namespace tokensweep::testing;  // NOLINT(google-build-using-namespace)

constexpr unsigned char kMask = 0x5a;
/// A window of a value that is short enough to find a value that was cut, and long enough to be nobody else's.
constexpr std::size_t kWindow = 16;

/// How often a value stands in this process' memory, which knows it masked alone.
std::size_t count_in_memory(const std::vector<unsigned char>& masked) {
  std::ifstream maps("/proc/self/maps");
  std::ifstream memory("/proc/self/mem", std::ios::binary);
  std::size_t found = 0;
  std::vector<unsigned char> bytes(std::size_t{1} << 20U);
  for (std::string line; std::getline(maps, line);) {
    if (line.find(" rw") == std::string::npos) continue;
    const auto begin = std::stoull(line, nullptr, 16);
    const auto end = std::stoull(line.substr(line.find('-') + 1), nullptr, 16);
    if (end - begin > (std::size_t{1} << 30U)) continue;  // a sanitizer's shadow
    for (auto at = begin; at < end; at += bytes.size() - masked.size()) {
      memory.clear();
      memory.seekg(static_cast<std::streamoff>(at));
      memory.read(reinterpret_cast<char*>(bytes.data()),
                  static_cast<std::streamsize>(std::min<std::uint64_t>(bytes.size(), end - at)));
      const auto count = static_cast<std::size_t>(memory.gcount());
      for (std::size_t i = 0; i + masked.size() <= count; ++i) {
        std::size_t same = 0;
        while (same < masked.size() && (bytes[i + same] ^ kMask) == masked[same]) ++same;
        found += same == masked.size() ? 1 : 0;
      }
      wipe(bytes.data(), bytes.size());
    }
  }
  return found;
}

/// The window of the server's value, masked: as the server's process makes it, and without the value in ours.
std::vector<unsigned char> masked_value() {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    std::string masked = npm_token(7).substr(8, kWindow);
    for (char& c : masked) c = static_cast<char>(c ^ kMask);
    std::_Exit(::write(ends[1], masked.data(), masked.size()) == kWindow ? 0 : 1);
  }
  std::vector<unsigned char> masked(kWindow);
  REQUIRE(::read(ends[0], masked.data(), masked.size()) == kWindow);
  ::waitpid(child, nullptr, 0);
  ::close(ends[0]);
  ::close(ends[1]);
  return masked;
}

struct Counter : BodyReader {
  std::size_t bytes = 0;
  void begin() override { bytes = 0; }
  Result<> read(std::string_view piece) override {
    bytes += piece.size();
    return {};
  }
};

TEST_CASE("no value of an answer stays in memory: in no buffer, window or record, nor where a body grew") {
  const TestCertificate own({});
  const ServerTls tls(own);
  const auto masked = masked_value();
  for (const bool secure : {false, true}) {
    for (const bool compressed : {false, true}) {
      CAPTURE(secure);
      CAPTURE(compressed);
      const ServerProcess server([&](Peer& peer) {
        std::string values;
        for (int i = 0; i < 5000; ++i) values += "{\"value\":\"" + npm_token(7) + "\"}" + std::to_string(i * i);
        const std::string body = compressed ? gzip(values) : values;
        if (secure && !peer.shake_hands(tls.context())) return;
        // One with its length, one that makes the text grow.
        peer.request();
        peer.answer(body, compressed ? "Content-Encoding: gzip\r\n" : "");
        peer.request();
        peer.send(std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n") +
                  (compressed ? "Content-Encoding: gzip\r\n\r\n" : "\r\n"));
        for (std::size_t at = 0; at < body.size(); at += 2048) {
          const std::string piece = body.substr(at, 2048);
          peer.send(fmt::format("{:x}\r\n{}\r\n", piece.size(), piece));
        }
        peer.send("0\r\n\r\n");
        peer.request();
      });
      TransportOptions options = direct();
      options.tls.ca_pem = own.certificate_pem();
      TransportRig rig(options);
      HttpRequest request = get("127.0.0.1", server.port(), secure);
      Counter counter;
      request.reader = &counter;
      REQUIRE(rig.send(request));
      CHECK(counter.bytes > 200'000);
      CHECK(count_in_memory(masked) == 0);
      request.reader = nullptr;
      {
        const auto answer = rig.send(request);
        REQUIRE(answer);
        CHECK(answer->body.size() > 200'000);
        CHECK(count_in_memory(masked) >= 5000);  // the search can find it
      }
      CHECK(count_in_memory(masked) == 0);
    }
  }
}

}  // namespace
