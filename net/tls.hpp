#pragma once

#include <openssl/types.h>

#include <boost/asio/ssl/context.hpp>
#include <boost/system/error_code.hpp>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "net/transport.hpp"
#include "net/url.hpp"

/// TLS as the transport wants it: 1.2 or newer, always verified. Only for `net/`: it includes OpenSSL and Asio's
/// wrapper.
namespace tokensweep {

/// The session of the last handshake with an origin, which makes the next one shorter.
class TlsSession {
 public:
  void keep(SSL_SESSION* session) { session_.reset(session); }
  [[nodiscard]] SSL_SESSION* get() const { return session_.get(); }

 private:
  struct Free {
    void operator()(SSL_SESSION* session) const;
  };
  std::unique_ptr<SSL_SESSION, Free> session_;
};

class Tls {
 public:
  /// `misconfigured` where a file or a certificate cannot be read.
  static Result<Tls> make(const TlsOptions& options);

  [[nodiscard]] boost::asio::ssl::context& context() { return context_; }
  /// Makes a handshake check that the far side is `origin`, and try to go on with `session`, which has to outlive it.
  void expect(SSL* connection, const Origin& origin, TlsSession& session) const;

 private:
  Tls(boost::asio::ssl::context context, std::string server_name, bool trusts_system)
      : context_(std::move(context)), server_name_(std::move(server_name)), trusts_system_(trusts_system) {}

  boost::asio::ssl::context context_;
  std::string server_name_;
  bool trusts_system_;
};

/// What went wrong on a connection, in words that follow a host's name, with what to do about it where that is known.
Error tls_error(SSL* connection, const boost::system::error_code& code);

}  // namespace tokensweep
