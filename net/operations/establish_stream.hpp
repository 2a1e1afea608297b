// The last steps of every operation that makes a stream connection: its handshake, if there is one, and its
// transport.
#pragma once

#include <twinwire/net/connection.hpp>
#include <twinwire/net/operations/establish_operation.hpp>
#include <twinwire/net/operations/securing.hpp>
#include <twinwire/net/state/stream_transport.hpp>

#include <exception>
#include <memory>
#include <string>
#include <utility>

namespace twinwire::detail {

struct StreamKind {
  using Factory = ProtocolFactory;
  using Wire = twinwire::Wire;
  using State = StreamTransport;
  using Handle = Transport;
  using Result = Connection;
};

/// What comes between a connected socket and its transport.
class EstablishStream : public EstablishOperation<StreamKind> {
 public:
  EstablishStream(Loop& loop, std::string description, ProtocolFactory factory, TlsPlan tls,
                  Completion<Connection> done)
      : EstablishOperation(loop, std::move(description), std::move(factory), std::move(done)),
        tls_(std::move(tls)) {}

 protected:
  void connected(std::unique_ptr<Wire> wire) {
    if (!tls_.context) {
      establish(std::move(wire));
      return;
    }
    const Ref<EstablishStream> self(this);
    const auto lower = make_ref<StreamTransport>(loop(), std::move(wire));
    try {
      securing_.start(*tls_.context, lower, tls_.end, description(),
                      [self](std::exception_ptr failure, std::unique_ptr<Wire> secured) {
                        self->secured(std::move(failure), std::move(secured));
                      });
    } catch (...) {
      lower->abort();
      complete(std::current_exception(), {});
    }
  }

  void stop_securing() noexcept { securing_.abandon(); }

 private:
  void secured(std::exception_ptr failure, std::unique_ptr<Wire> wire) {
    if (ended()) return;
    if (failure) {
      complete(std::move(failure), {});
    } else {
      establish(std::move(wire));
    }
  }

  TlsPlan tls_;
  Securing securing_;
};

}  // namespace twinwire::detail
