// One end of one TLS connection: bytes in, bytes out. It knows no loop and no socket.
//
//     plaintext  --write-->  TlsSession  --Ciphertext::send-->  to the peer
//     plaintext  <--read---  TlsSession  <--   `input`   -----  from the peer
#pragma once

#include <twinwire/net/bytes.hpp>
#include <twinwire/net/tls/info.hpp>
#include <twinwire/net/tls/openssl_types.hpp>
#include <twinwire/net/tls/seeded_library.hpp>
#include <twinwire/net/tls_settings.hpp>
#include <twinwire/net/wire/wire.hpp>

#include <cstddef>
#include <memory>
#include <string>

namespace twinwire::detail {

class TlsRealised;

/// Where what is for the peer goes. Called from inside the methods of a session.
class Ciphertext {
 public:
  virtual void send(Bytes bytes) noexcept = 0;

 protected:
  ~Ciphertext() = default;
};

/// OpenSSL's SSL, over memory that belongs to others. Not copied, and stays where it is.
class TlsSession {
 public:
  /// As much as one record takes: writing more at once is of no use.
  static constexpr std::size_t record_size = std::size_t{16} * 1024;

  /// `entity` addresses its randomness, where that is drawn; sessions with `peer` are taken up again. Throws
  /// std::invalid_argument for a host name that cannot be one.
  TlsSession(std::shared_ptr<TlsRealised> context, const TlsEnd& end, std::string peer,
             const std::string& entity, Ciphertext& output);
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  /// What has arrived and was not used. The caller puts it here, owns it, and may move it.
  Bytes input;

  /// Goes on with the handshake. would_block: it wants more input. No error: it has ended well.
  error_code handshake();
  /// Decrypts as much as there is and fits. Neither bytes nor an error: the peer has taken leave.
  IoResult read(MutableBytes buffer);
  /// Encrypts all of it: at most record_size, and at least one byte.
  error_code write(Bytes data);
  /// Takes leave of the peer (close_notify). Nothing is written afterwards.
  void take_leave();

  /// After the handshake.
  std::shared_ptr<const TlsInfo> info() const;

  /// For OpenSSL's callbacks. Null for an SSL that is another's.
  static TlsSession* of(const ssl_st* ssl) noexcept;
  void keep(OpensslPtr<ssl_session_st> session);
  Ciphertext& output() noexcept { return output_; }

 private:
  void expect(const std::string& name);
  void take_up_session();

  std::shared_ptr<TlsRealised> context_;
  Ciphertext& output_;
  std::string peer_;
  SeededLibrary::Stream random_;
  OpensslPtr<ssl_st> ssl_;
  error_code read_error_;
  mutable std::shared_ptr<const TlsInfo> info_;  ///< made for the first who asks
};

}  // namespace twinwire::detail
