// The backend of simulated loops.
#pragma once

#include <twinwire/net/loop.hpp>
#include <twinwire/net/wire/backend.hpp>
#include <twinwire/sim/member_event.hpp>

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace twinwire::sim {

class AsioContext;
class Host;
class Process;
class World;

/// What a simulated host supplies to a loop: its own, or that of one of its processes. All of it is virtual:
/// time, timers and names are the world's, sockets the host's.
class HostBackend final : public detail::Backend {
 public:
  /// `name` is the loop's, and `id` names it in fingerprints. `process` is null for the host's own.
  HostBackend(Host& host, std::string name, std::uint64_t id, const Process* process = nullptr);
  ~HostBackend() override;
  void shut_down() noexcept override;

  void attach(Loop& loop) noexcept { loop_ = &loop; }
  /// A signal has arrived.
  void signal(int signal_number);
  bool watches(int signal_number) const { return watched_signals_.contains(signal_number); }

  TimePoint time() const noexcept override;
  WallTime wall_time() const noexcept override;
  void schedule(detail::Event& event, TimePoint when) override;
  void wake() override;
  void post(Callback callback) override;
  bool on_loop_thread() const noexcept override;
  void run() override;
  std::unique_ptr<Wire> connect(const Address& remote, const std::optional<Address>& local,
                                error_code& error) override;
  std::unique_ptr<Acceptor> bind(const Address& local, const detail::ListenOptions& options,
                                 error_code& error) override;
  std::unique_ptr<Wire> adopt_stream(NativeHandle handle, error_code& error) override;
  std::unique_ptr<Acceptor> adopt_acceptor(NativeHandle handle, error_code& error) override;
  std::unique_ptr<Wire> adopt_pipe(NativeHandle handle, Direction direction, error_code& error) override;
  PipeEnds make_pipe(error_code& error) override;
  std::unique_ptr<FileSource> open_source(NativeHandle file, error_code& error) override;
  NativeHandle open_file(const std::string& path, error_code& error) override;
  std::unique_ptr<ProcessWire> prepare_process(const SubprocessOptions& options) override;
  std::unique_ptr<DatagramWire> open_datagram(const detail::DatagramSocketOptions& options,
                                              error_code& error) override;
  std::unique_ptr<DatagramWire> adopt_datagram(NativeHandle handle, error_code& error) override;
  Family family_of(NativeHandle handle) override;
  void close_handle(NativeHandle handle) override;
  std::unique_ptr<detail::Abandonable> resolve(const detail::ResolveRequest& request,
                                               detail::ResolveHandler handler) override;
  void execute_blocking(Callback work, Callback done) override;
  void watch_signal(int signal_number, bool watch) override;
  MutableBytes read_buffer() noexcept override;
  Choices& choices() noexcept override;
  bool is_deterministic() const noexcept override { return true; }
  const std::string& name() const noexcept override { return name_; }
  void unhandled(const ExceptionContext& context) override;
  boost::asio::execution_context& asio_context() override;

 private:
  void turn();
  /// What is opened belongs to the process, if there is one.
  void own(NativeHandle handle);
  template <class T>
  std::unique_ptr<T> owned(std::unique_ptr<T> wire);

  Host& host_;
  World& world_;
  const std::string name_;
  const std::uint64_t id_;
  const Process* const process_;
  Loop* loop_ = nullptr;
  std::set<int> watched_signals_;
  std::uint64_t jobs_ = 0;
  std::shared_ptr<HostBackend*> self_ = std::make_shared<HostBackend*>(this);  ///< for jobs that outlive it
  std::uint64_t turns_ = 0;
  std::unique_ptr<AsioContext> asio_context_;
  MemberEvent<HostBackend, &HostBackend::turn> turn_{*this};
};

}  // namespace twinwire::sim
