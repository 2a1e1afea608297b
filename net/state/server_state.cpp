#include <twinwire/net/operations/completing_operation.hpp>
#include <twinwire/net/operations/securing.hpp>
#include <twinwire/net/state/server_state.hpp>

#include <algorithm>
#include <stdexcept>

namespace twinwire::detail {
namespace {

/// Connections taken per event before others get their turn.
constexpr int accepts_per_event = 64;
/// How long accepting rests when the system is out of something, as in asyncio.
constexpr Duration accept_retry_delay = std::chrono::seconds(1);

/// Errors of accept(2) that are those of the one connection, which is gone; all others (no descriptors left,
/// a listening socket that was shut down by somebody else) would come again at once.
bool only_that_connection(error_code error) {
  for (const auto harmless :
       {errc::connection_aborted, errc::connection_reset, errc::protocol_error, errc::operation_not_permitted,
        errc::network_down, errc::network_unreachable, errc::host_unreachable, errc::no_protocol_option,
        errc::operation_not_supported, errc::interrupted}) {
    if (error == harmless) return true;
  }
  return false;
}

}  // namespace

/// One acceptor, and whether it is resting.
class ServerState::Listener final : public WireSink {
 public:
  Listener(ServerState& server, std::unique_ptr<Acceptor> acceptor)
      : acceptor(std::move(acceptor)), server_(server) {}
  ~Listener() {
    retry.cancel();
    acceptor->close();
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  void on_readable() override {
    if (!resting) server_.accept_from(*this);
  }
  void on_writable() override {}
  void on_hang_up() override {}

  std::unique_ptr<Acceptor> acceptor;
  Handle retry;
  bool resting = false;  ///< the system is out of something: what arrives waits for the retry

 private:
  ServerState& server_;
};

class ServerState::ServeForever final : public CompletingOperation<> {
 public:
  ServeForever(Ref<ServerState> server, VoidCompletion done)
      : CompletingOperation(*server->loop_, std::move(done), "serve forever"), server_(std::move(server)) {
    set_background();
  }

 private:
  /// Closes the server, and ends when it is closed.
  void do_cancel(error_code reason) override {
    if (!server_) return;
    const Ref<ServerState> server = std::move(server_);
    server->serve_forever_ = nullptr;
    server->close();
    server->wait_closed([self = Ref<ServeForever>(this), reason](std::exception_ptr) { self->fail(reason); },
                        "serve forever, closing");
  }
  void release_resources() noexcept override {
    if (server_) std::exchange(server_, nullptr)->serve_forever_ = nullptr;
  }

  Ref<ServerState> server_;
};

/// A client that was accepted and is not secure yet. It counts as a connection of the server by the transport
/// below. One that fails is nobody's concern but an observer's: whoever scans ports would fill the reports.
class ServerState::Handshake final : public CompletingOperation<> {
 public:
  explicit Handshake(ServerState& server)
      : CompletingOperation(
            *server.loop_, [](const std::exception_ptr&) {}, "TLS handshake with a client"),
        server_(&server) {
    set_background();
  }

  void start(std::unique_ptr<Wire> wire) {
    lower_ = make_ref<StreamTransport>(loop(), std::move(wire), server_.get());
    try {
      securing_.start(
          *server_->tls_.tls, lower_, tls_end(server_->tls_, /*server_side=*/true), description(),
          [self = Ref<Handshake>(this)](const std::exception_ptr& failure, std::unique_ptr<Wire> secured) {
            self->secured(failure, std::move(secured));
          });
    } catch (...) {
      lower_->abort();
      loop().call_exception_handler(
          {"a server could not begin a TLS handshake", std::current_exception(), {}, {}});
      complete(nullptr);
    }
  }

 private:
  void secured(const std::exception_ptr& failure, std::unique_ptr<Wire> wire) {
    if (ended()) return;
    if (failure && loop().observer()) {
      publish_event(loop(), *lower_->wire(), "handshake_failed", {}, error_code_of(failure));
    }
    if (wire) server_->serve_ready(std::move(wire), lower_.get());
    lower_->leave_server();
    complete(failure);
  }
  void release_resources() noexcept override { securing_.abandon(); }

  Ref<ServerState> server_;
  Ref<StreamTransport> lower_;
  Securing securing_;
};

ServerState::ServerState(Loop& loop, ProtocolFactory factory,
                         std::vector<std::unique_ptr<Acceptor>> acceptors, int backlog, TlsSettings tls)
    : loop_(&loop), factory_(std::move(factory)), backlog_(backlog), tls_(std::move(tls)) {
  for (auto& acceptor : acceptors)
    listeners_.push_back(std::make_unique<Listener>(*this, std::move(acceptor)));
  loop.servers_.push_back(*this);
  add_ref();  // its own, until closed
}

void ServerState::start_serving() {
  if (closed_ || !loop_) throw std::logic_error("cannot start serving: the server is closed");
  if (serving_) return;
  for (const auto& listener : listeners_) {
    if (const error_code error = listener->acceptor->listen(backlog_); error.failed()) {
      const auto address = listener->acceptor->local_address();
      close();  // none, rather than some of its addresses
      throw OperationError(error, "listen on " + (address ? address->to_string() : "a socket"));
    }
  }
  serving_ = true;
  for (const auto& listener : listeners_) listener->acceptor->set_sink(listener.get());
}

void ServerState::close() {
  if (closed_) return;
  const Ref<ServerState> self(this);
  closed_ = true;
  serving_ = false;
  // Closing may be asked for from inside a listener's own event: it is destroyed later.
  for (const auto& listener : listeners_) {
    listener->retry.cancel();
    listener->acceptor->set_sink(nullptr);
    listener->acceptor->close();
  }
  loop_->call_soon([self] { self->listeners_.clear(); });
  if (const Ref<ServeForever> serving = serve_forever_) {
    serving->cancel(make_error(errc::operation_canceled));
  }
  wake_waiters();
  release_ref();
}

void ServerState::detach_loop() noexcept {
  const Ref<ServerState> self(this);
  ListLink<ServerTag>::leave();
  listeners_.clear();
  serve_forever_ = nullptr;
  serving_ = false;
  loop_ = nullptr;
  if (closed_) return;
  closed_ = true;
  release_ref();
}

std::vector<ServerSocket> ServerState::sockets() const {
  std::vector<ServerSocket> all;
  if (closed_) return all;
  for (const auto& listener : listeners_) {
    all.push_back(
        {listener->acceptor->local_address().value_or(Address{}), listener->acceptor->native_handle()});
  }
  return all;
}

void ServerState::accept_from(Listener& listener) {
  const Ref<ServerState> self(this);
  for (int count = 0; count < accepts_per_event; ++count) {
    if (!serving_) return;
    error_code error;
    std::unique_ptr<Wire> wire = listener.acceptor->accept(error);
    if (wire) {
      serve(std::move(wire));
    } else if (error == errc::operation_would_block || error == errc::resource_unavailable_try_again) {
      return;
    } else if (!only_that_connection(error)) {
      pause_accepting(listener, error);
      return;
    }
  }
  loop_->call_soon([self, &listener] {
    if (self->serving_ && !listener.resting) self->accept_from(listener);
  });
}

void ServerState::pause_accepting(Listener& listener, error_code error) {
  const auto address = listener.acceptor->local_address();
  const std::string where = address ? address->to_string() : "a socket";
  loop_->call_exception_handler({"cannot accept on " + where + ", trying again in 1 s",
                                 operation_failure(error, "accept on " + where),
                                 {},
                                 {}});
  if (!serving_) return;
  listener.resting = true;
  listener.retry = loop_->call_later(accept_retry_delay, [self = Ref<ServerState>(this), &listener] {
    if (!self->serving_) return;
    listener.resting = false;
    self->accept_from(listener);
  });
}

void ServerState::serve(std::unique_ptr<Wire> wire) {
  if (tls_.tls) {
    make_ref<Handshake>(*this)->start(std::move(wire));
  } else {
    serve_ready(std::move(wire));
  }
}

void ServerState::serve_ready(std::unique_ptr<Wire> wire, StreamTransport* below) {
  std::shared_ptr<BaseProtocol> protocol;
  const Loop::CallbackScope scope(*loop_);
  try {
    protocol = factory_();
    StreamTransport::check_protocol(protocol.get());
    const auto transport = make_ref<StreamTransport>(*loop_, std::move(wire), this);
    if (below) below->leave_server();  // one connection, also to a protocol that counts them as it is made
    transport->start(std::move(protocol));
  } catch (...) {
    loop_->call_exception_handler(
        {"the protocol factory of a server threw", std::current_exception(), {}, {}});
  }
}

void ServerState::for_each_client(void (StreamTransport::*action)()) {
  std::vector<Ref<StreamTransport>> clients;
  accepted_.for_each([&](StreamTransport& transport) { clients.emplace_back(&transport); });
  for (const auto& client : clients) (client.get()->*action)();
}

Operation ServerState::wait_closed(VoidCompletion done, std::string description) {
  if (!loop_) throw std::logic_error("cannot wait for the server: its loop is gone");
  auto waiter = make_ref<WaitOperation>(*loop_, std::move(done), std::move(description));
  waiter->set_background(false);
  waiters_.add(*waiter);
  wake_waiters();
  return Operation(waiter);
}

Operation ServerState::serve_forever(VoidCompletion done) {
  if (closed_) throw std::logic_error("cannot serve forever: the server is closed");
  if (serve_forever_) throw std::logic_error("cannot serve forever: already doing so");
  start_serving();
  serve_forever_ = make_ref<ServeForever>(Ref<ServerState>(this), std::move(done));
  return Operation(serve_forever_);
}

void ServerState::attach(StreamTransport& transport) {
  accepted_.push_back(transport);
}

void ServerState::detach(StreamTransport& transport) {
  accepted_.remove(transport);
  if (loop_) wake_waiters();
}

void ServerState::wake_waiters() {
  if (closed_ && accepted_.empty()) waiters_.complete_soon();
}

}  // namespace twinwire::detail

namespace twinwire {

using detail::ServerState;

Server::Server(detail::Ref<ServerState> state) : state_(std::move(state)) {}
Server::Server(const Server&) = default;
Server::Server(Server&&) noexcept = default;
Server& Server::operator=(Server other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}
Server::Server() = default;
Server::~Server() = default;

std::vector<ServerSocket> Server::sockets() const {
  return state_ ? state_->sockets() : std::vector<ServerSocket>{};
}

std::uint16_t Server::port() const {
  const auto all = sockets();
  return all.empty() ? std::uint16_t{0} : all.front().sockname.port();
}

bool Server::is_serving() const {
  return state_ && state_->is_serving();
}

ServerState& Server::open_state() const {
  if (!state_) throw std::logic_error("the server is closed");
  return *state_;
}

Loop& Server::get_loop() const {
  Loop* loop = open_state().loop();
  if (!loop) throw std::logic_error("the loop of the server is gone");
  return *loop;
}

void Server::start_serving() const {
  open_state().start_serving();
}

void Server::close() const {
  if (state_) state_->close();
}

void Server::close_clients() const {
  if (state_) state_->for_each_client(&detail::StreamTransport::close);
}

void Server::abort_clients() const {
  if (state_) state_->for_each_client(&detail::StreamTransport::abort);
}

std::size_t Server::connections() const {
  return state_ ? state_->connections() : 0;
}

Operation Server::wait_closed(VoidCompletion done) const {
  return open_state().wait_closed(std::move(done), "wait until a server is closed");
}

Operation Server::serve_forever(VoidCompletion done) const {
  return open_state().serve_forever(std::move(done));
}

}  // namespace twinwire
