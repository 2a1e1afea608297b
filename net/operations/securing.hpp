// A connection between being there and being secure: its handshake is under way.
#pragma once

#include <twinwire/net/callback.hpp>
#include <twinwire/net/error.hpp>
#include <twinwire/net/state/stream_transport.hpp>
#include <twinwire/net/tls_settings.hpp>
#include <twinwire/net/wire/wire.hpp>

#include <exception>
#include <memory>
#include <string>
#include <utility>

namespace twinwire::detail {

/// Waits for one handshake. Destroying it, or abandon(), aborts the connection below.
class Securing final : private WireSink {
 public:
  /// The wire is null if there is a failure.
  using Done = UniqueFunction<void(std::exception_ptr, std::unique_ptr<Wire>)>;

  Securing() = default;
  Securing(const Securing&) = delete;
  Securing& operator=(const Securing&) = delete;
  ~Securing() { abandon(); }

  /// Begins; `done` is called from the loop, unless this throws as TlsContext::secure does. `what` begins the
  /// sentence of the failure: "connect to server:443".
  void start(const TlsContext& context, Ref<StreamTransport> lower, const TlsEnd& end, std::string what,
             Done done);
  void abandon() noexcept;

 private:
  void on_readable() override {}
  void on_hang_up() override { on_writable(); }
  void on_writable() override;

  std::unique_ptr<Wire> wire_;
  std::string what_;
  Done done_;
};

}  // namespace twinwire::detail
