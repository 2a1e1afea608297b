// Errors of TLS, to compare with. The codes themselves are those of asio::ssl: OpenSSL's own, and
// stream_truncated; why a certificate was refused has codes of its own.
#pragma once

#include <twinwire/net/error.hpp>

#include <type_traits>

#include <boost/system/error_condition.hpp>

namespace twinwire {

/// Conditions: `error == TlsError::certificate_expired`.
enum class TlsError {
  /// The connection ended without the peer's farewell (close_notify): what came may be cut short.
  stream_truncated = 1,
  /// Any of those below, or another reason why the peer's certificate was not accepted.
  certificate_refused,
  certificate_expired,
  certificate_not_yet_valid,
  /// It is on a revocation list.
  certificate_revoked,
  /// It is its own issuer, or the chain ends in one that is, and is not trusted.
  certificate_self_signed,
  /// The issuer is not known here.
  certificate_issuer_unknown,
  /// It is for other names or addresses than the one that was expected.
  hostname_mismatch,
};

boost::system::error_condition make_error_condition(TlsError error) noexcept;

}  // namespace twinwire

template <>
struct boost::system::is_error_condition_enum<twinwire::TlsError> : std::true_type {};
