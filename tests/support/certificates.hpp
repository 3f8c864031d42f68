#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdlib>
#include <memory>
#include <string>

/// Certificates made when the tests run: none of them is stored, and none expires in the repository.
namespace tokensweep::testing {

/// What a certificate says; the defaults are those of a good one.
struct CertificateOptions {
  std::string names = "DNS:localhost,IP:127.0.0.1,IP:::1";  ///< as OpenSSL spells subjectAltName; empty: none
  std::string common_name = "tokensweep test";
  std::string usage = "serverAuth";
  long begins = -3600;  ///< seconds from now
  long ends = 3600;
  bool authority = false;
  int rsa_bits = 0;  ///< zero: an elliptic curve
  const EVP_MD* digest = EVP_sha256();
};

class TestCertificate {
 public:
  /// Signed by `issuer`, or by itself.
  explicit TestCertificate(const CertificateOptions& options, const TestCertificate* issuer = nullptr)
      : key_(options.rsa_bits == 0 ? EVP_EC_gen("P-256") : EVP_RSA_gen(static_cast<unsigned>(options.rsa_bits)),
             EVP_PKEY_free),
        certificate_(X509_new(), X509_free) {
    X509* const made = certificate_.get();
    X509_set_version(made, 2);
    static long serial = 1;
    ASN1_INTEGER_set(X509_get_serialNumber(made), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(made), options.begins);
    X509_gmtime_adj(X509_getm_notAfter(made), options.ends);
    X509_set_pubkey(made, key_.get());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(options.common_name.c_str()), -1, -1, 0);
    X509* const signer = issuer != nullptr ? issuer->certificate_.get() : made;
    X509_set_issuer_name(made, X509_get_subject_name(signer));
    extend(signer, NID_basic_constraints, options.authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
    if (!options.names.empty()) extend(signer, NID_subject_alt_name, options.names);
    if (!options.authority) extend(signer, NID_ext_key_usage, options.usage);
    if (X509_sign(made, issuer != nullptr ? issuer->key_.get() : key_.get(), options.digest) == 0) std::abort();
  }

  [[nodiscard]] X509* certificate() const { return certificate_.get(); }
  [[nodiscard]] EVP_PKEY* key() const { return key_.get(); }
  [[nodiscard]] std::string certificate_pem() const {
    return written([this](BIO* bio) { return PEM_write_bio_X509(bio, certificate_.get()); });
  }
  [[nodiscard]] std::string key_pem() const {
    return written(
        [this](BIO* bio) { return PEM_write_bio_PrivateKey(bio, key_.get(), nullptr, nullptr, 0, nullptr, nullptr); });
  }

 private:
  void extend(X509* signer, int nid, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, signer, certificate_.get(), nullptr, nullptr, 0);
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
    if (extension == nullptr) std::abort();
    X509_add_ext(certificate_.get(), extension, -1);
    X509_EXTENSION_free(extension);
  }

  template <class Write>
  static std::string written(const Write& write) {
    const std::unique_ptr<BIO, int (*)(BIO*)> bio(BIO_new(BIO_s_mem()), BIO_free);
    if (write(bio.get()) != 1) std::abort();
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &bytes);
    return {bytes, static_cast<std::size_t>(size)};
  }

  std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key_;
  std::unique_ptr<X509, void (*)(X509*)> certificate_;
};

}  // namespace tokensweep::testing
