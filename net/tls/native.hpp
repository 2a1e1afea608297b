// For layers that speak to OpenSSL themselves (Asio's ssl::stream): what a loop makes of a description.
#pragma once

#include <twinwire/net/loop.hpp>
#include <twinwire/net/tls_settings.hpp>

#include <memory>

struct ssl_ctx_st;

namespace twinwire {

/// OpenSSL's SSL_CTX of a context, on this loop: the one that the loop's own connections use. It must not be
/// changed. Throws std::invalid_argument for a context that is not of tls_client() or tls_server(). Under
/// simulation it has a library context of its own, whose random bytes are the loop's (those of calls that the
/// library does not make itself come in the order of the calls), and judges certificates by wall_time(); it
/// may be used until the loop is destroyed. Loop thread only.
std::shared_ptr<ssl_ctx_st> native_tls_context(Loop& loop, const TlsContext& context);
/// Another one, which nobody else uses: it may be changed. What it needs lives as long as what is returned,
/// and must outlive every reference of OpenSSL's to it.
std::shared_ptr<ssl_ctx_st> new_native_tls_context(Loop& loop, const TlsContext& context);

}  // namespace twinwire
