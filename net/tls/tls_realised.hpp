// What OpenSSL needs for a description: its SSL_CTX, and the sessions that a client may take up again.
#pragma once

#include <twinwire/net/loop.hpp>
#include <twinwire/net/tls/context.hpp>
#include <twinwire/net/tls/openssl_types.hpp>
#include <twinwire/net/tls/seeded_library.hpp>

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace twinwire::detail {

/// The side, and what only that side chooses.
struct TlsRole {
  bool server_side = false;
  bool verify = true;  ///< client: chain and name
  ClientCertificate client_certificate = ClientCertificate::none;
};

/// Sessions of a client by whom they are with, the latest one of each; the oldest go first. Each is used
/// once, as RFC 8446 wants (appendix C.4). Any thread.
class TlsSessions {
 public:
  void put(const std::string& peer, OpensslPtr<ssl_session_st> session);
  /// Null if there is none.
  OpensslPtr<ssl_session_st> take(const std::string& peer);

 private:
  std::mutex mutex_;
  std::list<std::pair<std::string, OpensslPtr<ssl_session_st>>> latest_first_;
};

/// Made once for a description on the real system, whatever the number of loops, and for each loop where runs
/// must repeat: OpenSSL keeps state in there that would leak from one run into the next.
class TlsRealised {
 public:
  /// With a loop and its library, all randomness is drawn from there, and certificates are judged, and
  /// sessions dated, by its calendar. Throws std::invalid_argument.
  TlsRealised(const TlsOptions& options, const TlsRole& role, Loop* loop,
              std::shared_ptr<SeededLibrary> library);
  TlsRealised(const TlsRealised&) = delete;
  TlsRealised& operator=(const TlsRealised&) = delete;

  /// A client that was not told whom to trust trusts whom the machine does. Reads files.
  void trust_system(const TlsOptions& options);

  ssl_ctx_st* native() const noexcept { return native_.get(); }
  /// Null where OpenSSL's own randomness will do.
  SeededLibrary* library() const noexcept { return library_.get(); }
  const TlsRole& role() const noexcept { return role_; }
  /// Null where sessions are not resumed.
  TlsSessions* sessions() noexcept { return resumes_ ? &sessions_ : nullptr; }
  /// Since 1970, by the loop's calendar. Only where there is a library, and with it a loop.
  std::int64_t calendar_seconds() const noexcept;
  /// For the callback that chooses a protocol: in the form of RFC 7301.
  const std::string& alpn() const noexcept { return alpn_; }

 private:
  void set_versions(const TlsOptions& options);
  void set_identity(const TlsOptions& options);
  void set_verification(const TlsOptions& options);
  void set_alpn(const std::vector<std::string>& protocols);
  void set_sessions(bool wanted);

  TlsRole role_;
  Loop* loop_;
  std::shared_ptr<SeededLibrary> library_;
  OpensslPtr<ssl_ctx_st> native_;
  std::string alpn_;
  bool resumes_ = false;
  TlsSessions sessions_;
};

}  // namespace twinwire::detail
