// What a loop stands on when the world is the real one.
#pragma once

#include <twinwire/net/wire/backend.hpp>
#include <twinwire/real/alarm.hpp>
#include <twinwire/real/asio_bridge.hpp>
#include <twinwire/real/datagram_socket.hpp>
#include <twinwire/real/event_loop.hpp>
#include <twinwire/real/inbox.hpp>
#include <twinwire/real/poller.hpp>
#include <twinwire/real/signal_watch.hpp>
#include <twinwire/real/worker_pool.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace twinwire::real {

/// One turn: wait for events (or only look, if something is ready), tell the sinks, fire the timers that are
/// due, run the ready callbacks. Without timers and Asio objects that is one system call beside those of the
/// wires. Loop thread only, post() excepted.
class RealBackend final : public twinwire::detail::Backend {
 public:
  explicit RealBackend(const LoopOptions& options);
  ~RealBackend() override;
  /// Before anything else: whose backend this is.
  void attach(Loop& loop) noexcept { loop_ = &loop; }
  void shut_down() noexcept override;

  TimePoint time() const noexcept override;
  WallTime wall_time() const noexcept override;
  void schedule(twinwire::detail::Event& event, TimePoint when) override { timers_.schedule(event, when); }
  /// Nothing to do: every turn looks.
  void wake() override {}
  void post(Callback callback) override;
  bool on_loop_thread() const noexcept override;
  void run() override;
  bool take_posted() override;

  std::unique_ptr<Wire> connect(const Address& remote, const std::optional<Address>& local,
                                error_code& error) override;
  std::unique_ptr<Acceptor> bind(const Address& local, const twinwire::detail::ListenOptions& options,
                                 error_code& error) override;
  std::unique_ptr<Wire> adopt_stream(NativeHandle handle, error_code& error) override;
  std::unique_ptr<Acceptor> adopt_acceptor(NativeHandle handle, error_code& error) override;
  std::unique_ptr<Wire> adopt_pipe(NativeHandle handle, Direction direction, error_code& error) override;
  PipeEnds make_pipe(error_code& error) override;
  std::unique_ptr<FileSource> open_source(NativeHandle file, error_code& error) override;
  NativeHandle open_file(const std::string& path, error_code& error) override;
  std::unique_ptr<ProcessWire> prepare_process(const SubprocessOptions& options) override;
  std::unique_ptr<DatagramWire> open_datagram(const twinwire::detail::DatagramSocketOptions& options,
                                              error_code& error) override;
  std::unique_ptr<DatagramWire> adopt_datagram(NativeHandle handle, error_code& error) override;
  Family family_of(NativeHandle handle) override;
  void close_handle(NativeHandle handle) override;

  std::unique_ptr<twinwire::detail::Abandonable> resolve(const twinwire::detail::ResolveRequest& request,
                                                         twinwire::detail::ResolveHandler handler) override;
  void execute_blocking(Callback work, Callback done) override;
  void watch_signal(int signal_number, bool watch) override;

  MutableBytes read_buffer() noexcept override { return {read_buffer_.get(), options_.read_buffer_size}; }
  Choices& choices() noexcept override { return choices_; }
  const std::string& name() const noexcept override { return name_; }
  void unhandled(const ExceptionContext& context) override;
  boost::asio::execution_context& asio_context() override;

 private:
  void turn();
  const twinwire::detail::Ref<DatagramSpace>& datagram_space();
  bool set_alarm();
  void fire_due();
  void wait_for_events(bool block, AsioBridge* asio);
  bool look_for_events(bool block, AsioBridge* asio);

  const LoopOptions options_;
  const std::string name_;
  Loop* loop_ = nullptr;
  /// Who runs, closes or destroys the loop now. Nobody before and after: posts cannot tell then who comes
  /// next, and so are for the inbox, whichever thread they come from.
  std::atomic<std::thread::id> thread_;
  Choices choices_;
  std::unique_ptr<std::byte[]> read_buffer_;
  twinwire::detail::EventQueue timers_;
  twinwire::detail::Ref<Poller> poller_;
  twinwire::detail::Ref<DatagramSpace> datagram_space_;  ///< made for the first who needs it
  Alarm alarm_;
  Inbox inbox_;
  SignalWatch signals_;
  std::mutex asio_mutex_;
  std::unique_ptr<AsioBridge> asio_owner_;  ///< made for the first who asks, on whichever thread
  std::atomic<AsioBridge*> asio_ = nullptr;
  WorkerPool workers_;
};

}  // namespace twinwire::real
