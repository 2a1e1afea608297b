#include "plant.hpp"

#include <utility>

namespace twinwire::differential {
namespace {

using detail::Backend;

class PlantedAcceptor final : public Acceptor {
 public:
  PlantedAcceptor(std::unique_ptr<Acceptor> acceptor, Plant plant)
      : acceptor_(std::move(acceptor)), plant_(plant) {}

  void set_sink(WireSink* sink) override { acceptor_->set_sink(sink); }
  error_code listen(int backlog) override { return acceptor_->listen(backlog); }
  std::unique_ptr<Wire> accept(error_code& error) override {
    return with_plant(acceptor_->accept(error), plant_);
  }
  void close() override { acceptor_->close(); }
  NativeHandle release() override { return acceptor_->release(); }
  void clean_up_on_close() override { acceptor_->clean_up_on_close(); }
  std::optional<Address> local_address() const override { return acceptor_->local_address(); }
  NativeHandle native_handle() const override { return acceptor_->native_handle(); }

 private:
  std::unique_ptr<Acceptor> acceptor_;
  const Plant plant_;
};

/// Passes everything on; the wires that it makes have the defect.
class PlantedBackend final : public Backend {
 public:
  PlantedBackend(std::unique_ptr<Backend> backend, Plant plant)
      : backend_(std::move(backend)), plant_(plant) {}

  void shut_down() noexcept override { backend_->shut_down(); }
  TimePoint time() const noexcept override { return backend_->time(); }
  WallTime wall_time() const noexcept override { return backend_->wall_time(); }
  void schedule(detail::Event& event, TimePoint when) override { backend_->schedule(event, when); }
  void wake() override { backend_->wake(); }
  void post(Callback callback) override { backend_->post(std::move(callback)); }
  bool on_loop_thread() const noexcept override { return backend_->on_loop_thread(); }
  void run() override { backend_->run(); }
  bool take_posted() override { return backend_->take_posted(); }
  bool is_deterministic() const noexcept override { return backend_->is_deterministic(); }

  std::unique_ptr<Wire> connect(const Address& remote, const std::optional<Address>& local,
                                error_code& error) override {
    return with_plant(backend_->connect(remote, local, error), plant_);
  }
  std::unique_ptr<Acceptor> bind(const Address& local, const detail::ListenOptions& options,
                                 error_code& error) override {
    std::unique_ptr<Acceptor> bound = backend_->bind(local, options, error);
    if (!bound) return bound;
    return std::make_unique<PlantedAcceptor>(std::move(bound), plant_);
  }
  std::unique_ptr<Wire> adopt_stream(NativeHandle handle, error_code& error) override {
    return with_plant(backend_->adopt_stream(handle, error), plant_);
  }
  std::unique_ptr<Acceptor> adopt_acceptor(NativeHandle handle, error_code& error) override {
    return backend_->adopt_acceptor(handle, error);
  }
  std::unique_ptr<Wire> adopt_pipe(NativeHandle handle, Direction direction, error_code& error) override {
    return with_plant(backend_->adopt_pipe(handle, direction, error), plant_);
  }
  PipeEnds make_pipe(error_code& error) override { return backend_->make_pipe(error); }
  std::unique_ptr<FileSource> open_source(NativeHandle file, error_code& error) override {
    return backend_->open_source(file, error);
  }
  NativeHandle open_file(const std::string& path, error_code& error) override {
    return backend_->open_file(path, error);
  }
  std::unique_ptr<ProcessWire> prepare_process(const SubprocessOptions& options) override {
    return with_plant(backend_->prepare_process(options), plant_);
  }
  std::unique_ptr<DatagramWire> open_datagram(const detail::DatagramSocketOptions& options,
                                              error_code& error) override {
    return with_plant(backend_->open_datagram(options, error), plant_);
  }
  std::unique_ptr<DatagramWire> adopt_datagram(NativeHandle handle, error_code& error) override {
    return with_plant(backend_->adopt_datagram(handle, error), plant_);
  }
  Family family_of(NativeHandle handle) override { return backend_->family_of(handle); }
  void close_handle(NativeHandle handle) override { backend_->close_handle(handle); }
  std::unique_ptr<detail::Abandonable> resolve(const ResolveRequest& request,
                                               ResolveHandler handler) override {
    return backend_->resolve(request, std::move(handler));
  }
  void execute_blocking(Callback work, Callback done) override {
    backend_->execute_blocking(std::move(work), std::move(done));
  }
  void watch_signal(int signal_number, bool watch) override { backend_->watch_signal(signal_number, watch); }
  MutableBytes read_buffer() noexcept override { return backend_->read_buffer(); }
  Choices& choices() noexcept override { return backend_->choices(); }
  const std::string& name() const noexcept override { return backend_->name(); }
  void unhandled(const ExceptionContext& context) override { backend_->unhandled(context); }
  boost::asio::execution_context& asio_context() override { return backend_->asio_context(); }

 private:
  std::unique_ptr<Backend> backend_;
  const Plant plant_;
};

}  // namespace

std::unique_ptr<Backend> with_plant(std::unique_ptr<Backend> backend, Plant plant) {
  if (plant == Plant::none) return backend;
  return std::make_unique<PlantedBackend>(std::move(backend), plant);
}

}  // namespace twinwire::differential
