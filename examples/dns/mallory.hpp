// Somebody who wants a stub to believe a lie.
#pragma once

#include <twinwire/net/address.hpp>
#include <twinwire/net/bytes.hpp>
#include <twinwire/net/choices.hpp>
#include <twinwire/sim/host.hpp>

#include <cstdint>

namespace dns {

/// Sends forged answers from a host that is nearer than the server, so that they come first. It is handed the
/// question, which nobody in its place would have, and gets everything right but one thing, which is drawn:
/// so each check that a stub forgets is found by few runs, where guessing an id would take thousands.
class Mallory {
 public:
  /// `server` is whom it pretends to be.
  Mallory(twinwire::sim::Host& host, const twinwire::Address& server);

  /// The server was asked this.
  void saw(twinwire::Bytes question, const twinwire::Address& asker);

  /// How many answers were forged.
  std::uint64_t forged() const noexcept { return forged_; }

 private:
  twinwire::sim::Host& host_;
  twinwire::Address server_;
  twinwire::Site flaw_;
  std::uint64_t seen_ = 0;
  std::uint64_t forged_ = 0;
};

}  // namespace dns
