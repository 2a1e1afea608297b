// How OpenSSL's errors become codes.
#pragma once

#include <twinwire/net/error.hpp>

#include <string>

struct ssl_st;

namespace twinwire::detail {

/// The end of a stream that came without a farewell.
error_code truncation() noexcept;
/// What OpenSSL's queue of this thread tells of the failure of a call on `ssl`, the refusal of a certificate
/// first. The queue is empty afterwards. Never without an error.
error_code take_tls_error(const ssl_st* ssl) noexcept;
/// The last entry of that queue in words; it is empty afterwards.
std::string take_openssl_reason();
/// Throws std::invalid_argument: what of the settings could not be used, and that reason.
[[noreturn]] void reject_settings(const std::string& what);

}  // namespace twinwire::detail
