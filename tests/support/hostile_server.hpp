#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/certificates.hpp"

/// A server that does whatever a test tells it to, byte for byte, on the loopback and a port of its own.
namespace tokensweep::testing {

/// One connection, as the server's script sees it. What cannot be read or sent, because the far side went away, is
/// empty or false: no script hangs on it, and the server's end wakes all.
class Peer {
 public:
  explicit Peer(int socket) : socket_(socket) {}
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  ~Peer() {
    close();
    if (ssl_ != nullptr) SSL_free(ssl_);
  }

  /// The next request: its head, and as much of a body as it announces. Empty where none comes.
  std::string request() {
    std::size_t end = 0;
    while ((end = pending_.find("\r\n\r\n")) == std::string::npos) {
      if (!more()) return {};
    }
    const std::size_t at = pending_.find("Content-Length: ");
    const std::size_t body = at < end ? std::strtoul(pending_.c_str() + at + 16, nullptr, 10) : 0;
    while (pending_.size() < end + 4 + body) {
      if (!more()) return {};
    }
    std::string request = pending_.substr(0, end + 4 + body);
    pending_.erase(0, request.size());
    return request;
  }

  /// The next so many bytes; empty where fewer come.
  std::string take(std::size_t count) {
    while (pending_.size() < count) {
      if (!more()) return {};
    }
    std::string bytes = pending_.substr(0, count);
    pending_.erase(0, count);
    return bytes;
  }

  /// Waits until something has come, whatever it is.
  void first_bytes() { more(); }

  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const long sent = ssl_ != nullptr ? SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()))
                                        : ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  /// `200 OK` with this body.
  bool answer(std::string_view body, std::string_view headers = {}) {
    return send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + std::string(headers) +
                "\r\n" + std::string(body));
  }

  /// Answers every request with `body`.
  void serve(std::string_view body) {
    while (!request().empty() && answer(body)) {
    }
  }

  /// Reads until the far side has gone: for scripts that never answer.
  void hang() {
    while (more()) {
    }
  }

  bool shake_hands(SSL_CTX* context) {
    ssl_ = SSL_new(context);
    SSL_set_fd(ssl_, socket_);
    return SSL_accept(ssl_) == 1;
  }
  [[nodiscard]] bool resumed() const { return SSL_session_reused(ssl_) == 1; }
  /// The name that the client asked for by SNI.
  [[nodiscard]] std::string server_name() const {
    const char* const name = SSL_get_servername(ssl_, TLSEXT_NAMETYPE_host_name);
    return name == nullptr ? "" : name;
  }
  void say_goodbye() { SSL_shutdown(ssl_); }

  /// Ends the connection as a crash would: RST.
  void reset() {
    const linger at_once{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close();
  }
  void close() {
    const std::lock_guard lock(mutex_);
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }
  /// Wakes a script that waits, from another thread.
  void interrupt() {
    const std::lock_guard lock(mutex_);
    if (socket_ >= 0) ::shutdown(socket_, SHUT_RDWR);
  }

 private:
  bool more() {
    char bytes[4096];
    const long count = ssl_ != nullptr ? SSL_read(ssl_, bytes, sizeof bytes) : ::recv(socket_, bytes, sizeof bytes, 0);
    if (count > 0) pending_.append(bytes, static_cast<std::size_t>(count));
    return count > 0;
  }

  std::mutex mutex_;
  int socket_;
  SSL* ssl_ = nullptr;
  std::string pending_;
};

class HostileServer {
 public:
  /// Runs `script` for each connection, in a thread of its own; the connection ends with it.
  explicit HostileServer(std::function<void(Peer&)> script, bool ipv6 = false) : script_(std::move(script)) {
    std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
    listener_ = ::socket(ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in six_or_four{};
    sockaddr_in6 six{};
    six_or_four.sin_family = AF_INET;
    six_or_four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    six.sin6_family = AF_INET6;
    six.sin6_addr = in6addr_loopback;
    auto* const address = ipv6 ? reinterpret_cast<sockaddr*>(&six) : reinterpret_cast<sockaddr*>(&six_or_four);
    socklen_t size = ipv6 ? sizeof six : sizeof six_or_four;
    if (::bind(listener_, address, size) != 0 || ::listen(listener_, 128) != 0) std::abort();
    ::getsockname(listener_, address, &size);
    port_ = ntohs(ipv6 ? six.sin6_port : six_or_four.sin_port);
    if (::pipe(stop_) != 0) std::abort();
    acceptor_ = std::thread([this] { accept_all(); });
  }
  HostileServer(const HostileServer&) = delete;
  HostileServer& operator=(const HostileServer&) = delete;
  ~HostileServer() {
    ::close(stop_[1]);
    acceptor_.join();
    for (Session& session : sessions_) session.peer->interrupt();
    for (Session& session : sessions_) session.thread.join();
    ::close(listener_);
    ::close(stop_[0]);
  }

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::size_t connections() const { return connections_; }

 private:
  struct Session {
    std::unique_ptr<Peer> peer;
    std::thread thread;
  };

  void accept_all() {
    while (true) {
      pollfd waits[2] = {{listener_, POLLIN, 0}, {stop_[0], POLLIN, 0}};
      if (::poll(waits, 2, -1) < 0) continue;
      if (waits[1].revents != 0) return;
      const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (socket < 0) continue;
      ++connections_;
      Session& session = sessions_.emplace_back();
      session.peer = std::make_unique<Peer>(socket);
      session.thread = std::thread([this, peer = session.peer.get()] {
        script_(*peer);
        peer->close();
      });
    }
  }

  std::function<void(Peer&)> script_;
  int listener_ = -1;
  int stop_[2] = {-1, -1};
  std::uint16_t port_ = 0;
  std::atomic<std::size_t> connections_{0};
  std::list<Session> sessions_;  ///< the acceptor's, until it has ended
  std::thread acceptor_;
};

/// A server's side of TLS.
class ServerTls {
 public:
  explicit ServerTls(const TestCertificate& own) : context_(SSL_CTX_new(TLS_server_method()), SSL_CTX_free) {
    // Bad certificates have to get out of here, and old versions too.
    SSL_CTX_set_security_level(context_.get(), 0);
    SSL_CTX_set_min_proto_version(context_.get(), TLS1_VERSION);
    SSL_CTX_use_certificate(context_.get(), own.certificate());
    SSL_CTX_use_PrivateKey(context_.get(), own.key());
  }
  [[nodiscard]] SSL_CTX* context() const { return context_.get(); }

 private:
  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context_;
};

}  // namespace tokensweep::testing
