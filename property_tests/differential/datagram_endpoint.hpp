// One end of an exchange of datagrams.
#pragma once

#include "endpoint.hpp"

#include <twinwire/net/datagram.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace twinwire::differential {

class DatagramEndpoint final : public Endpoint {
 public:
  explicit DatagramEndpoint(int side) : Endpoint(side) {}

  /// For the socket.
  std::shared_ptr<DatagramProtocol> protocol();
  /// Where datagrams go from now on; without one they go to the peer that it is connected to.
  void send_to(const Address& peer) { peer_ = peer; }
  /// Whose datagrams come from now on: all of them, in order, until either end is closed.
  void expect_from(const DatagramEndpoint& sender);
  std::optional<Address> address() const { return transport_.sockname(); }
  void end() override { transport_.abort(); }

 private:
  class Receiver;

  void act(const Step& step) override;
  std::string state() const override;
  void connection_made(DatagramTransport transport);
  void send(std::size_t size);
  void datagram_received(Bytes data, const Address& sender);
  /// What is wrong with one that has arrived; empty if nothing is.
  std::string wrong_with(Bytes data, const Address& sender);

  DatagramTransport transport_;
  std::optional<Address> peer_;
  /// The sizes of those that it has sent; the place in there is a datagram's number.
  std::shared_ptr<std::vector<std::size_t>> sent_ = std::make_shared<std::vector<std::size_t>>();
  std::shared_ptr<const std::vector<std::size_t>> expected_;
  std::optional<Address> sender_;
  std::size_t received_ = 0;
};

}  // namespace twinwire::differential
