// asio::ssl::context for a loop, so that asio::ssl::stream runs on either backend.
//
//     twinwire::ssl_context context(loop, *tls_server(options));
//     boost::asio::ssl::stream<twinwire::stream_socket> peer(std::move(socket), context);
//
// It is an asio::ssl::context like any other, and may be changed like one. As with those, the name of a
// server is verified by who asks for it (ssl::host_name_verification), and its chain by default. Under
// simulation its random bytes come from the seed, in the order in which the loop's connections of this kind
// ask for them, and certificates are judged by the loop's wall_time(): the same seed sends the same bytes.
// asio::ssl::stream contains plain Asio timers: under simulation it needs the target twinwire::asio_sim. All
// of it needs twinwire::tls and OpenSSL.
#pragma once

#include <twinwire/net/tls/native.hpp>

#include <memory>
#include <utility>

#include <boost/asio/ssl/context.hpp>

namespace twinwire {

namespace detail {

/// What the native context of an ssl_context needs. A base, so that it goes after the other one.
struct SslContextNeeds {
  std::shared_ptr<ssl_ctx_st> needs;
};

}  // namespace detail

/// See the top of the file. It may outlive its loop, but is of no use then. Moved, not copied; on the loop's
/// thread only, as it may share OpenSSL's library context with others of the loop.
class ssl_context : private detail::SslContextNeeds, public boost::asio::ssl::context {
 public:
  /// `description` is what tls_client() or tls_server() made. Throws std::invalid_argument for another one.
  ssl_context(Loop& loop, const TlsContext& description)
      : ssl_context(new_native_tls_context(loop, description)) {}
  ssl_context(ssl_context&&) noexcept = default;
  /// Assigning would free what the old native context needs before it.
  ssl_context& operator=(ssl_context&&) = delete;

 private:
  explicit ssl_context(std::shared_ptr<ssl_ctx_st> native)
      : SslContextNeeds{native}, context(with_reference(native.get())) {}

  /// Asio's context owns one.
  static ssl_ctx_st* with_reference(ssl_ctx_st* native) noexcept {
    SSL_CTX_up_ref(native);
    return native;
  }
};

}  // namespace twinwire
