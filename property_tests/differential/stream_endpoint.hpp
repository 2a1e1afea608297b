// One end of a stream: of TCP, of TLS, of a Unix socket, of a pipe.
#pragma once

#include "endpoint.hpp"
#include "tls_contexts.hpp"

#include <twinwire/net/loop.hpp>
#include <twinwire/net/protocol.hpp>
#include <twinwire/net/transport.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace twinwire::differential {

class StreamEndpoint final : public Endpoint {
 public:
  /// Sets buffers of this size, in bytes, as soon as it is connected; nothing: of what has none to be set.
  StreamEndpoint(int side, Loop& loop, TlsContexts tls, std::optional<std::int64_t> buffer_size);
  ~StreamEndpoint() override;

  /// For the connection.
  std::shared_ptr<BaseProtocol> protocol();
  void end() override;
  bool can_start_tls() const override;

 private:
  class Plain;
  class Buffered;

  void act(const Step& step) override;
  std::string state() const override;
  void connection_made(Transport transport);
  bool eof_received();
  void write(const Step& step);
  void start_tls(const Step& step);

  Loop& loop_;
  const TlsContexts tls_;
  const std::optional<std::int64_t> buffer_size_;
  Transport transport_;
  std::unique_ptr<Plain> plain_;
  std::unique_ptr<Buffered> buffered_;
  std::vector<std::unique_ptr<Cork>> corks_;
  std::uint64_t written_ = 0;
  std::uint64_t received_ = 0;
  bool uses_buffered_ = false;
  bool holds_ = false;
  bool ends_ = false;  ///< one direction, at least
};

}  // namespace twinwire::differential
