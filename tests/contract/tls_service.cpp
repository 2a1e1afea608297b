#include "tls_service.hpp"

#include <certificates.hpp>
#include <utility>

#include <catch2/catch.hpp>

namespace twinwire::contract {
namespace {

ServerOptions with_context(std::shared_ptr<const TlsContext> context) {
  ServerOptions options;
  options.tls = std::move(context);
  return options;
}

}  // namespace

std::shared_ptr<const TlsContext> server_context() {
  static const auto context = tls_server(certificates::server_options());
  return context;
}

std::shared_ptr<const TlsContext> client_context() {
  static const auto context = tls_client(certificates::client_options());
  return context;
}

TlsService::TlsService(Stage& stage, std::shared_ptr<const TlsContext> context,
                       std::function<void(Recorder&)> prepare)
    : Service(stage, with_context(std::move(context)), std::move(prepare)) {}

ConnectOptions secure_options(Stage& stage, const Service& service,
                              std::shared_ptr<const TlsContext> context) {
  ConnectOptions options = stage.address_of(service.server);
  options.tls = std::move(context);
  options.server_hostname = server_name;
  return options;
}

Pair connect_secure(Stage& stage, const Service& service, std::shared_ptr<const TlsContext> context) {
  const std::size_t before = service.count();
  Connecting connecting(stage, stage.client(), secure_options(stage, service, std::move(context)));
  connecting.run();
  INFO(connecting.outcome->message());
  REQUIRE(connecting.outcome->succeeded());
  stage.run_until([&] { return service.count() > before; }, "the connection to be accepted");
  return {connecting.protocol, service[before].shared_from_this()};
}

}  // namespace twinwire::contract
