// The datagrams from one address to another: how their decisions are named.
#pragma once

#include <twinwire/net/choices.hpp>

#include <cstdint>
#include <string>

namespace twinwire::sim {

/// Lasts as long as its host, so that no ordinal comes twice.
class UdpFlow {
 public:
  /// `name` is structural: "client:40000>server:53".
  UdpFlow(Choices& choices, std::string name);

  const std::string& name() const noexcept { return name_; }
  /// Names it in fingerprints.
  std::uint64_t key() const noexcept { return loss.key; }
  /// The number of the next datagram, from 1 on.
  std::uint64_t next() noexcept { return ++sent_; }

  Site loss;
  Site jitter;
  Site duplicate;
  Site overtaken;
  Site corrupt;
  Site truncate;
  Site listener;

 private:
  std::string name_;
  std::uint64_t sent_ = 0;
};

}  // namespace twinwire::sim
