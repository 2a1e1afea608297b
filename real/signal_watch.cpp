// The handler may run at any moment on any thread, also while a loop goes away. So it walks a list that only
// ever grows: the boxes are not freed but given to the next loop, with the eventfd that they keep open.
// Counts are memory of the process, hence a forked child that inherits the eventfd can at worst wake its
// parent for nothing.
#include <twinwire/real/signal_watch.hpp>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <mutex>
#include <string>
#include <sys/eventfd.h>

namespace twinwire::real {

namespace {

constexpr int signal_end = NSIG;  // one above the largest

}  // namespace

/// What the handler leaves for one loop.
struct SignalBox {
  struct Signal {
    std::atomic<bool> watched = false;
    std::atomic<std::uint32_t> count = 0;
  };
  std::array<Signal, signal_end> signals;
  int event = -1;
  SignalBox* next = nullptr;
  bool in_use = false;  ///< guarded by the registry's mutex
};

namespace {

static_assert(std::atomic<SignalBox*>::is_always_lock_free &&
              std::atomic<std::uint32_t>::is_always_lock_free);

std::atomic<SignalBox*> first_box = nullptr;

/// What the handler does not touch.
struct Registry {
  std::mutex mutex;
  std::array<int, signal_end> watchers{};
  std::array<struct sigaction, signal_end> previous{};
};

Registry& registry() {
  static Registry instance;
  return instance;
}

extern "C" void twinwire_signal_handler(int number) {
  const int saved = errno;
  for (SignalBox* box = first_box.load(std::memory_order_acquire); box != nullptr; box = box->next) {
    SignalBox::Signal& signal = box->signals[static_cast<std::size_t>(number)];
    if (!signal.watched.load(std::memory_order_acquire)) continue;
    signal.count.fetch_add(1, std::memory_order_release);
    ::eventfd_write(box->event, 1);
  }
  errno = saved;
}

/// A box that no loop uses, or a new one.
SignalBox& take_box() {
  const std::lock_guard lock(registry().mutex);
  for (SignalBox* box = first_box.load(); box != nullptr; box = box->next) {
    if (box->in_use) continue;
    box->in_use = true;
    return *box;
  }
  Descriptor event(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!event) throw OperationError(last_error(), "make an eventfd for signals");
  auto* box = new SignalBox;
  box->event = event.release();
  box->in_use = true;
  box->next = first_box.load();
  first_box.store(box, std::memory_order_release);
  return *box;
}

bool install_handler(int number, struct sigaction& previous) {
  struct sigaction action{};
  action.sa_handler = twinwire_signal_handler;
  action.sa_flags = SA_RESTART;
  ::sigfillset(&action.sa_mask);
  return ::sigaction(number, &action, &previous) == 0;
}

std::string name_of(int number) {
  const char* abbreviation = ::sigabbrev_np(number);
  return std::to_string(number) + (abbreviation ? std::string(" (SIG") + abbreviation + ")" : std::string());
}

}  // namespace

SignalWatch::SignalWatch(twinwire::detail::Ref<Poller> poller, std::function<void(int)> arrived)
    : poller_(std::move(poller)), arrived_(std::move(arrived)) {}

SignalWatch::~SignalWatch() {
  if (box_ == nullptr) return;
  for (int number = 1; number < signal_end; ++number) unwatch(number);
  poller_->remove(*this, box_->event);
  const std::lock_guard lock(registry().mutex);
  box_->in_use = false;
}

void SignalWatch::watch(int signal_number) {
  const std::string sentence = "watch signal " + name_of(signal_number);
  if (signal_number < 1 || signal_number >= signal_end) {
    throw OperationError(make_error(errc::invalid_argument), sentence);
  }
  if (box_ == nullptr) {
    SignalBox& box = take_box();
    if (const error_code error = poller_->add(*this, box.event, EPOLLIN); error.failed()) {
      poller_->forget(*this);
      const std::lock_guard lock(registry().mutex);
      box.in_use = false;
      throw OperationError(error, sentence);
    }
    box_ = &box;
  }
  const auto index = static_cast<std::size_t>(signal_number);
  SignalBox::Signal& signal = box_->signals[index];
  if (signal.watched.load()) return;
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  if (all.watchers[index] == 0 && !install_handler(signal_number, all.previous[index])) {
    throw OperationError(last_error(), sentence);
  }
  ++all.watchers[index];
  signal.count.store(0);
  signal.watched.store(true, std::memory_order_release);
}

void SignalWatch::unwatch(int signal_number) {
  if (box_ == nullptr || signal_number < 1 || signal_number >= signal_end) return;
  const auto index = static_cast<std::size_t>(signal_number);
  SignalBox::Signal& signal = box_->signals[index];
  if (!signal.watched.exchange(false)) return;
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  if (--all.watchers[index] == 0) ::sigaction(signal_number, &all.previous[index], nullptr);
}

void SignalWatch::on_events(std::uint32_t) {
  for (int number = 1; number < signal_end; ++number) {
    SignalBox::Signal& signal = box_->signals[static_cast<std::size_t>(number)];
    for (std::uint32_t left = signal.count.exchange(0, std::memory_order_acquire); left != 0; --left) {
      if (signal.watched.load()) arrived_(number);
    }
  }
}

}  // namespace twinwire::real
