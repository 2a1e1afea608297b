// create_server, create_unix_server and getaddrinfo.
#include <twinwire/net/loop.hpp>
#include <twinwire/net/operations/completing_operation.hpp>
#include <twinwire/net/operations/connect_operation.hpp>
#include <twinwire/net/operations/lookup.hpp>
#include <twinwire/net/state/server_state.hpp>

#include <algorithm>
#include <stdexcept>

namespace twinwire::detail {
namespace {

class ResolveOperation final : public CompletingOperation<std::vector<Address>> {
 public:
  using CompletingOperation::CompletingOperation;

  void start(const ResolveRequest& request) {
    lookup_.start(loop(), request, description(),
                  [self = Ref<ResolveOperation>(this)](std::exception_ptr failure, auto addresses) {
                    self->complete(std::move(failure), std::move(addresses));
                  });
  }

 private:
  void release_resources() noexcept override { lookup_.abandon(); }

  Lookup lookup_;
};

/// Resolves the hosts one after the other, then binds all of them or none.
class ServerOperation final : public CompletingOperation<Server> {
 public:
  ServerOperation(Loop& loop, ProtocolFactory factory, ServerOptions options, Completion<Server> done)
      : CompletingOperation(loop, std::move(done), "create a server"),
        factory_(std::move(factory)),
        options_(std::move(options)) {
    if (options_.hosts.empty()) options_.hosts.emplace_back();
  }

  /// Closing the server removes the files that its sockets are bound to.
  void clean_up_on_close() noexcept { clean_up_ = true; }

  /// With an address that is known already, `options` has none.
  void start(const std::optional<Address>& address = {}) {
    if (options_.sock) {
      adopt();
    } else if (address) {
      soon_ = loop().call_soon([self = Ref<ServerOperation>(this), address = *address] {
        if (self->bind_host({address})) self->serve();
      });
    } else {
      resolve_next();
    }
  }

 private:
  void release_resources() noexcept override {
    lookup_.abandon();
    soon_.cancel();
    acceptors_.clear();
    factory_.reset();
  }

  void adopt() {
    error_code error;
    auto acceptor = loop().backend().adopt_acceptor(options_.sock, error);
    if (!acceptor) {
      [[maybe_unused]] const auto keep = end();
      throw std::invalid_argument(description() + ": sock is not a bound stream socket");
    }
    hold(std::move(acceptor));
    soon_ = loop().call_soon([self = Ref<ServerOperation>(this)] { self->serve(); });
  }

  void hold(std::unique_ptr<Acceptor> acceptor) {
    if (clean_up_) acceptor->clean_up_on_close();
    acceptors_.push_back(std::move(acceptor));
  }

  void resolve_next() {
    const std::string& host = options_.hosts[addresses_.size()];
    lookup_.start(loop(), {host, options_.port->text(), options_.family, true},
                  "create a server: resolve " + describe(host, options_.port->text()),
                  [self = Ref<ServerOperation>(this)](std::exception_ptr failure, auto addresses) {
                    self->host_resolved(std::move(failure), std::move(addresses));
                  });
  }

  void host_resolved(std::exception_ptr failure, std::vector<Address> addresses) {
    const Ref<ServerOperation> self(this);
    if (failure) {
      complete(std::move(failure), {});
      return;
    }
    addresses_.push_back(std::move(addresses));
    if (addresses_.size() < options_.hosts.size()) {
      resolve_next();
    } else if (std::ranges::all_of(addresses_, [this](const auto& host) { return bind_host(host); })) {
      serve();
    }
  }

  /// Each address once. Of a host with several, those are skipped that this system does not have (IPv6, say),
  /// but not all of them. On failure nothing stays bound.
  bool bind_host(const std::vector<Address>& addresses) {
    error_code skipped;
    bool bound_one = false;
    for (const Address& address : addresses) {
      if (std::ranges::find(bound_, address) != bound_.end()) {
        bound_one = true;
        continue;
      }
      error_code error;
      auto acceptor = loop().backend().bind(address, {options_.reuse_address, options_.reuse_port}, error);
      if (acceptor) {
        hold(std::move(acceptor));
        bound_.push_back(address);
        bound_one = true;
      } else if (addresses.size() > 1 &&
                 (error == errc::address_family_not_supported || error == errc::address_not_available)) {
        skipped = error;
      } else {
        complete(operation_failure(error, "create a server: bind " + address.to_string()), {});
        return false;
      }
    }
    if (!bound_one) {
      complete(operation_failure(skipped, "create a server: bind " + addresses.front().to_string()), {});
    }
    return bound_one;
  }

  void serve() {
    const auto server =
        make_ref<ServerState>(loop(), std::move(factory_), std::move(acceptors_), options_.backlog, options_);
    if (options_.start_serving) {
      try {
        server->start_serving();
      } catch (const OperationError&) {
        complete(std::current_exception(), {});
        return;
      }
    }
    complete(nullptr, Server(server));
  }

  ProtocolFactory factory_;
  ServerOptions options_;
  bool clean_up_ = false;
  Lookup lookup_;
  Handle soon_;
  std::vector<std::vector<Address>> addresses_;  ///< of each host, so far
  std::vector<Address> bound_;
  std::vector<std::unique_ptr<Acceptor>> acceptors_;
};

void require_backlog(const char* operation, int backlog) {
  if (backlog < 1) throw std::invalid_argument(std::string(operation) + ": backlog must be at least 1");
}

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
  require_backlog("create_server", options.backlog);
  check_tls("create_server", options, /*server_side=*/true);
  if (!options.port) options.port = Port(0);
  const auto operation =
      make_ref<ServerOperation>(loop, std::move(factory), std::move(options), std::move(done));
  operation->start();
  return Operation(operation);
}

Operation start_unix_server_operation(Loop& loop, ProtocolFactory factory, const UnixServerOptions& options,
                                      Completion<Server> done) {
  const auto address = unix_address(loop, "create_unix_server", options.path, options.sock);
  require_backlog("create_unix_server", options.backlog);
  check_tls("create_unix_server", options, /*server_side=*/true);
  ServerOptions common;
  static_cast<TlsSettings&>(common) = options;
  common.backlog = options.backlog;
  common.start_serving = options.start_serving;
  common.sock = options.sock;
  const auto operation =
      make_ref<ServerOperation>(loop, std::move(factory), std::move(common), std::move(done));
  if (options.cleanup_socket) operation->clean_up_on_close();
  operation->start(address);
  return Operation(operation);
}

Operation start_resolve(Loop& loop, ResolveRequest request, Completion<std::vector<Address>> done) {
  const auto operation =
      make_ref<ResolveOperation>(loop, std::move(done), "resolve " + describe(request.host, request.service));
  operation->start(request);
  return Operation(operation);
}

}  // namespace twinwire::detail
