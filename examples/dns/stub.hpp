// A stub resolver: asks one name server, and believes nobody else.
#pragma once

#include "message.hpp"
#include "mistakes.hpp"

#include <twinwire/net/async.hpp>
#include <twinwire/net/loop.hpp>
#include <twinwire/net/time.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

namespace dns {

struct StubOptions {
  StubOptions() = default;
  StubOptions(std::string server_address, std::uint16_t server_port)
      : server(std::move(server_address)), port(server_port) {}

  /// Its numeric address: there is nobody to ask for a name.
  std::string server = "127.0.0.1";
  std::uint16_t port = 53;
  /// How long the first try waits for an answer; each further one waits twice as long.
  twinwire::Duration timeout = std::chrono::seconds(1);
  int tries = 4;
  Mistakes mistakes;
};

/// Asks questions, any number at a time. Loop thread only; it lives as long as a question is pending.
class Stub {
 public:
  Stub(twinwire::Loop& loop, StubOptions options) : loop_(loop), options_(std::move(options)) {}

  /// The server's answer, whatever its rcode. A question is asked again while no answer comes, and once over
  /// TCP if that was truncated. Throws OperationError when there is none in the end: timed_out, or what the
  /// network said last.
  ///
  /// What comes is an answer if it is one to this question, from the server's address to the socket of this
  /// question, with its id (RFC 5452, 9.1); everything else is taken for a forgery, and not even looked at.
  twinwire::awaitable<Message> ask(Name name, Type type);

 private:
  twinwire::awaitable<Message> ask_over_udp(const Message& query);
  twinwire::awaitable<Message> ask_over_tcp(const Message& query);
  bool answers(const Message& answer, const Message& query) const;
  twinwire::Duration patience() const;
  std::string sentence(const Message& query) const;

  twinwire::Loop& loop_;
  StubOptions options_;
};

}  // namespace dns
