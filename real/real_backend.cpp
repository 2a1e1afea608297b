#include <twinwire/net/loop.hpp>
#include <twinwire/real/child_process.hpp>
#include <twinwire/real/open_file.hpp>
#include <twinwire/real/pipe_wire.hpp>
#include <twinwire/real/real_backend.hpp>
#include <twinwire/real/resolver.hpp>
#include <twinwire/real/socket_acceptor.hpp>
#include <twinwire/real/socket_address.hpp>
#include <twinwire/real/socket_options.hpp>
#include <twinwire/real/socket_wire.hpp>

#include <chrono>
#include <cstdio>
#include <ctime>
#include <stdexcept>
#include <sys/random.h>
#include <sys/socket.h>

namespace twinwire::real {
namespace {

constexpr const char* asio_failure = "an Asio handler threw an exception";

Duration read_clock(clockid_t clock) noexcept {
  timespec now{};
  ::clock_gettime(clock, &now);
  return std::chrono::seconds(now.tv_sec) + Duration(now.tv_nsec);
}

std::uint64_t system_seed() {
  std::uint64_t seed = 0;
  while (::getrandom(&seed, sizeof(seed), 0) != sizeof(seed)) {
  }
  return seed;
}

/// Work for another thread, and what follows on the loop's. Both are destroyed on the loop's thread, as what
/// they hold may be counted without atomics.
struct Errand {
  Callback work;
  Callback done;
};

/// A look-up that somebody waits for. The worker uses the first part, the loop's thread the last.
struct PendingLookup {
  twinwire::detail::ResolveRequest request;
  error_code error;
  std::vector<Address> addresses;
  twinwire::detail::ResolveHandler handler;
};

class LookupGuard final : public twinwire::detail::Abandonable {
 public:
  explicit LookupGuard(std::shared_ptr<PendingLookup> lookup) : lookup_(std::move(lookup)) {}
  ~LookupGuard() override { lookup_->handler.reset(); }

 private:
  std::shared_ptr<PendingLookup> lookup_;
};

}  // namespace

RealBackend::RealBackend(const LoopOptions& options)
    : options_(options),
      choices_(options.seed ? *options.seed : system_seed()),
      read_buffer_(std::make_unique_for_overwrite<std::byte[]>(options.read_buffer_size)),
      poller_(twinwire::detail::make_ref<Poller>()),
      alarm_(poller_),
      inbox_(poller_),
      signals_(poller_, [this](int signal_number) { loop_->signal_arrived(signal_number); }),
      workers_(options.worker_threads) {}

RealBackend::~RealBackend() = default;

void RealBackend::shut_down() noexcept {
  thread_.store(std::this_thread::get_id(), std::memory_order_relaxed);  // for good
  workers_.stop();
  inbox_.clear();  // while Asio's context exists, as what is dropped may own objects on it
  asio_owner_.reset();
  inbox_.clear();
}

// --- clocks and turns ---

TimePoint RealBackend::time() const noexcept {
  return TimePoint(read_clock(CLOCK_MONOTONIC));
}

WallTime RealBackend::wall_time() const noexcept {
  return WallTime(read_clock(CLOCK_REALTIME));
}

void RealBackend::run() {
  struct Owner {
    std::atomic<std::thread::id>& thread;
    ~Owner() { thread.store({}, std::memory_order_relaxed); }
  } const owner{thread_};
  thread_.store(std::this_thread::get_id(), std::memory_order_relaxed);
  do {
    turn();
  } while (!loop_->stop_requested());
}

bool RealBackend::take_posted() {
  thread_.store(std::this_thread::get_id(), std::memory_order_relaxed);  // for good: nobody runs it again
  bool any = inbox_.pending();
  if (any) inbox_.drain(*loop_);
  if (AsioBridge* asio = asio_.load(std::memory_order_acquire)) {
    bool ran = true;
    loop_->guard([&] { ran = asio->run_ready(); }, asio_failure);
    any |= ran;
  }
  return any;
}

void RealBackend::turn() {
  AsioBridge* asio = asio_.load(std::memory_order_acquire);
  if (asio) {
    bool has_work = true;
    loop_->guard([&] { has_work = asio->has_work(); }, asio_failure);
    if (!has_work) asio = nullptr;
  }
  const bool due = !timers_.empty() && set_alarm();
  const bool block = !due && !loop_->has_ready() && !inbox_.pending() && !poller_->has_injected();
  if (!asio && options_.spin == Duration::zero()) {
    poller_->poll(block);
  } else {
    wait_for_events(block, asio);
  }
  if (inbox_.pending()) inbox_.drain(*loop_);
  if (alarm_.take_ring() || due) fire_due();
  loop_->run_turn();
}

/// Makes sure that the loop wakes for the next timer, of which there is one. True if its time has come.
bool RealBackend::set_alarm() {
  const TimePoint next = timers_.next_time();
  if (alarm_.covers(next)) return false;
  if (next <= time()) return true;
  alarm_.set(next);
  return false;
}

void RealBackend::fire_due() {
  const TimePoint now = time();
  while (!timers_.empty() && timers_.next_time() <= now) timers_.pop().fire();
}

/// With Asio only if that has something to wait for, too.
void RealBackend::wait_for_events(bool block, AsioBridge* asio) {
  if (block && options_.spin > Duration::zero()) {
    const TimePoint end = time() + options_.spin;
    do {
      if (look_for_events(false, asio)) return;
    } while (time() < end);
  }
  look_for_events(block, asio);
}

/// True if there was something.
bool RealBackend::look_for_events(bool block, AsioBridge* asio) {
  if (!asio) return poller_->poll(block) != 0;
  bool ours = false;
  bool any = true;
  loop_->guard([&] { any = asio->run_one(block, ours); }, asio_failure);
  // What was injected does not make the descriptor readable on which Asio waits.
  if (ours || poller_->has_injected()) any |= poller_->poll(false) != 0;
  return any;
}

// --- threads ---

void RealBackend::post(Callback callback) {
  if (!callback) throw std::invalid_argument("call_soon_threadsafe: there is nothing to call");
  inbox_.put(std::move(callback), !on_loop_thread());
}

bool RealBackend::on_loop_thread() const noexcept {
  return thread_.load(std::memory_order_relaxed) == std::this_thread::get_id();
}

void RealBackend::execute_blocking(Callback work, Callback done) {
  auto errand = std::make_unique<Errand>(Errand{std::move(work), std::move(done)});
  workers_.submit([this, errand = std::move(errand)]() mutable {
    errand->work();
    inbox_.put([errand = std::move(errand)] { errand->done(); }, true);
  });
}

void RealBackend::watch_signal(int signal_number, bool watch) {
  if (watch) {
    signals_.watch(signal_number);
  } else {
    signals_.unwatch(signal_number);
  }
}

// --- wires ---

std::unique_ptr<Wire> RealBackend::connect(const Address& remote, const std::optional<Address>& local,
                                           error_code& error) {
  return SocketWire::connect(poller_, remote, local, error);
}

std::unique_ptr<Acceptor> RealBackend::bind(const Address& local,
                                            const twinwire::detail::ListenOptions& options,
                                            error_code& error) {
  return SocketAcceptor::bind(poller_, local, options, error);
}

std::unique_ptr<Wire> RealBackend::adopt_stream(NativeHandle handle, error_code& error) {
  return SocketWire::adopt(poller_, handle, error);
}

std::unique_ptr<Acceptor> RealBackend::adopt_acceptor(NativeHandle handle, error_code& error) {
  return SocketAcceptor::adopt(poller_, handle, error);
}

std::unique_ptr<Wire> RealBackend::adopt_pipe(NativeHandle handle, Direction direction, error_code& error) {
  return PipeWire::adopt(poller_, handle, direction, error);
}

PipeEnds RealBackend::make_pipe(error_code& error) {
  return open_pipe(error);
}

std::unique_ptr<FileSource> RealBackend::open_source(NativeHandle file, error_code& error) {
  return real::open_source(file, error);
}

NativeHandle RealBackend::open_file(const std::string& path, error_code& error) {
  return real::open_file(path, error);
}

std::unique_ptr<ProcessWire> RealBackend::prepare_process(const SubprocessOptions& options) {
  return std::make_unique<ChildProcess>(poller_, options);
}

const twinwire::detail::Ref<DatagramSpace>& RealBackend::datagram_space() {
  if (!datagram_space_) datagram_space_ = twinwire::detail::make_ref<DatagramSpace>();
  return datagram_space_;
}

std::unique_ptr<DatagramWire> RealBackend::open_datagram(
    const twinwire::detail::DatagramSocketOptions& options, error_code& error) {
  return DatagramSocket::open(poller_, datagram_space(), options, error);
}

std::unique_ptr<DatagramWire> RealBackend::adopt_datagram(NativeHandle handle, error_code& error) {
  return DatagramSocket::adopt(poller_, datagram_space(), handle, error);
}

Family RealBackend::family_of(NativeHandle handle) {
  const auto family = get_int_option(handle.value, SOL_SOCKET, SO_DOMAIN);
  const auto* number = std::get_if<std::int64_t>(&family);
  return number ? real::family_of(static_cast<int>(*number)) : Family::unspecified;
}

void RealBackend::close_handle(NativeHandle handle) {
  const Descriptor closed(handle.value);
}

std::unique_ptr<twinwire::detail::Abandonable> RealBackend::resolve(
    const twinwire::detail::ResolveRequest& request, twinwire::detail::ResolveHandler handler) {
  auto lookup = std::make_shared<PendingLookup>(PendingLookup{request, {}, {}, std::move(handler)});
  execute_blocking([lookup] { lookup->error = look_up(lookup->request, lookup->addresses); },
                   [lookup] {
                     if (!lookup->handler) return;
                     twinwire::detail::ResolveHandler called = std::move(lookup->handler);
                     called(lookup->error, std::move(lookup->addresses));
                   });
  return std::make_unique<LookupGuard>(std::move(lookup));
}

// --- the rest ---

void RealBackend::unhandled(const ExceptionContext& context) {
  std::string text = "twinwire: " + context.message;
  if (context.exception) text += ": " + message_of(context.exception);
  text += '\n';
  // In one piece, so that the lines of several threads do not mix.
  std::fwrite(text.data(), 1, text.size(), stderr);
}

boost::asio::execution_context& RealBackend::asio_context() {
  if (AsioBridge* asio = asio_.load(std::memory_order_acquire)) return asio->context();
  const std::lock_guard lock(asio_mutex_);
  if (!asio_owner_) {
    try {
      asio_owner_ = std::make_unique<AsioBridge>(poller_->native_handle());
    } catch (const boost::system::system_error& error) {
      throw OperationError(error.code(), "make an io_context of Asio for a loop");
    }
    asio_.store(asio_owner_.get(), std::memory_order_release);
  }
  return asio_owner_->context();
}

}  // namespace twinwire::real
