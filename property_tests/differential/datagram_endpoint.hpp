// One end of an exchange of datagrams.
#pragma once

#include "endpoint.hpp"

#include <twinwire/net/datagram.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace twinwire::differential {

class DatagramEndpoint final : public Endpoint {
 public:
  explicit DatagramEndpoint(int side) : Endpoint(side) {}

  /// For the socket.
  std::shared_ptr<DatagramProtocol> protocol();
  /// Where datagrams go from now on; without one they go to the peer that it is connected to.
  void send_to(const Address& peer) { peer_ = peer; }
  std::optional<Address> address() const { return transport_.sockname(); }
  void end() override { transport_.abort(); }

 private:
  class Receiver;

  void act(const Step& step) override;
  std::string state() const override;
  void connection_made(DatagramTransport transport);
  void datagram_received(Bytes data);

  DatagramTransport transport_;
  std::optional<Address> peer_;
};

}  // namespace twinwire::differential
