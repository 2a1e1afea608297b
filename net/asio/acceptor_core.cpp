#include <twinwire/net/asio/acceptor_core.hpp>
#include <twinwire/net/asio/io_operation.hpp>
#include <twinwire/net/loop.hpp>

#include <exception>
#include <memory>
#include <stdexcept>
#include <utility>

#include <boost/asio/error.hpp>

namespace twinwire::detail {
namespace {

/// How many connections may wait. Those of TLS need no descriptor any more once their peer is gone.
constexpr std::size_t waiting_max = 4096;

}  // namespace

class AcceptorCore::Accept final : public IoOperation<Ref<StreamCore>>, public ListLink<AcceptTag> {
 public:
  using IoOperation::IoOperation;
  std::string description() const override { return "accept a connection"; }

 private:
  void release_resources() noexcept override { ListLink<AcceptTag>::leave(); }
};

AcceptorCore::AcceptorCore(Loop& loop) noexcept : loop_(&loop) {}

AcceptorCore::~AcceptorCore() = default;

ProtocolFactory AcceptorCore::factory() {
  return [self = Ref<AcceptorCore>(this)] {
    const auto connection = make_ref<StreamCore>(*self->loop_);
    // Not owned by its own protocol, which lives as long as the connection does.
    return connection->make_protocol(
        [self, connection = connection.get()] { self->arrived(Ref<StreamCore>(connection)); });
  };
}

void AcceptorCore::arrived(Ref<StreamCore> connection) {
  if (closed_) {
    connection->abort();
  } else if (accepts_.empty()) {
    if (waiting_.size() >= waiting_max)
      std::erase_if(waiting_, [](const auto& one) { return one->transport().is_closing(); });
    if (waiting_.size() >= waiting_max) {
      connection->abort();
    } else {
      waiting_.push_back(std::move(connection));
    }
  } else {
    accepts_.front().complete({}, std::move(connection));
  }
}

Operation AcceptorCore::start_listen(ListenTarget target, IoCompletion&& done) {
  if (server_ || listen_ || closed_) {
    return complete_next(*loop_, std::move(done), boost::asio::error::already_open);
  }
  const auto shared = std::make_shared<IoCompletion>(std::move(done));
  try {
    Completion<Server> told = [self = Ref<AcceptorCore>(this), shared](const std::exception_ptr& failure,
                                                                       const Server& server) {
      self->listen_ = {};
      if (!failure) self->server_ = server;
      (*shared)(asio_error(error_code_of(failure)));
    };
    if (auto* const address = std::get_if<ServerOptions>(&target)) {
      listen_ = loop_->create_server(factory(), std::move(*address), std::move(told));
    } else {
      auto& path = std::get<UnixServerOptions>(target);
      listen_ = loop_->create_unix_server(factory(), std::move(path), std::move(told));
    }
    return listen_;
  } catch (const std::invalid_argument&) {
    return complete_next(*loop_, std::move(*shared), asio_error(errc::invalid_argument));
  }
}

Operation AcceptorCore::start_accept(AcceptCompletion&& done) {
  if (closed_ || !server_) {
    return complete_next(*loop_, std::move(done), boost::asio::error::bad_descriptor, {});
  }
  if (waiting_.empty()) {
    const auto accept = make_ref<Accept>(*loop_, std::move(done));
    accepts_.push_back(*accept);
    return Operation(accept);
  }
  Ref<StreamCore> connection = std::move(waiting_.front());
  waiting_.pop_front();
  return complete_next(*loop_, std::move(done), {}, std::move(connection));
}

void AcceptorCore::cancel() {
  const Ref<AcceptorCore> self(this);
  listen_.cancel();
  while (!accepts_.empty()) accepts_.front().cancel(make_error(errc::operation_canceled));
}

void AcceptorCore::close() {
  closed_ = true;
  cancel();
  std::exchange(server_, {}).close();  // it owns the factory, and that this
  for (const auto& connection : std::exchange(waiting_, {})) connection->abort();
}

}  // namespace twinwire::detail
