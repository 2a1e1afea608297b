#include <twinwire/net/address.hpp>
#include <twinwire/net/tls/certificate_info.hpp>

#include <array>
#include <chrono>
#include <ctime>
#include <memory>
#include <string_view>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace twinwire::detail {
namespace {

/// What `write` writes to a BIO.
template <class Write>
std::string written(Write write) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), BIO_free);
  write(bio.get());
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

std::string text_of(const X509_NAME* name) {
  return written([name](BIO* bio) { X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253); });
}

std::string serial_of(const X509& certificate) {
  const std::unique_ptr<BIGNUM, decltype(&BN_free)> number(
      ASN1_INTEGER_to_BN(X509_get0_serialNumber(&certificate), nullptr), BN_free);
  return written([&](BIO* bio) { BN_print(bio, number.get()); });
}

WallTime time_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  const std::chrono::year_month_day day(std::chrono::year(parts.tm_year + 1900),
                                        std::chrono::month(static_cast<unsigned>(parts.tm_mon) + 1),
                                        std::chrono::day(static_cast<unsigned>(parts.tm_mday)));
  const auto when = std::chrono::sys_days(day) + std::chrono::hours(parts.tm_hour) +
                    std::chrono::minutes(parts.tm_min) + std::chrono::seconds(parts.tm_sec);
  // The calendar begins in 1677 and ends in 2262; some certificates are valid until 9999.
  constexpr auto first = std::chrono::ceil<std::chrono::seconds>(WallTime::min());
  constexpr auto last = std::chrono::floor<std::chrono::seconds>(WallTime::max());
  return when > last ? WallTime::max() : when < first ? WallTime::min() : WallTime(when);
}

/// Two digits.
std::string hex(unsigned char byte) {
  static constexpr std::string_view digits = "0123456789abcdef";
  return {digits[byte >> 4], digits[byte & 15]};
}

std::string_view text_in(const ASN1_STRING* string) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
          static_cast<std::size_t>(ASN1_STRING_length(string))};
}

/// "192.0.2.1", of 4 or 16 bytes.
std::string address_in(const ASN1_STRING* string) {
  const std::string_view bytes = text_in(string);
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    if (bytes.size() == 4) {
      text += (i == 0 ? "" : ".") + std::to_string(byte);
    } else {
      text += (i != 0 && i % 2 == 0 ? ":" : "") + hex(byte);
    }
  }
  return bytes.size() == 16 ? Address::of(text, 0).host() : text;
}

std::vector<std::string> names_in(const X509& certificate) {
  std::vector<std::string> names;
  const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> all(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)),
      GENERAL_NAMES_free);
  for (int i = 0; i < sk_GENERAL_NAME_num(all.get()); ++i) {
    int type = 0;
    const void* const value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(all.get(), i), &type);
    if (type == GEN_DNS) names.emplace_back(text_in(static_cast<const ASN1_STRING*>(value)));
    if (type == GEN_IPADD) names.push_back(address_in(static_cast<const ASN1_STRING*>(value)));
  }
  return names;
}

std::string fingerprint_of(const X509& certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (X509_digest(&certificate, EVP_sha256(), digest.data(), &size) != 1) return {};
  std::string text;
  for (unsigned i = 0; i < size; ++i) text += hex(digest[i]);
  return text;
}

}  // namespace

TlsCertificate describe_certificate(x509_st& certificate) {
  TlsCertificate told;
  told.subject = text_of(X509_get_subject_name(&certificate));
  told.issuer = text_of(X509_get_issuer_name(&certificate));
  told.serial = serial_of(certificate);
  told.names = names_in(certificate);
  told.not_before = time_of(X509_get0_notBefore(&certificate));
  told.not_after = time_of(X509_get0_notAfter(&certificate));
  told.fingerprint = fingerprint_of(certificate);
  told.pem = written([&](BIO* bio) { PEM_write_bio_X509(bio, &certificate); });
  return told;
}

}  // namespace twinwire::detail
