// Connections of descriptors that exist already: sockets that were connected or accepted elsewhere, pipes.
#include <twinwire/net/loop.hpp>
#include <twinwire/net/operations/connect_operation.hpp>
#include <twinwire/net/operations/establish_stream.hpp>

#include <stdexcept>

namespace twinwire::detail {
namespace {

/// Makes a connection out of a descriptor that exists.
class AdoptOperation final : public EstablishStream {
 public:
  using EstablishStream::EstablishStream;

  void start(std::unique_ptr<Wire> wire) {
    wire_ = std::move(wire);
    soon_ = loop().call_soon([self = Ref<AdoptOperation>(this)] {
      if (!self->ended()) self->connected(std::move(self->wire_));
    });
  }

 private:
  void release_wires() noexcept override {
    soon_.cancel();
    wire_.reset();
    stop_securing();
  }

  std::unique_ptr<Wire> wire_;
  Handle soon_;
};

/// `wire` is null if it could not be made of the descriptor, which has to be `what`.
Operation adopt(Loop& loop, std::unique_ptr<Wire> wire, const std::string& description, const char* what,
                ProtocolFactory factory, TlsPlan tls, Completion<Connection> done) {
  if (!wire) throw std::invalid_argument(description + ": not " + what);
  const auto operation =
      make_ref<AdoptOperation>(loop, description, std::move(factory), std::move(tls), std::move(done));
  operation->start(std::move(wire));
  return Operation(operation);
}

}  // namespace

Operation start_adopt(Loop& loop, ProtocolFactory factory, NativeHandle sock, TlsPlan tls,
                      Completion<Connection> done) {
  error_code error;
  return adopt(loop, loop.backend().adopt_stream(sock, error), "use the socket " + std::to_string(sock.value),
               "a connected stream socket", std::move(factory), std::move(tls), std::move(done));
}

Operation start_accepted(Loop& loop, ProtocolFactory factory, const AcceptedSocketOptions& options,
                         Completion<Connection> done) {
  check_tls("connect_accepted_socket", options, /*server_side=*/true);
  return start_adopt(loop, std::move(factory), options.sock, {options.tls, tls_end(options, true)},
                     std::move(done));
}

Operation start_pipe(Loop& loop, ProtocolFactory factory, NativeHandle pipe, Direction direction,
                     Completion<Connection> done) {
  const bool reading = direction == Direction::receive;
  error_code error;
  return adopt(loop, loop.backend().adopt_pipe(pipe, direction, error),
               (reading ? "read from the pipe " : "write to the pipe ") + std::to_string(pipe.value),
               reading ? "the reading end of a pipe, a socket or a terminal"
                       : "the writing end of a pipe, a socket or a terminal",
               std::move(factory), {}, std::move(done));
}

}  // namespace twinwire::detail
