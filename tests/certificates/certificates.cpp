#include "certificates.hpp"

#include <twinwire/net/tls/seeded_library.hpp>

#include <array>
#include <memory>
#include <stdexcept>
#include <string_view>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace twinwire::certificates {
namespace {

using KeyPtr = detail::OpensslPtr<evp_pkey_st>;
using CertificatePtr = detail::OpensslPtr<x509_st>;
using Digest = std::array<unsigned char, 32>;
constexpr long version_3 = 2;

template <class T, void (*free_function)(T*)>
struct Free {
  void operator()(T* object) const noexcept { free_function(object); }
};
template <class T, void (*free_function)(T*)>
using Owned = std::unique_ptr<T, Free<T, free_function>>;

void require(bool done, const char* what) {
  if (!done) throw std::runtime_error(std::string("OpenSSL could not ") + what);
}

template <class Write>
std::string pem_of(Write write) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), BIO_free);
  require(write(bio.get()) == 1, "write PEM");
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string pem_of(X509& certificate) {
  return pem_of([&](BIO* bio) { return PEM_write_bio_X509(bio, &certificate); });
}

// --- keys ---

Digest secret_of(const std::string& name) {
  Digest secret{};
  unsigned size = 0;
  require(EVP_Digest(name.data(), name.size(), secret.data(), &size, EVP_sha256(), nullptr) == 1, "hash");
  secret[0] &= 0x7f;  // below the order of the curve
  return secret;
}

KeyPtr ed25519_key(const std::string& name) {
  const Digest secret = secret_of(name);
  KeyPtr key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, secret.data(), secret.size()));
  require(key != nullptr, "make an Ed25519 key");
  return key;
}

KeyPtr ecdsa_key(const std::string& name) {
  const Digest secret = secret_of(name);
  const Owned<BIGNUM, BN_free> number(BN_bin2bn(secret.data(), static_cast<int>(secret.size()), nullptr));
  const Owned<EC_GROUP, EC_GROUP_free> group(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
  const Owned<EC_POINT, EC_POINT_free> point(EC_POINT_new(group.get()));
  std::array<unsigned char, 65> shown{};
  require(EC_POINT_mul(group.get(), point.get(), number.get(), nullptr, nullptr, nullptr) == 1 &&
              EC_POINT_point2oct(group.get(), point.get(), POINT_CONVERSION_UNCOMPRESSED, shown.data(),
                                 shown.size(), nullptr) == shown.size(),
          "compute a public key");
  const Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free> builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0);
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, number.get());
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, shown.data(), shown.size());
  const Owned<OSSL_PARAM, OSSL_PARAM_free> parameters(OSSL_PARAM_BLD_to_param(builder.get()));
  const Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free> context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* key = nullptr;
  require(EVP_PKEY_fromdata_init(context.get()) == 1 &&
              EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_KEYPAIR, parameters.get()) == 1,
          "make an ECDSA key");
  return KeyPtr(key);
}

/// Found with random numbers that follow from the name.
KeyPtr rsa_key(const std::string& name) {
  Choices choices(0);
  const auto library = detail::SeededLibrary::acquire(choices, name);
  EVP_PKEY* const key = EVP_PKEY_Q_keygen(library->native(), nullptr, "RSA", std::size_t{2048});
  require(key != nullptr, "make an RSA key");
  return KeyPtr(key);
}

KeyPtr key_of(const std::string& name, Key kind) {
  if (kind == Key::rsa) return rsa_key(name);
  return kind == Key::ed25519 ? ed25519_key(name) : ecdsa_key(name);
}

// --- certificates ---

void set_name(X509_NAME* name, const std::string& text) {
  require(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                     reinterpret_cast<const unsigned char*>(text.c_str()), -1, -1, 0) == 1,
          "set a name");
}

/// The first day of a year. X.509 writes those before 2050 with two digits.
void set_year(ASN1_TIME* time, int year) {
  const std::string text = std::to_string(year).substr(year < 2050 ? 2 : 0) + "0101000000Z";
  require(ASN1_TIME_set_string(time, text.c_str()) == 1, "set a date");
}

void add_extension(X509& certificate, int which, const std::string& value) {
  const Owned<X509_EXTENSION, X509_EXTENSION_free> extension(
      X509V3_EXT_conf_nid(nullptr, nullptr, which, value.c_str()));
  require(extension && X509_add_ext(&certificate, extension.get(), -1) == 1, "add an extension");
}

std::string alternative_names(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    const bool address =
        name.find_first_not_of("0123456789.") == std::string::npos || name.find(':') != std::string::npos;
    text += (text.empty() ? "" : ",") + std::string(address ? "IP:" : "DNS:") + name;
  }
  return text;
}

/// Signed by `signer`, who is called `issuer`.
CertificatePtr certify(const Request& request, EVP_PKEY& key, const std::string& issuer, EVP_PKEY& signer) {
  CertificatePtr certificate(X509_new());
  X509* const made = certificate.get();
  X509_set_version(made, version_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made), request.serial);
  set_name(X509_get_subject_name(made), request.name);
  set_name(X509_get_issuer_name(made), issuer);
  set_year(X509_getm_notBefore(made), request.first_year);
  set_year(X509_getm_notAfter(made), request.last_year);
  X509_set_pubkey(made, &key);
  add_extension(*made, NID_basic_constraints, request.authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
  add_extension(*made, NID_key_usage,
                request.authority ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature");
  if (!request.authority && !request.names.empty()) {
    add_extension(*made, NID_subject_alt_name, alternative_names(request.names));
  }
  require(X509_sign(made, &signer, nullptr) != 0, "sign a certificate");
  return certificate;
}

Identity identity(X509& certificate, EVP_PKEY& key) {
  return {pem_of(certificate), pem_of([&](BIO* bio) {
            return PEM_write_bio_PrivateKey(bio, &key, nullptr, nullptr, 0, nullptr, nullptr);
          })};
}

Request root_request(const std::string& name) {
  Request request(name);
  request.authority = true;
  return request;
}

}  // namespace

Authority::Authority(std::string name) : name_(std::move(name)) {
  const KeyPtr key = ed25519_key(name_);
  root_ = pem_of(*certify(root_request(name_), *key, name_, *key));
}

Identity Authority::issue(const Request& request) const {
  const KeyPtr key = key_of(request.name, request.key);
  return identity(*certify(request, *key, name_, *ed25519_key(name_)), *key);
}

std::string Authority::revocation_list(const std::vector<int>& serials) const {
  const detail::OpensslPtr<X509_crl_st> list(X509_CRL_new());
  const Owned<ASN1_TIME, ASN1_TIME_free> from(ASN1_TIME_new());
  const Owned<ASN1_TIME, ASN1_TIME_free> to(ASN1_TIME_new());
  set_year(from.get(), 2000);
  set_year(to.get(), 2200);
  X509_CRL_set_version(list.get(), 1);
  const Owned<X509_NAME, X509_NAME_free> issuer(X509_NAME_new());
  set_name(issuer.get(), name_);
  X509_CRL_set_issuer_name(list.get(), issuer.get());
  X509_CRL_set1_lastUpdate(list.get(), from.get());
  X509_CRL_set1_nextUpdate(list.get(), to.get());
  for (const int serial : serials) {
    X509_REVOKED* const revoked = X509_REVOKED_new();
    const Owned<ASN1_INTEGER, ASN1_INTEGER_free> number(ASN1_INTEGER_new());
    ASN1_INTEGER_set(number.get(), serial);
    X509_REVOKED_set_serialNumber(revoked, number.get());
    X509_REVOKED_set_revocationDate(revoked, from.get());
    X509_CRL_add0_revoked(list.get(), revoked);
  }
  X509_CRL_sort(list.get());
  require(X509_CRL_sign(list.get(), ed25519_key(name_).get(), nullptr) != 0, "sign a revocation list");
  return pem_of([&](BIO* bio) { return PEM_write_bio_X509_CRL(bio, list.get()); });
}

Identity self_signed(const Request& request) {
  const KeyPtr key = key_of(request.name, request.key);
  return identity(*certify(request, *key, request.name, *key), *key);
}

TlsServerOptions server_options(const Authority& authority) {
  TlsServerOptions options;
  const Identity own = authority.issue(Request());
  options.certificate_chain = own.chain;
  options.private_key = own.key;
  return options;
}

TlsClientOptions client_options(const Authority& authority) {
  TlsClientOptions options;
  options.trusted = authority.root();
  return options;
}

}  // namespace twinwire::certificates
