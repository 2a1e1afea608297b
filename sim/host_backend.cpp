#include <twinwire/sim/asio_context.hpp>
#include <twinwire/sim/host.hpp>
#include <twinwire/sim/host_backend.hpp>
#include <twinwire/sim/names/name_query.hpp>
#include <twinwire/sim/processes/child_wire.hpp>
#include <twinwire/sim/world.hpp>

#include <algorithm>
#include <csignal>

#include <boost/asio/error.hpp>

namespace twinwire::sim {
namespace {

constexpr Purpose job_time{"executor",
                           "{entity}: job {ordinal} in the executor took {outcome}/1000 of the most it may"};
constexpr std::uint64_t job_steps = 1001;
constexpr std::int64_t million = 1'000'000;

__extension__ typedef __int128 int128;

/// What passes on the host's own clock while `elapsed` passes in the world, rounded down.
std::int64_t scale(std::int64_t elapsed, std::int64_t numerator, std::int64_t denominator) {
  return static_cast<std::int64_t>(static_cast<int128>(elapsed) * numerator / denominator);
}

/// A function that is going to run, unless its loop goes away before, and whom it tells.
class JobEvent final : public detail::Event {
 public:
  JobEvent(Host& host, std::weak_ptr<HostBackend*> backend, Loop& loop, Callback work, Callback done)
      : host_(host),
        backend_(std::move(backend)),
        loop_(loop),
        work_(std::move(work)),
        done_(std::move(done)) {}
  void fire() override {
    if (backend_.expired()) return;
    host_.world().set_current(host_, "executor");
    work_();
    loop_.call_soon(std::move(done_));
  }

 private:
  Host& host_;
  std::weak_ptr<HostBackend*> backend_;
  Loop& loop_;
  Callback work_;
  Callback done_;
};

}  // namespace

HostBackend::HostBackend(Host& host, std::string name, std::uint64_t id, const Process* process)
    : host_(host), world_(host.world()), name_(std::move(name)), id_(id), process_(process) {}

HostBackend::~HostBackend() = default;

void HostBackend::shut_down() noexcept {
  asio_context_.reset();
}

// --- time ---

TimePoint HostBackend::time() const noexcept {
  const std::int32_t drift = host_.options().drift_ppm;
  const TimePoint now = world_.time();
  if (drift == 0) return now;
  return TimePoint(Duration(scale(now.time_since_epoch().count(), million + drift, million)));
}

WallTime HostBackend::wall_time() const noexcept {
  return world_.options().start + world_.time().time_since_epoch() + host_.options().skew;
}

void HostBackend::schedule(detail::Event& event, TimePoint when) {
  const std::int32_t drift = host_.options().drift_ppm;
  if (drift != 0 && when != TimePoint::max()) {
    // Rounded up, so that the host's clock has reached the deadline when it fires.
    const std::int64_t rate = million + drift;
    const std::int64_t ticks = when.time_since_epoch().count();
    const auto exact = (static_cast<int128>(ticks) * million + rate - 1) / rate;
    const auto possible = std::clamp<int128>(exact, TimePoint::min().time_since_epoch().count(),
                                             TimePoint::max().time_since_epoch().count());
    when = TimePoint(Duration(static_cast<std::int64_t>(possible)));
  }
  world_.schedule(event, when);
  // What is due already belongs to the turn that is about to come.
  if (when <= world_.time() && turn_.scheduled()) world_.schedule(turn_, world_.time());
}

// --- turns ---

void HostBackend::wake() {
  if (!turn_.scheduled()) world_.schedule(turn_, world_.time());
}

void HostBackend::turn() {
  world_.set_current(host_, "callback");
  world_.fingerprint_state().add(id_, 0x7475726e);
  ++turns_;
  loop_->run_turn();
  if (loop_->has_ready()) wake();
}

void HostBackend::run() {
  const std::uint64_t before = turns_;
  world_.drive([&] { return loop_->stop_requested() && turns_ != before; });
}

void HostBackend::post(Callback callback) {
  if (!on_loop_thread()) {
    throw std::logic_error("a simulated loop cannot be used from another thread: its world has one");
  }
  loop_->call_soon(std::move(callback));
}

bool HostBackend::on_loop_thread() const noexcept {
  return world_.on_own_thread();
}

// --- sockets ---

void HostBackend::own(NativeHandle handle) {
  if (handle) host_.descriptors().give_to(handle, process_ ? process_->pid() : 0);
}

template <class T>
std::unique_ptr<T> HostBackend::owned(std::unique_ptr<T> wire) {
  if (wire) own(wire->native_handle());
  return wire;
}

std::unique_ptr<Wire> HostBackend::connect(const Address& remote, const std::optional<Address>& local,
                                           error_code& error) {
  return owned(host_.connect(remote, local, error));
}

std::unique_ptr<Acceptor> HostBackend::bind(const Address& local, const detail::ListenOptions& options,
                                            error_code& error) {
  return owned(host_.bind(local, options, error));
}

std::unique_ptr<Wire> HostBackend::adopt_stream(NativeHandle handle, error_code& error) {
  return owned(host_.adopt_stream(handle, error));
}

std::unique_ptr<Acceptor> HostBackend::adopt_acceptor(NativeHandle handle, error_code& error) {
  return owned(host_.adopt_acceptor(handle, error));
}

std::unique_ptr<Wire> HostBackend::adopt_pipe(NativeHandle handle, Direction direction, error_code& error) {
  return owned(host_.adopt_pipe(handle, direction, error));
}

PipeEnds HostBackend::make_pipe(error_code& error) {
  const PipeEnds ends = host_.make_pipe(name_, error);
  own(ends.reading);
  own(ends.writing);
  return ends;
}

std::unique_ptr<FileSource> HostBackend::open_source(NativeHandle file, error_code& error) {
  return host_.open_source(file, error);
}

NativeHandle HostBackend::open_file(const std::string& path, error_code& error) {
  const NativeHandle file = host_.open_file(path, error);
  own(file);
  return file;
}

std::unique_ptr<ProcessWire> HostBackend::prepare_process(const SubprocessOptions& options) {
  return std::make_unique<ChildWire>(host_, process_, options);
}

std::unique_ptr<DatagramWire> HostBackend::open_datagram(const detail::DatagramSocketOptions& options,
                                                         error_code& error) {
  return owned(host_.udp().open(options, error));
}

std::unique_ptr<DatagramWire> HostBackend::adopt_datagram(NativeHandle handle, error_code& error) {
  return owned(host_.adopt_datagram(handle, error));
}

Family HostBackend::family_of(NativeHandle handle) {
  return host_.family_of(handle);
}

void HostBackend::close_handle(NativeHandle handle) {
  host_.close_detached(handle);
}

std::unique_ptr<detail::Abandonable> HostBackend::resolve(const detail::ResolveRequest& request,
                                                          detail::ResolveHandler handler) {
  return std::make_unique<NameQuery>(host_, *loop_, request, std::move(handler));
}

// --- the rest ---

void HostBackend::execute_blocking(Callback work, Callback done) {
  Choices& all = world_.choices();
  const std::uint64_t share = all.draw(all.site(name_, job_time), jobs_++, job_steps);
  const Duration takes = world_.options().executor_time_max * static_cast<std::int64_t>(share) /
                         static_cast<std::int64_t>(job_steps - 1);
  world_.schedule_owned(std::make_unique<JobEvent>(host_, self_, *loop_, std::move(work), std::move(done)),
                        world_.time() + takes);
}

void HostBackend::watch_signal(int signal_number, bool watch) {
  if (signal_number < 1 || signal_number > 64 || signal_number == SIGKILL || signal_number == SIGSTOP) {
    throw OperationError(make_error(errc::invalid_argument),
                         "handle signal " + std::to_string(signal_number));
  }
  if (watch) {
    watched_signals_.insert(signal_number);
  } else {
    watched_signals_.erase(signal_number);
  }
}

void HostBackend::signal(int signal_number) {
  if (watched_signals_.contains(signal_number)) loop_->signal_arrived(signal_number);
}

MutableBytes HostBackend::read_buffer() noexcept {
  return world_.read_buffer();
}

Choices& HostBackend::choices() noexcept {
  return world_.choices();
}

void HostBackend::unhandled(const ExceptionContext& context) {
  world_.fail(FailureKind::exception, host_.name(), context.message + ": " + message_of(context.exception),
              context.exception);
}

boost::asio::execution_context& HostBackend::asio_context() {
  if (!asio_context_) asio_context_ = std::make_unique<AsioContext>(name_);
  return asio_context_->context();
}

}  // namespace twinwire::sim
