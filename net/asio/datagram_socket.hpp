// Datagrams for code that is written against Asio, on both backends.
//
//     twinwire::datagram_socket socket(loop);
//     DatagramOptions where;
//     where.local_addr = {"0.0.0.0", 53};
//     co_await socket.async_open(where, use_awaitable);
//     std::size_t size = co_await socket.async_receive_from(asio::buffer(space), sender, use_awaitable);
#pragma once

#include <twinwire/net/asio/datagram_core.hpp>
#include <twinwire/net/asio/io_buffers.hpp>
#include <twinwire/net/asio/io_initiation.hpp>
#include <twinwire/net/executor.hpp>
#include <twinwire/net/loop.hpp>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <utility>

#include <boost/asio/buffer.hpp>

namespace twinwire {

/// A UDP socket. Tokens, executors and cancellation are as at stream_socket; one receive and one send may be
/// pending at a time. What arrives while nobody receives waits, up to a limit as the system's; the rest is
/// dropped. An error that the system reports of an earlier datagram (a port that nobody has, say) ends the
/// operation that is pending, or the next one. Destroying it closes it. Loop thread only.
template <class IoExecutor = Executor>
class basic_datagram_socket {
 public:
  using executor_type = IoExecutor;
  /// The same on another executor: what as_default_on asks for.
  template <class OtherExecutor>
  struct rebind_executor {
    using other = basic_datagram_socket<OtherExecutor>;
  };
  using default_token = typename boost::asio::default_completion_token<executor_type>::type;

  explicit basic_datagram_socket(const executor_type& executor)
      : executor_(executor), core_(detail::make_ref<detail::DatagramCore>(detail::loop_behind(executor))) {}
  explicit basic_datagram_socket(Loop& loop) : basic_datagram_socket(executor_type(loop.get_executor())) {}

  basic_datagram_socket(basic_datagram_socket&&) noexcept = default;
  basic_datagram_socket& operator=(basic_datagram_socket&& other) noexcept {
    if (core_ && core_ != other.core_) core_->close();
    executor_ = std::move(other.executor_);
    core_ = std::move(other.core_);
    return *this;
  }
  ~basic_datagram_socket() {
    if (core_) core_->close();
  }

  executor_type get_executor() const noexcept { return executor_; }

  /// Resolves, binds and connects as the options say. Completes with void(error_code).
  template <class Token = default_token>
  auto async_open(DatagramOptions options, Token&& token = Token{}) {
    if (!core_->is_open()) core_ = detail::make_ref<detail::DatagramCore>(loop());
    return detail::initiate_io<void(error_code)>(
        loop(), executor_, std::forward<Token>(token),
        [core = core_, options = std::move(options)](detail::IoCompletion&& done) mutable {
          return core->start_open(std::move(options), std::move(done));
        });
  }

  /// Receives one datagram into the first buffer with any room; what does not fit is lost. Buffer and
  /// `sender` stay valid until then. Completes with void(error_code, std::size_t).
  template <class MutableBufferSequence, class Token = default_token>
  auto async_receive_from(const MutableBufferSequence& buffers, Address& sender, Token&& token = Token{}) {
    return receive({detail::read_target(buffers), &sender}, std::forward<Token>(token));
  }
  template <class MutableBufferSequence, class Token = default_token>
  auto async_receive(const MutableBufferSequence& buffers, Token&& token = Token{}) {
    return receive({detail::read_target(buffers), nullptr}, std::forward<Token>(token));
  }

  /// Sends the buffers as one datagram; a single one stays valid until then, several are copied. Completes
  /// with void(error_code, std::size_t), once those before are on their way.
  template <class ConstBufferSequence, class Token = default_token>
  auto async_send_to(const ConstBufferSequence& buffers, const Address& receiver, Token&& token = Token{}) {
    return send(datagram(buffers, receiver), std::forward<Token>(token));
  }
  /// To the remote address.
  template <class ConstBufferSequence, class Token = default_token>
  auto async_send(const ConstBufferSequence& buffers, Token&& token = Token{}) {
    return send(datagram(buffers, std::nullopt), std::forward<Token>(token));
  }

  /// False once it was closed.
  bool is_open() const noexcept { return core_ && core_->is_open(); }
  /// What is pending fails with operation_aborted.
  void cancel() const { core_->cancel(); }
  /// As cancel, and closes: what was sent still goes out.
  void close() const { core_->close(); }
  void close(error_code& error) const {
    close();
    error = {};
  }

  /// Nothing, if it is not open, or not connected.
  std::optional<Address> local_endpoint() const { return transport().sockname(); }
  std::optional<Address> remote_endpoint() const { return transport().peername(); }
  /// For what else there is to know. Its protocol belongs to this.
  const DatagramTransport& transport() const { return core_->transport(); }
  /// How many datagrams were dropped because nobody received them.
  std::uint64_t dropped() const noexcept { return core_->dropped(); }

 private:
  Loop& loop() const { return detail::loop_behind(executor_); }

  template <class ConstBufferSequence>
  static detail::DatagramToSend datagram(const ConstBufferSequence& buffers,
                                         const std::optional<Address>& receiver) {
    detail::DatagramToSend made;
    made.receiver = receiver;
    const auto begin = boost::asio::buffer_sequence_begin(buffers);
    const auto end = boost::asio::buffer_sequence_end(buffers);
    if (begin != end && std::next(begin) == end) {
      const boost::asio::const_buffer only(*begin);
      made.data = {static_cast<const std::byte*>(only.data()), only.size()};
    } else {
      made.joined.resize(boost::asio::buffer_size(buffers));
      boost::asio::buffer_copy(boost::asio::buffer(made.joined), buffers);
    }
    return made;
  }

  template <class Token>
  auto receive(const detail::DatagramTarget& target, Token&& token) {
    return detail::initiate_io<void(error_code, std::size_t)>(
        loop(), executor_, std::forward<Token>(token),
        [core = core_, target](detail::TransferCompletion&& done) {
          return core->start_receive(target, std::move(done));
        });
  }

  template <class Token>
  auto send(detail::DatagramToSend made, Token&& token) {
    return detail::initiate_io<void(error_code, std::size_t)>(
        loop(), executor_, std::forward<Token>(token),
        [core = core_, made = std::move(made)](detail::TransferCompletion&& done) mutable {
          return core->start_send(std::move(made), std::move(done));
        });
  }

  executor_type executor_;
  detail::Ref<detail::DatagramCore> core_;
};

using datagram_socket = basic_datagram_socket<>;

}  // namespace twinwire
