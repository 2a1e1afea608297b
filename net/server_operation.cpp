// create_server and getaddrinfo.
#include <twinwire/net/connect_operation.hpp>
#include <twinwire/net/lookup.hpp>
#include <twinwire/net/loop.hpp>
#include <twinwire/net/server_state.hpp>

#include <algorithm>
#include <stdexcept>

namespace twinwire::detail {
namespace {

class ResolveOperation final : public OperationState {
 public:
  ResolveOperation(Loop& loop, const ResolveRequest& request, Completion<std::vector<Address>> done)
      : OperationState(loop, "resolve " + describe(request.host, request.service)), done_(std::move(done)) {}

  void start(const ResolveRequest& request) {
    lookup_.start(loop(), request,
                  [self = Ref<ResolveOperation>(this)](error_code error, std::vector<Address> addresses) {
                    self->complete(error, std::move(addresses));
                  });
  }

 private:
  void do_cancel(error_code reason) override {
    if (!done_) return;
    lookup_.abandon();
    loop().call_soon([self = Ref<ResolveOperation>(this), reason] { self->complete(reason, {}); });
  }
  void abandon() noexcept override {
    lookup_.abandon();
    done_.reset();
  }

  void complete(error_code error, std::vector<Address> addresses) {
    if (!done_) return;
    const auto keep = end();
    Completion<std::vector<Address>> done = std::move(done_);
    done_ = nullptr;
    loop().guard(
        [&] { done(error ? operation_failure(error, description()) : nullptr, std::move(addresses)); },
        "a completion threw an exception");
  }

  Lookup lookup_;
  Completion<std::vector<Address>> done_;
};

/// Resolves the hosts one after the other, then binds all of them or none.
class ServerOperation final : public OperationState {
 public:
  ServerOperation(Loop& loop, ProtocolFactory factory, ServerOptions options, Completion<Server> done)
      : OperationState(loop, "create a server"),
        factory_(std::move(factory)),
        options_(std::move(options)),
        done_(std::move(done)) {
    if (options_.hosts.empty()) options_.hosts.emplace_back();
  }

  void start() {
    if (options_.sock) {
      adopt();
    } else {
      resolve_next();
    }
  }

 private:
  void do_cancel(error_code reason) override {
    if (!done_) return;
    lookup_.abandon();
    soon_.cancel();
    acceptors_.clear();
    loop().call_soon(
        [self = Ref<ServerOperation>(this), reason] { self->fail(reason, self->description()); });
  }
  void abandon() noexcept override {
    lookup_.abandon();
    soon_.cancel();
    acceptors_.clear();
    done_.reset();
    factory_.reset();
  }

  void adopt() {
    error_code error;
    auto acceptor = loop().backend().adopt_acceptor(options_.sock, error);
    if (!acceptor) {
      const auto keep = end();
      throw std::invalid_argument("create_server: sock is not a bound stream socket");
    }
    acceptors_.push_back(std::move(acceptor));
    soon_ = loop().call_soon([self = Ref<ServerOperation>(this)] { self->finish(); });
  }

  void resolve_next() {
    const std::string& host = options_.hosts[resolved_];
    lookup_.start(loop(), {host, options_.port->text(), options_.family, true},
                  [self = Ref<ServerOperation>(this)](error_code error, std::vector<Address> addresses) {
                    self->host_resolved(error, addresses);
                  });
  }

  void host_resolved(error_code error, const std::vector<Address>& addresses) {
    const Ref<ServerOperation> self(this);
    const std::string& host = options_.hosts[resolved_];
    if (!error.failed() && addresses.empty()) error = make_error(errc::address_not_available);
    if (error.failed()) {
      fail(error, "create a server: resolve " + describe(host, options_.port->text()));
      return;
    }
    for (const Address& address : addresses) {
      if (std::ranges::find(addresses_, address) == addresses_.end()) addresses_.push_back(address);
    }
    if (++resolved_ < options_.hosts.size()) {
      resolve_next();
    } else if (bind_all()) {
      finish();
    }
  }

  /// On failure nothing stays bound.
  bool bind_all() {
    error_code skipped;
    for (const Address& address : addresses_) {
      error_code error;
      auto acceptor = loop().backend().bind(address, {options_.reuse_address, options_.reuse_port}, error);
      if (acceptor) {
        acceptors_.push_back(std::move(acceptor));
      } else if (error == errc::address_family_not_supported ||
                 (error == errc::address_not_available && addresses_.size() > 1)) {
        skipped = error;  // a family that this system does not have
      } else {
        fail(error, "create a server: bind " + address.to_string());
        return false;
      }
    }
    if (acceptors_.empty()) {
      fail(skipped, "create a server: bind " + addresses_.front().to_string());
      return false;
    }
    return true;
  }

  void finish() {
    const auto server =
        make_ref<ServerState>(loop(), std::move(factory_), std::move(acceptors_), options_.backlog);
    if (options_.start_serving) {
      try {
        server->start_serving();
      } catch (const OperationError&) {
        server->close();
        complete(std::current_exception(), Server());
        return;
      }
    }
    complete(nullptr, Server(server));
  }

  void fail(error_code error, const std::string& sentence) {
    acceptors_.clear();
    complete(operation_failure(error, sentence), Server());
  }

  void complete(std::exception_ptr failure, Server server) {
    if (!done_) return;
    const auto keep = end();
    Completion<Server> done = std::move(done_);
    done_ = nullptr;
    loop().guard([&] { done(std::move(failure), std::move(server)); }, "a completion threw an exception");
  }

  ProtocolFactory factory_;
  ServerOptions options_;
  Completion<Server> done_;
  Lookup lookup_;
  Handle soon_;
  std::size_t resolved_ = 0;
  std::vector<Address> addresses_;
  std::vector<std::unique_ptr<Acceptor>> acceptors_;
};

}  // namespace

Operation start_server_operation(Loop& loop, ProtocolFactory factory, ServerOptions options,
                                 Completion<Server> done) {
  const bool has_address = !options.hosts.empty() || options.port;
  if (options.sock && has_address) {
    throw std::invalid_argument("create_server: host and port cannot be combined with sock");
  }
  if (!options.sock && !has_address) {
    throw std::invalid_argument("create_server: neither host and port nor sock was given");
  }
  if (options.backlog < 1) throw std::invalid_argument("create_server: backlog must be at least 1");
  if (!options.port) options.port = Port(0);
  const auto operation =
      make_ref<ServerOperation>(loop, std::move(factory), std::move(options), std::move(done));
  operation->start();
  return Operation(operation);
}

Operation start_resolve(Loop& loop, ResolveRequest request, Completion<std::vector<Address>> done) {
  const auto operation = make_ref<ResolveOperation>(loop, request, std::move(done));
  operation->start(request);
  return Operation(operation);
}

}  // namespace twinwire::detail
