#include "unix_service.hpp"

#include <utility>

#include <catch2/catch.hpp>

namespace twinwire::contract {
namespace {

/// More than any system queues behind a backlog of 1.
constexpr int filler_max = 8;

UnixServerOptions with_path(Stage& stage, UnixServerOptions options) {
  if (options.path.empty() && !options.sock) options.path = stage.path("socket");
  return options;
}

}  // namespace

UnixService::UnixService(Stage& stage, UnixServerOptions options, std::function<void(Recorder&)> prepare)
    : Service(stage, std::move(prepare),
              [&](ProtocolFactory factory) {
                return stage.listen_unix(std::move(factory), with_path(stage, options));
              }),
      path(address().path()) {}

UnixConnecting::UnixConnecting(Stage& stage, const UnixConnectOptions& options)
    : Connecting(stage, [&](ProtocolFactory factory, Completion<Connection> done) {
        return stage.server().create_unix_connection(std::move(factory), options, std::move(done));
      }) {}

std::shared_ptr<Recorder> connect_to(Stage& stage, const UnixService& service) {
  const std::size_t before = service.count();
  UnixConnecting connecting(stage, service.path);
  connecting.run();
  INFO(connecting.outcome->message());
  REQUIRE(connecting.outcome->succeeded());
  stage.run_until([&] { return service.count() > before; }, "the connection to be accepted");
  return connecting.protocol;
}

NativeHandle connected_unix_socket(Stage& stage, const std::string& path) {
  error_code error;
  const auto wire = stage.server().backend().connect(Address::from_path(path), std::nullopt, error);
  REQUIRE(error == error_code{});
  stage.settle();
  return wire->release();
}

std::shared_ptr<Outcome<Server>> create_unix(Stage& stage, UnixServerOptions options) {
  const auto outcome = Outcome<Server>::make();
  as_user([&] {
    stage.server().create_unix_server(stage.recorder("server")->factory(), std::move(options),
                                      outcome->completion());
  });
  stage.run_until([&] { return outcome->done(); }, "the server to listen, or not");
  return outcome;
}

BusyPath::BusyPath(Stage& stage, const std::string& name) : path(stage.path(name)) {
  error_code error;
  detail::Backend& backend = stage.server().backend();
  acceptor_ = backend.bind(Address::from_path(path), {}, error);
  REQUIRE(acceptor_ != nullptr);
  REQUIRE(!acceptor_->listen(1).failed());
  while (auto wire = backend.connect(Address::from_path(path), std::nullopt, error)) {
    fillers_.push_back(std::move(wire));
    REQUIRE(fillers_.size() < filler_max);
  }
  REQUIRE(error == errc::resource_unavailable_try_again);
  stage.settle();
}

void BusyPath::accept_all() const {
  error_code error;
  while (acceptor_->accept(error)) {
  }
}

}  // namespace twinwire::contract
