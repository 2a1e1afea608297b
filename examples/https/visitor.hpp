// One visitor of the scenario: asks for what there is and for what there is not, and knows what must come.
#pragma once

#include "site.hpp"

#include <twinwire/net/loop.hpp>
#include <twinwire/net/streams.hpp>

#include <cstdint>
#include <string>

namespace https {

/// Speaks HTTP by itself, so that no mistake of the server's library can hide behind the same one here.
class Visitor {
 public:
  Visitor(twinwire::Loop& loop, std::string name, const Site& site, twinwire::ConnectOptions server)
      : loop_(loop), name_(std::move(name)), site_(site), server_(std::move(server)) {}

  /// A few connections with a few requests each, one after the other. Throws std::logic_error for a response
  /// that is not what it must be.
  twinwire::awaitable<void> visit();
  /// Asks for this page, and does not take it. Throws std::logic_error if the server waits for that.
  twinwire::awaitable<void> fall_asleep(std::string path);
  /// The same, but asks for nothing else, and takes all of it but what the server can write at once.
  twinwire::awaitable<void> fall_asleep_at_the_end(std::string path);

 private:
  struct Request;
  struct Response;

  Request choose(std::uint64_t number) const;
  twinwire::awaitable<void> use_connection(std::uint64_t connection);
  twinwire::awaitable<Response> read_response(const twinwire::Stream& stream, bool with_body) const;
  twinwire::awaitable<void> sleep(const twinwire::Stream& stream) const;
  void check(const Request& request, const Response& response) const;
  std::uint64_t draw(const twinwire::Purpose& purpose, std::uint64_t number, std::uint64_t range) const;

  twinwire::Loop& loop_;
  const std::string name_;
  const Site& site_;
  const twinwire::ConnectOptions server_;
};

}  // namespace https
