// A datagram protocol that writes down what happens to it.
#pragma once

#include "recorder.hpp"

#include <twinwire/net/datagram.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace twinwire::contract {

/// The life of one endpoint as its protocol saw it. Made by Stage::datagram_recorder.
///
/// Events: CM, DG:text, EE:error, PW, RW, CL or CL:error. What does not fit the order of the contract fails
/// the test.
class DatagramRecorder final : public Witness,
                               public DatagramProtocol,
                               public std::enable_shared_from_this<DatagramRecorder> {
 public:
  struct Received {
    std::string data;
    Address sender;
  };

  explicit DatagramRecorder(std::string name) : Witness(std::move(name)) {}

  DatagramProtocolFactory factory() {
    return [self = shared_from_this()] { return self; };
  }
  std::function<void(const Received&)> on_datagram;
  std::function<void(error_code)> on_error;
  void clear_hooks() override;

  // --- what it does: user calls ---
  void sendto(std::string_view text, const std::optional<Address>& receiver = {}) const;
  void close() const;
  void abort() const;
  DatagramTransport transport;  ///< set by connection_made

  // --- what happened ---
  /// "CM DG:hello EE:connection_refused CL"
  std::string events() const override;
  std::size_t count(std::string_view event) const;
  const std::vector<Received>& received() const noexcept { return received_; }
  bool lost() const noexcept { return lost_; }
  void check_complete() const override;

 private:
  void connection_made(DatagramTransport made) override;
  void datagram_received(Bytes data, const Address& sender) override;
  void error_received(error_code error) override;
  void pause_writing() override;
  void resume_writing() override;
  void connection_lost(error_code error) override;

  void enter(const std::string& event, bool anywhere = false);
  void violation(const std::string& what) const;

  std::vector<std::string> events_;
  std::vector<Received> received_;
  bool made_ = false;
  bool lost_ = false;
  bool write_paused_ = false;
};

}  // namespace twinwire::contract
