// The program of the kind "subprocess". It does what it is told over a Unix socket of its own, step by step,
// and tells there what it reads:
//
//     parent to child   a step as in programs: 1.write(100)
//     child to parent   ready           it has connected, and begins to read its stdin
//                       done            the step was done; what was written may still be on its way
//                       data 100        so many bytes of stdin
//                       wrong           they are not those that the parent writes there
//                       end             of stdin
//                       signal 15       has arrived, and was caught
//
// It writes what bytes_of(1, ...) says, from the beginning for each of stdout and stderr. When it is told to
// exit it hangs up, and ends once all that it has written is taken. A broken pipe is its death by SIGPIPE,
// and the end of the connection ends it.
#pragma once

#include "endpoint.hpp"

#include <twinwire/net/async.hpp>
#include <twinwire/sim/process.hpp>

#include <algorithm>
#include <cstdint>
#include <string>

namespace twinwire::differential {

/// The option of the command line that makes this executable the child; its value is where to connect to, "@"
/// for the NUL of an abstract name.
inline constexpr const char* child_option = "--child";

/// So much is read at a time, in bytes.
inline constexpr std::size_t read_size = 4096;

/// On the real system, with nothing but system calls.
[[noreturn]] void run_real_child(const std::string& path);
/// On a simulated host.
awaitable<int> run_simulated_child(sim::Process& process);

/// How a child tells that it has read this behind byte `offset` of its stdin, which moves on. Nothing was
/// read: the end.
inline std::string report_of(std::uint64_t& offset, Bytes data) {
  if (data.empty()) return "end\n";
  const Bytes expected = bytes_of(0, offset, data.size());
  offset += data.size();
  const bool intact = std::equal(data.begin(), data.end(), expected.begin());
  return (intact ? "data " + std::to_string(data.size()) : "wrong") + "\n";
}

}  // namespace twinwire::differential
