// One client of the scenario: plays its workload, and checks what it sees.
#pragma once

#include "client.hpp"
#include "expectations.hpp"
#include "workload.hpp"

#include <twinwire/net/loop.hpp>

#include <cstdint>
#include <exception>

namespace resp {

/// Round after round of pipelined requests, then a last one that reads everything back, then the end.
class Player {
 public:
  Player(twinwire::Loop& loop, const ClientOptions& options, std::uint64_t rounds, bool ends_with_quit,
         const Mistakes& mistakes);

  void start();
  bool done() const noexcept { return done_; }
  /// What it saw that was wrong, first of all; null if all was well.
  const std::exception_ptr& failure() const noexcept { return failure_; }

 private:
  void play_round();
  void play_last_round();
  void request(Operation operation);
  void answered(const Operation& operation, const Answer& answer);
  void next();
  std::int64_t now_ms() const;

  twinwire::Loop& loop_;
  std::uint64_t rounds_;
  Workload workload_;
  Expectations expectations_;
  Client client_;
  std::uint64_t round_ = 0;
  bool done_ = false;
  std::exception_ptr failure_;
};

}  // namespace resp
