// Loop::start_tls: the connection below keeps its transport, and a new one above it takes the protocol over.
#include <twinwire/net/loop.hpp>
#include <twinwire/net/operations/completing_operation.hpp>
#include <twinwire/net/operations/connect_operation.hpp>
#include <twinwire/net/operations/securing.hpp>
#include <twinwire/net/state/stream_transport.hpp>

#include <stdexcept>

namespace twinwire::detail {
namespace {

class StartTls final : public CompletingOperation<Transport> {
 public:
  StartTls(Loop& loop, Ref<StreamTransport> lower, std::shared_ptr<BaseProtocol> protocol,
           Completion<Transport> done)
      : CompletingOperation(loop, std::move(done), "start TLS"),
        lower_(std::move(lower)),
        protocol_(std::move(protocol)),
        paused_writing_(lower_->is_writing_paused()) {}

  void start(const StartTlsOptions& options) {
    const TlsEnd end = tls_end(options, options.server_side, options.server_hostname.value_or(""));
    try {
      securing_.start(*options.tls, lower_, end, description(),
                      [self = Ref<StartTls>(this)](std::exception_ptr failure, std::unique_ptr<Wire> wire) {
                        self->secured(std::move(failure), std::move(wire));
                      });
    } catch (...) {
      [[maybe_unused]] const auto keep = this->end();
      throw;
    }
  }

 private:
  void secured(std::exception_ptr failure, std::unique_ptr<Wire> wire) {
    if (ended()) return;
    if (failure) {
      lose(error_code_of(failure));
      complete(std::move(failure), {});
      return;
    }
    const auto upper = make_ref<StreamTransport>(loop(), std::move(wire), lower_->server());
    lower_->leave_server();
    upper->take_over(std::move(protocol_), paused_writing_);
    complete(nullptr, Transport(upper));
    // The protocol is told that it may go on when it has the transport on which to do so.
    if (paused_writing_) upper->go_on_soon();
  }

  void do_cancel(error_code reason) override {
    if (ended()) return;
    lose(reason);
    CompletingOperation::do_cancel(reason);
  }

  /// The protocol, which had its connection_made, is told how this ended, in a later turn.
  void lose(error_code reason) {
    if (!protocol_) return;
    loop().call_soon([&loop = loop(), protocol = std::move(protocol_), reason] {
      loop.guard([&] { protocol->connection_lost(reason); }, "connection_lost threw an exception");
    });
  }

  void release_resources() noexcept override { securing_.abandon(); }

  Ref<StreamTransport> lower_;
  std::shared_ptr<BaseProtocol> protocol_;
  bool paused_writing_;
  Securing securing_;
};

}  // namespace

Operation start_secure(Loop& loop, const BaseTransport& transport, std::shared_ptr<BaseProtocol> protocol,
                       StartTlsOptions options, Completion<Transport> done) {
  if (!options.tls) throw std::invalid_argument("start_tls: there is no TLS context");
  if (options.server_side) {
    check_tls("start_tls", options, /*server_side=*/true);
    if (options.server_hostname) throw std::invalid_argument("start_tls: server_hostname is for clients");
  } else {
    check_tls_client("start_tls", options, /*has_host=*/false);
  }
  StreamTransport::check_protocol(protocol.get());
  Ref<StreamTransport> lower(dynamic_cast<StreamTransport*>(transport.base()));
  if (!lower) throw std::invalid_argument("start_tls: this is not the transport of a stream");
  if (lower->wire() && lower->wire()->direction() != Direction::both) {
    throw std::invalid_argument("start_tls: a pipe cannot carry TLS");
  }
  if (!lower->belongs_to(loop))
    throw std::logic_error("start_tls: the transport is gone, or of another loop");
  if (lower->carries_layer()) throw std::logic_error("start_tls: the transport has been made secure already");
  if (!lower->is_duplex())
    throw std::logic_error("start_tls: the transport is closing, or has ended in part");
  const auto operation = make_ref<StartTls>(loop, std::move(lower), std::move(protocol), std::move(done));
  operation->start(options);
  return Operation(operation);
}

}  // namespace twinwire::detail
