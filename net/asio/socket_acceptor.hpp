// A listening socket for code that is written against Asio, on both backends.
//
//     twinwire::socket_acceptor acceptor(loop);
//     co_await acceptor.async_listen(ServerOptions("0.0.0.0", 80), use_awaitable);
//     for (;;) serve(co_await acceptor.async_accept(use_awaitable));
#pragma once

#include <twinwire/net/asio/acceptor_core.hpp>
#include <twinwire/net/asio/stream_socket.hpp>

#include <cstdint>
#include <utility>

namespace twinwire {

/// Listens for TCP or Unix connections. Tokens, executors and cancellation are as at stream_socket.
/// Connections are accepted as they come, and wait in the order of their arrival, unread, until they are
/// asked for; those that never are, are reset. Destroying it closes it. Loop thread only.
template <class IoExecutor = Executor>
class basic_socket_acceptor {
 public:
  using executor_type = IoExecutor;
  /// The same on another executor: what as_default_on asks for.
  template <class OtherExecutor>
  struct rebind_executor {
    using other = basic_socket_acceptor<OtherExecutor>;
  };
  using default_token = typename boost::asio::default_completion_token<executor_type>::type;
  using socket_type = basic_stream_socket<executor_type>;

  explicit basic_socket_acceptor(const executor_type& executor)
      : executor_(executor), core_(detail::make_ref<detail::AcceptorCore>(detail::loop_behind(executor))) {}
  explicit basic_socket_acceptor(Loop& loop) : basic_socket_acceptor(executor_type(loop.get_executor())) {}

  basic_socket_acceptor(basic_socket_acceptor&&) noexcept = default;
  basic_socket_acceptor& operator=(basic_socket_acceptor&& other) noexcept {
    if (core_ && core_ != other.core_) core_->close();
    executor_ = std::move(other.executor_);
    core_ = std::move(other.core_);
    return *this;
  }
  ~basic_socket_acceptor() {
    if (core_) core_->close();
  }

  executor_type get_executor() const noexcept { return executor_; }

  /// Resolves, binds and listens. Completes with void(error_code).
  template <class Token = default_token>
  auto async_listen(ServerOptions options, Token&& token = Token{}) {
    return listen(detail::ListenTarget(std::move(options)), std::forward<Token>(token));
  }
  template <class Token = default_token>
  auto async_listen(UnixServerOptions options, Token&& token = Token{}) {
    return listen(detail::ListenTarget(std::move(options)), std::forward<Token>(token));
  }

  /// Completes with void(error_code, socket_type). Several may be pending; each gets one connection.
  template <class Token = default_token>
  auto async_accept(Token&& token = Token{}) {
    return detail::initiate_io<void(error_code, socket_type)>(
        loop(), executor_, std::forward<Token>(token), [core = core_, executor = executor_](auto completion) {
          return core->start_accept([executor, completion = std::move(completion)](
                                        error_code error, detail::Ref<detail::StreamCore> accepted) mutable {
            if (!accepted) accepted = detail::make_ref<detail::StreamCore>(detail::loop_behind(executor));
            completion(error, socket_type(executor, std::move(accepted)));
          });
        });
  }

  /// False once it was closed.
  bool is_open() const noexcept { return core_ && core_->is_open(); }
  /// What is pending fails with operation_aborted.
  void cancel() const { core_->cancel(); }
  /// As cancel, and stops listening. Connections that were accepted live on.
  void close() const { core_->close(); }
  void close(error_code& error) const {
    close();
    error = {};
  }
  /// The port of the first socket; 0 if it does not listen.
  std::uint16_t port() const { return core_->server().port(); }
  /// For what else there is to know. An empty one before it listens.
  const Server& server() const { return core_->server(); }

 private:
  Loop& loop() const { return detail::loop_behind(executor_); }

  template <class Token>
  auto listen(detail::ListenTarget target, Token&& token) {
    if (!core_->is_open()) core_ = detail::make_ref<detail::AcceptorCore>(loop());
    return detail::initiate_io<void(error_code)>(
        loop(), executor_, std::forward<Token>(token),
        [core = core_, target = std::move(target)](detail::IoCompletion&& done) mutable {
          return core->start_listen(std::move(target), std::move(done));
        });
  }

  executor_type executor_;
  detail::Ref<detail::AcceptorCore> core_;
};

using socket_acceptor = basic_socket_acceptor<>;

}  // namespace twinwire
