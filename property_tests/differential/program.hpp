// What the differential proof runs: a list of things that are done to the two ends of a connection. It is
// written as a line of text, which can be given back to be run again:
//
//     tcp: 0.write(100) & 1.pause; 0.close
//
// Steps that are joined by & follow each other while neither loop runs; after a semicolon, and at the end,
// everybody waits until nothing is left to happen.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace twinwire::differential {

/// Between what the two ends are connected.
enum class Kind : std::uint8_t {
  tcp,
  tls,  ///< over TCP; 0 is the client
  unix_socket,
  pipe,        ///< 0 writes, 1 reads
  udp,         ///< 0 is connected to 1, which answers to where 0 is
  subprocess,  ///< 0 is the parent of 1, which does what it is told: see child.hpp
};

enum class Action : std::uint8_t {
  write,       ///< so many bytes; of a parent: to the child's stdin, of a child: to stdout
  writelines,  ///< so many bytes, in three parts
  cork,
  uncork,  ///< the innermost scope
  pause,   ///< reading; of a parent: the child's stdout, of a child: its stdin
  resume,
  limits,           ///< set_write_buffer_limits(high)
  hold,             ///< eof_received returns true from now on
  switch_protocol,  ///< between a Protocol and a BufferedProtocol
  start_tls,        ///< at both ends, with this side as the client; nothing unless both can
  write_eof,
  close,
  abort,
  // of parents
  terminate,  ///< SIGTERM
  interrupt,  ///< SIGINT
  kill,       ///< SIGKILL
  // of children
  write_stderr,   ///< so many bytes
  catch_signals,  ///< SIGTERM and SIGINT are told from now on
  exit,           ///< with this status, once all is written
  // of both
  close_stdin,
  close_stdout,
  close_stderr,
};

struct Step {
  int side = 0;
  Action action = Action::write;
  /// Of those that take a number.
  std::uint32_t size = 0;
  /// The next step follows while neither loop runs.
  bool joined = false;

  bool operator==(const Step&) const = default;
};

struct Program {
  Kind kind = Kind::tcp;
  std::vector<Step> steps;

  bool operator==(const Program&) const = default;
};

/// More than all buffers between two ends hold, in bytes.
constexpr std::uint32_t large_size = 400'000;

const std::vector<Kind>& all_kinds();
std::string_view name_of(Kind kind);
/// Throws std::invalid_argument for what is no kind.
Kind kind_named(std::string_view name);

bool takes_size(Action action);
/// Whether these are bytes that it writes, more than all buffers between two ends hold.
bool writes_much(const Step& step);
std::string to_text(const Step& step);
std::string to_text(const Program& program);
/// Throws std::invalid_argument for what is no step.
Step parse_step(std::string_view text);
/// Throws std::invalid_argument for what is no program.
Program parse_program(std::string_view text);

/// For RapidCheck's counterexamples.
void showValue(const Program& program, std::ostream& os);

}  // namespace twinwire::differential
