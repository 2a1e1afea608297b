// A server that speaks TLS by OpenSSL alone, over a plain connection, and so can do what the library's own
// never does: fall silent, go on reading after its farewell, break off, send garbage.
#pragma once

#include "endpoints.hpp"
#include "stage.hpp"

#include <memory>
#include <string>
#include <string_view>

struct ssl_st;
struct ssl_ctx_st;

namespace twinwire::contract {

/// Serves its first connection. Answers the handshake unless it is told to be silent.
class BarePeer {
 public:
  explicit BarePeer(Stage& stage, bool silent = false);
  BarePeer(const BarePeer&) = delete;
  BarePeer& operator=(const BarePeer&) = delete;
  ~BarePeer();

  /// To connect to it by TLS.
  ConnectOptions options() const;
  /// A connection of the library's to it, once both sides are secure.
  std::shared_ptr<Recorder> connect() { return connect(options()); }
  std::shared_ptr<Recorder> connect(ConnectOptions options);
  /// The plain connection; there once somebody has connected.
  const Recorder& plain() const { return service_[0]; }
  bool connected() const { return service_.count() != 0; }
  /// Runs until the client's first message is there.
  void run_until_hello() const;
  /// Its side of the handshake has ended.
  bool secure() const;

  void write(std::string_view text);
  /// Sends its close_notify, and goes on reading.
  void take_leave();
  /// Asks for new keys, which the client has to answer. TLS 1.3.
  void ask_for_keys();
  /// Sends bytes as they are.
  void send_bare(std::string_view bytes) const { plain().transport.write(bytes); }
  /// Ends the connection below.
  void close() const { plain().transport.close(); }
  void abort() const { plain().transport.abort(); }

  /// What was decrypted so far.
  const std::string& received() const noexcept { return received_; }
  /// The client has sent its close_notify.
  bool client_has_left() const;

 private:
  void take(std::string_view bytes);
  void flush() const;

  Stage& stage_;
  std::shared_ptr<ssl_ctx_st> context_;
  ssl_st* ssl_ = nullptr;
  bool silent_;
  std::string received_;
  Service service_;
};

}  // namespace twinwire::contract
