// Two endpoints between which datagrams have to wait.
#pragma once

#include "stage.hpp"

#include <memory>

namespace twinwire::contract {

/// Connected from one to the other. What the sender sends is taken while the loop does not run, up to a
/// point; the rest goes out when it runs. Simulated: over a slow link. Real: a pair of Unix sockets, whose
/// receiver has a short queue. (UDP over loopback never makes a sender wait.)
struct SlowPair {
  std::shared_ptr<DatagramRecorder> sender;
  std::shared_ptr<DatagramRecorder> receiver;
};
SlowPair slow_pair(Stage& stage);

/// Sends numbered datagrams until one has to wait. How many went before it.
int send_until_one_waits(const DatagramRecorder& sender);

}  // namespace twinwire::contract
