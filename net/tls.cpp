#include "net/tls.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <boost/asio/ssl/error.hpp>
#include <fstream>
#include <iterator>
#include <new>
#include <utility>

namespace tokensweep {
namespace {

constexpr unsigned char kAlpn[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
/// No MD5 and SHA-1 signatures, no RSA keys below 2048 bits: Debian's own level, which not every distribution has.
constexpr int kSecurityLevel = 2;

template <auto Function>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    Function(object);
  }
};
using Bio = std::unique_ptr<BIO, Freed<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Store = std::unique_ptr<X509_STORE, Freed<X509_STORE_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;

Error misconfigured(std::string what) { return {ErrorKind::misconfigured, std::move(what)}; }

Bio reading(std::string_view text) {
  Bio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  if (!bio) throw std::bad_alloc();
  return bio;
}

/// OpenSSL's own way to ask for a password is to ask on the terminal.
int no_password(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*user*/) { return -1; }

Certificate next_certificate(BIO* bio) { return Certificate(PEM_read_bio_X509(bio, nullptr, no_password, nullptr)); }

/// Trusts each certificate of a PEM text, authority or not: what somebody names is what he means.
Result<> trust(SSL_CTX* context, std::string_view pem) {
  const Bio bio = reading(pem);
  std::size_t count = 0;
  while (const Certificate certificate = next_certificate(bio.get())) {
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate.get()) == 1) ++count;
  }
  ERR_clear_error();  // of the end of the text
  if (count == 0) return misconfigured("holds no certificate in PEM form");
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
  return {};
}

Result<std::string> read_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (!in.is_open() || in.bad()) return misconfigured("cannot be read");
  return text;
}

Result<> use_authorities(SSL_CTX* context, const TlsOptions& options) {
  if (options.ca_file) {
    const auto text = read_file(*options.ca_file);
    const auto trusted = text ? trust(context, *text) : Result<>(text.error());
    if (!trusted) return Error(trusted.error()).within("ca_file");
  }
  if (!options.ca_pem.empty()) {
    if (auto trusted = trust(context, options.ca_pem); !trusted) return std::move(trusted).error().within("authority");
  }
  return {};
}

/// The system's authorities. Read when they are first needed, and once: it takes 50 ms.
X509_STORE* system_authorities() {
  static const Store store = [] {
    Store made(X509_STORE_new());
    // Where there are none, no certificate is trusted, and the error says so.
    if (!made || X509_STORE_set_default_paths(made.get()) != 1) ERR_clear_error();
    return made;
  }();
  return store.get();
}

Result<> use_client(SSL_CTX* context, const ClientCertificate& client) {
  const Bio certificates = reading(client.certificates.reveal());
  const Certificate own = next_certificate(certificates.get());
  if (!own || SSL_CTX_use_certificate(context, own.get()) != 1) {
    return misconfigured("the client certificate is no certificate in PEM form");
  }
  // The far side would only say that it wants another one, or 401.
  if (X509_cmp_current_time(X509_get0_notAfter(own.get())) < 0) {
    return misconfigured("the client certificate has expired: have it renewed, or set this machine's clock right");
  }
  while (const Certificate issuer = next_certificate(certificates.get())) {
    SSL_CTX_add1_chain_cert(context, issuer.get());
  }
  const Bio bio = reading(client.key.reveal());
  const Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
  ERR_clear_error();
  if (!key) return misconfigured("the client certificate's key is no key in PEM form, or is encrypted");
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1) {
    return misconfigured("the client certificate's key belongs to another certificate");
  }
  return {};
}

/// Where a connection keeps its TlsSession.
int session_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

int keep_session(SSL* connection, SSL_SESSION* session) {
  auto* const kept = static_cast<TlsSession*>(SSL_get_ex_data(connection, session_index()));
  if (kept == nullptr) return 0;
  kept->keep(session);
  return 1;
}

bool is_address(const std::string& host) {
  ASN1_OCTET_STRING* const address = a2i_IPADDRESS(host.c_str());
  ASN1_OCTET_STRING_free(address);
  return address != nullptr;
}

std::string_view certificate_trouble(long verdict) {
  switch (verdict) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "its certificate has expired: have it renewed, or set this machine's clock right";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "its certificate is not valid yet: set this machine's clock right, or have the certificate made anew";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return "its certificate is signed by itself: if that is meant so, name the certificate in ca_file";
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return "its certificate is from an authority that is not trusted here: name that authority's certificate in "
             "ca_file, if you trust it";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "its certificate is for another host: use the name that the certificate is for, or have one made for this "
             "name";
    case X509_V_ERR_INVALID_PURPOSE:
      return "its certificate is not one for servers: have it made anew for server authentication";
    case X509_V_ERR_EE_KEY_TOO_SMALL:
    case X509_V_ERR_CA_KEY_TOO_SMALL:
    case X509_V_ERR_CA_MD_TOO_WEAK:
      return "its certificate is too weak (a short key, or SHA-1): have it made anew";
    default:
      return "its certificate is not valid: have it made anew";
  }
}

bool refuses_our_certificate(int reason) {
  switch (reason) {
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
      return true;
    default:
      return false;
  }
}

bool is_too_old(int reason) {
  return reason == SSL_R_UNSUPPORTED_PROTOCOL || reason == SSL_R_TLSV1_ALERT_PROTOCOL_VERSION ||
         reason == SSL_R_WRONG_SSL_VERSION;
}

bool is_no_tls(int reason) {
  return reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST ||
         reason == SSL_R_PACKET_LENGTH_TOO_LONG || reason == SSL_R_UNEXPECTED_MESSAGE ||
         reason == SSL_R_BAD_RECORD_TYPE;
}

}  // namespace

void TlsSession::Free::operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }

Result<Tls> Tls::make(const TlsOptions& options) {
  SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
  if (context == nullptr) throw std::bad_alloc();
  boost::asio::ssl::context owned(context);
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_security_level(context, kSecurityLevel);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  // What was decrypted is wiped once it has been handed on: it may hold values.
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CLEANSE_PLAINTEXT);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, keep_session);
  if (SSL_CTX_set_alpn_protos(context, kAlpn, sizeof kAlpn) != 0) throw std::bad_alloc();
  TRY_VOID(use_authorities(context, options));
  if (options.client) TRY_VOID(use_client(context, *options.client));
  return Tls(std::move(owned), options.server_name, !options.ca_file && options.ca_pem.empty());
}

void Tls::expect(SSL* connection, const Origin& origin, TlsSession& session) const {
  // The names of a certificate are its alternative names; its subject is for people (RFC 9110, 4.3.4).
  SSL_set_hostflags(connection, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  const std::string& name = server_name_.empty() ? origin.host : server_name_;
  const bool set = is_address(name) ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(connection), name.c_str()) == 1
                                    : SSL_set1_host(connection, name.c_str()) == 1 &&
                                          SSL_set_tlsext_host_name(connection, name.c_str()) == 1;
  // Without a name to check, any certificate would do.
  if (!set) throw std::bad_alloc();
  if (trusts_system_) SSL_set1_verify_cert_store(connection, system_authorities());
  SSL_set_ex_data(connection, session_index(), &session);
  if (session.get() != nullptr) SSL_set_session(connection, session.get());
}

Error tls_error(SSL* connection, const boost::system::error_code& code) {
  if (code.category() == boost::asio::error::get_ssl_category()) {
    const int reason = ERR_GET_REASON(static_cast<unsigned long>(code.value()));
    if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
      return misconfigured(std::string(certificate_trouble(SSL_get_verify_result(connection))));
    }
    if (is_too_old(reason)) return misconfigured("it speaks no TLS 1.2 or newer: have it updated");
    if (reason == SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED) {
      return misconfigured("it says that the client certificate has expired: have it renewed");
    }
    if (refuses_our_certificate(reason)) {
      return misconfigured("it wants a client certificate, and not the one that it got: name another one");
    }
    if (is_no_tls(reason)) return {ErrorKind::malformed, "what it answers is no TLS"};
    if (reason == SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE) {
      return misconfigured("it refuses the TLS handshake: have it updated, or name a client certificate");
    }
  }
  return {ErrorKind::transient, "the TLS connection broke"};
}

}  // namespace tokensweep
