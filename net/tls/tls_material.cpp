#include <twinwire/net/tls/openssl_error.hpp>
#include <twinwire/net/tls/tls_material.hpp>

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

namespace twinwire {
namespace detail {
namespace {

struct BioFree {
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
};
using BioPtr = std::unique_ptr<BIO, BioFree>;

BioPtr reader(const std::string& text) {
  ERR_clear_error();
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

/// The parts of a PEM text, at least one; `read` is called until it finds no further one.
template <class T, class Read>
std::vector<OpensslPtr<T>> read_all(const std::string& text, const std::string& what, Read read) {
  std::vector<OpensslPtr<T>> all;
  const BioPtr bio = reader(text);
  while (OpensslPtr<T> part{read(bio.get())}) all.push_back(std::move(part));
  // Having read them all, PEM routines find no further beginning.
  const unsigned long last = ERR_peek_last_error();
  const bool at_end = ERR_GET_LIB(last) == ERR_LIB_PEM && ERR_GET_REASON(last) == PEM_R_NO_START_LINE;
  if (all.empty() || !at_end) reject_settings(what + " cannot be read");
  ERR_clear_error();
  return all;
}

std::vector<OpensslPtr<x509_st>> read_certificates(const std::string& text, const std::string& what,
                                                   OSSL_LIB_CTX* library) {
  return read_all<x509_st>(text, what, [library](BIO* bio) {
    X509* certificate = X509_new_ex(library, nullptr);
    if (PEM_read_bio_X509(bio, &certificate, nullptr, nullptr)) return certificate;
    X509_free(certificate);
    return static_cast<X509*>(nullptr);
  });
}

/// Never asks at a terminal.
int password(char* buffer, int size, int /*encrypting*/, void* text) {
  const auto& given = *static_cast<const std::string*>(text);
  if (given.size() > static_cast<std::size_t>(size)) return -1;
  given.copy(buffer, given.size());
  return static_cast<int>(given.size());
}

OpensslPtr<evp_pkey_st> read_key(const TlsOptions& options, OSSL_LIB_CTX* library) {
  const BioPtr bio = reader(options.private_key);
  std::string secret = options.private_key_password;
  OpensslPtr<evp_pkey_st> key(
      PEM_read_bio_PrivateKey_ex(bio.get(), nullptr, password, &secret, library, nullptr));
  if (!key) reject_settings("the private key cannot be read");
  return key;
}

}  // namespace

TlsMaterial::TlsMaterial(const TlsOptions& options, ossl_lib_ctx_st* library) {
  if (options.certificate_chain.empty() != options.private_key.empty()) {
    throw std::invalid_argument("TLS: a certificate and its private key are given together, or neither is");
  }
  if (!options.certificate_chain.empty()) {
    chain = read_certificates(options.certificate_chain, "the certificate chain", library);
    key = read_key(options, library);
    if (X509_check_private_key(chain.front().get(), key.get()) != 1) {
      reject_settings("the private key does not belong to the certificate");
    }
  }
  if (!options.trusted.empty()) {
    trusted = read_certificates(options.trusted, "the list of trusted certificates", library);
  }
  if (!options.revocation_lists.empty()) {
    revocation_lists =
        read_all<X509_crl_st>(options.revocation_lists, "the revocation lists", [library](BIO* bio) {
          X509_CRL* list = X509_CRL_new_ex(library, nullptr);
          if (PEM_read_bio_X509_CRL(bio, &list, nullptr, nullptr)) return list;
          X509_CRL_free(list);
          return static_cast<X509_CRL*>(nullptr);
        });
  }
}

}  // namespace detail

std::string read_pem(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text;
  bool failed = !file.is_open();
  try {
    if (!failed) text.assign(std::istreambuf_iterator<char>(file), {});
  } catch (const std::ios_base::failure&) {  // of a directory, say
    failed = true;
  }
  if (failed || file.bad()) {
    throw OperationError(error_code(errno == 0 ? EIO : errno, boost::system::system_category()),
                         "read " + path);
  }
  return text;
}

}  // namespace twinwire
