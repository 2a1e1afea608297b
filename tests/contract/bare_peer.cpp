#include "bare_peer.hpp"

#include "tls_service.hpp"

#include <twinwire/net/tls/native.hpp>

#include <utility>

#include <catch2/catch.hpp>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

namespace twinwire::contract {

BarePeer::BarePeer(Stage& stage, bool silent)
    : stage_(stage),
      context_(native_tls_context(stage.server(), *server_context())),
      ssl_(SSL_new(context_.get())),
      silent_(silent),
      service_(stage, {}, [this](Recorder& recorder) {
        recorder.keep_open = true;
        recorder.on_data = [this](std::string_view bytes) { take(bytes); };
      }) {
  SSL_set_bio(ssl_, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  SSL_set_accept_state(ssl_);
}

BarePeer::~BarePeer() {
  SSL_free(ssl_);
}

ConnectOptions BarePeer::options() const {
  return secure_options(stage_, service_);
}

std::shared_ptr<Recorder> BarePeer::connect(ConnectOptions options) {
  Connecting connecting(stage_, stage_.client(), std::move(options));
  connecting.run();
  INFO(connecting.outcome->message());
  REQUIRE(connecting.outcome->succeeded());
  stage_.run_until([this] { return secure(); }, "the peer's side of the handshake");
  return connecting.protocol;
}

void BarePeer::run_until_hello() const {
  stage_.run_until([this] { return connected() && !plain().received().empty(); }, "the ClientHello");
}

void BarePeer::take(std::string_view bytes) {
  if (silent_) return;
  BIO_write(SSL_get_rbio(ssl_), bytes.data(), static_cast<int>(bytes.size()));
  char space[4096];
  int count = 0;
  while ((count = SSL_read(ssl_, space, sizeof space)) > 0) {
    received_.append(space, static_cast<std::size_t>(count));
  }
  ERR_clear_error();
  flush();
}

void BarePeer::flush() const {
  char space[4096];
  int count = 0;
  while ((count = BIO_read(SSL_get_wbio(ssl_), space, sizeof space)) > 0) {
    plain().transport.write({space, static_cast<std::size_t>(count)});
  }
  ERR_clear_error();
}

bool BarePeer::secure() const {
  return SSL_is_init_finished(ssl_) == 1;
}

void BarePeer::write(std::string_view text) {
  SSL_write(ssl_, text.data(), static_cast<int>(text.size()));
  flush();
}

void BarePeer::ask_for_keys() {
  SSL_key_update(ssl_, SSL_KEY_UPDATE_REQUESTED);
  SSL_do_handshake(ssl_);
  flush();
}

void BarePeer::take_leave() {
  SSL_shutdown(ssl_);
  ERR_clear_error();
  flush();
}

bool BarePeer::client_has_left() const {
  return (SSL_get_shutdown(ssl_) & SSL_RECEIVED_SHUTDOWN) != 0;
}

}  // namespace twinwire::contract
