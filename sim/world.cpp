#include <twinwire/net/loop.hpp>
#include <twinwire/sim/programs.hpp>
#include <twinwire/sim/running_world.hpp>
#include <twinwire/sim/tcp/peer_watch.hpp>
#include <twinwire/sim/tcp/tcp_connection.hpp>
#include <twinwire/sim/world.hpp>

#include <algorithm>
#include <stdexcept>

namespace twinwire::sim {

/// Deletes itself when it has fired. Destroying it leaves the world's list.
class World::Owned final : public detail::Event, public detail::ListLink<OwnedTag> {
 public:
  explicit Owned(std::unique_ptr<detail::Event> inner) : inner_(std::move(inner)) {}
  void fire() override {
    const std::unique_ptr<Owned> self(this);
    detail::ListLink<OwnedTag>::leave();  // if what follows throws or ends the world, too
    inner_->fire();
  }

 private:
  std::unique_ptr<detail::Event> inner_;
};

World::World(std::uint64_t seed, WorldOptions options) : World(Choices(seed), std::move(options)) {}

World::World(Choices choices, WorldOptions options)
    : options_(std::move(options)),
      choices_(std::move(choices)),
      thread_(std::this_thread::get_id()),
      read_buffer_(new std::byte[read_buffer_size]),
      programs_(std::make_unique<Programs>()) {
  check(options_);
  queue_.advance(now_);
  fingerprint_.add(choices_.seed(), 0);  // not the base: the same decisions give the same run
}

World::~World() {
  // Pending operations own what they work on, on any host: all loops go before anything that they use.
  observer_ = nullptr;
  for (const auto& host : hosts_) host->end();
  current_host_ = nullptr;
  hosts_.clear();
  while (!connections_.empty()) {
    TcpConnection& connection = connections_.front();
    connection.leave();
    connection.release_ref();
  }
  while (!owned_events_.empty()) delete &owned_events_.front();
}

// --- what is in it ---

Host& World::add_host(const std::string& name) {
  return add_host(name, options_.host);
}

Host& World::add_host(const std::string& name, HostOptions options) {
  if (name.empty() || hosts_by_name_.contains(name)) {
    throw std::invalid_argument("add_host: there is a host \"" + name + "\" already, or the name is empty");
  }
  check(options);
  const std::uint64_t index = hosts_.size();
  if (options.addresses.empty()) {
    std::uint64_t number = index + 1;
    const auto numbered = [](std::uint64_t n) {
      return Address::from_ipv4({10, static_cast<std::uint8_t>(n >> 16), static_cast<std::uint8_t>(n >> 8),
                                 static_cast<std::uint8_t>(n)},
                                0);
    };
    while (hosts_by_address_.contains(numbered(number))) ++number;
    options.addresses.push_back(numbered(number));
  }
  for (Address& address : options.addresses) {
    address = address.with_port(0);
    if (hosts_by_address_.contains(address)) {
      throw std::invalid_argument("add_host: the address " + address.host() + " is taken");
    }
  }
  hosts_.push_back(std::make_unique<Host>(*this, name, std::move(options), index));
  Host& host = *hosts_.back();
  host.loop().set_observer(observer_);
  hosts_by_name_.emplace(name, &host);
  for (const Address& address : host.options().addresses) hosts_by_address_.emplace(address, &host);
  return host;
}

Host& World::host(std::string_view name) {
  const auto found = hosts_by_name_.find(name);
  if (found == hosts_by_name_.end())
    throw std::out_of_range("there is no host \"" + std::string(name) + "\"");
  return *found->second;
}

Link& World::link(const Host& from, const Host& to) {
  std::unique_ptr<Link>& link = links_[{from.index(), to.index()}];
  if (!link) link = std::make_unique<Link>(&from == &to ? options_.loopback : options_.link);
  return *link;
}

void World::set_link(const Host& a, const Host& b, const LinkOptions& options) {
  check(options);
  link(a, b).options = options;
  link(b, a).options = options;
}

void World::add_name(const std::string& name, std::vector<Address> addresses) {
  names_.add(name, std::move(addresses));
}

std::vector<Address> World::lookup(const std::string& name) const {
  if (const std::vector<Address>* added = names_.find(name)) return *added;
  if (const auto found = hosts_by_name_.find(name); found != hosts_by_name_.end()) {
    return found->second->options().addresses;
  }
  return {};
}

Host* World::host_at(const Address& address, Host& from) noexcept {
  if (from.has(address)) return &from;
  const auto found = hosts_by_address_.find(address.with_port(0));
  return found == hosts_by_address_.end() ? nullptr : found->second;
}

std::string World::name_of(const Address& address, Host& from) {
  const Host* host = host_at(address, from);
  if (host && address.family() == Family::unix_domain) return host->name() + ":" + address.to_string();
  if (!host || host->options().addresses.size() > 1) return address.to_string();
  return host->name() + ":" + std::to_string(address.port());
}

std::uint64_t World::join(TcpConnection& connection) {
  connection.add_ref();  // released by finish_if_over, or with the world
  connections_.push_back(connection);
  return ++connections_made_;
}

void World::watch_begins(PeerWatch& watch) {
  watches_.push_back(watch);
}

void World::watch_ends(PeerWatch& watch) noexcept {
  watches_.remove(watch);
}

/// Each of them has one event, which brings the next one, for ever.
bool World::only_watches_left() {
  if (watches_.empty() || queue_.size() != watches_.size()) return false;
  // Asked before each event: those that are calm go to the end of the list, so that the first which is not is
  // found at once the next time.
  for (std::size_t i = 0; i < watches_.size(); ++i) {
    PeerWatch& first = watches_.front();
    if (!first.calm()) return false;
    watches_.remove(first);
    watches_.push_back(first);
  }
  return true;
}

// --- running ---

/// Marks, while it lives, that the world runs; another one may be run by one of its events.
class World::Running {
 public:
  explicit Running(World& world) : world_(world), running_(&world) {
    if (world_.running_) throw std::logic_error("the simulation is already running");
    world_.running_ = true;
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() { world_.running_ = false; }

 private:
  World& world_;
  const RunningWorld running_;
};

bool World::step() {
  const Running running(*this);
  return next();
}

bool World::next() {
  if (queue_.empty()) return false;
  detail::Event& event = queue_.pop();
  const TimePoint when = queue_.instant();
  instant_events_ = when == now_ ? instant_events_ + 1 : 0;
  now_ = when;
  ++events_;
  check_limits();
  fingerprint_.add(static_cast<std::uint64_t>(when.time_since_epoch().count()), 0x65766e74);
  event.fire();
  if (failure_) throw_if_failed();
  return true;
}

void World::check_limits() {
  if (instant_events_ > options_.events_per_instant_max) {
    report(FailureKind::livelock, std::to_string(instant_events_) + " events without virtual time passing");
  }
  if (events_ > options_.events_max) {
    report(FailureKind::limit,
           "more than " + std::to_string(options_.events_max) + " events\n" + waiting_report());
  }
  if (now_.time_since_epoch() > options_.time_max) {
    report(FailureKind::limit, "more than the allowed virtual time has passed\n" + waiting_report());
  }
}

void World::drive(UniqueFunction<bool()> done) {
  const Running running(*this);
  bool over = false;
  while (!over) {
    if (only_watches_left() || !next())
      report(FailureKind::deadlock, "nothing can happen any more\n" + waiting_report());
    over = done();
    if (failure_) throw_if_failed();  // it may have done what it must not
  }
}

void World::run() {
  const Running running(*this);
  while (!only_watches_left() && next()) {
  }
  check_deadlock();
}

void World::run_for(Duration duration) {
  if (duration < Duration::zero()) throw std::invalid_argument("run_for: time does not go back");
  const Running running(*this);
  const TimePoint end = saturating_add(now_, duration);
  while (!queue_.empty() && queue_.next_time() <= end) next();
  now_ = end;
  queue_.advance(end);
}

void World::run_until(UniqueFunction<bool()> condition) {
  if (condition()) return;
  drive(std::move(condition));
}

void World::schedule_owned(std::unique_ptr<detail::Event> event, TimePoint when) {
  auto owned = std::make_unique<Owned>(std::move(event));
  queue_.schedule(*owned, when);
  owned_events_.push_back(*owned.release());
}

// --- reports ---

const std::string& World::current_host() const noexcept {
  static const std::string none;
  return current_host_ ? current_host_->name() : none;
}

void World::report(FailureKind kind, const std::string& message) const {
  throw SimulationError(kind, current_host(), std::string(current_event_), message);
}

void World::fail(FailureKind kind, const std::string& host, const std::string& message,
                 std::exception_ptr cause) {
  if (failure_) return;
  failure_ = std::make_exception_ptr(
      SimulationError(kind, host, std::string(current_event_), message, std::move(cause)));
}

void World::throw_if_failed() {
  std::rethrow_exception(std::exchange(failure_, nullptr));
}

template <class F>
void World::for_each_loop(F&& function) const {
  for (const auto& host : hosts_) {
    function(*host, host->loop());
    for (Loop* loop : host->processes().loops()) function(*host, *loop);
  }
}

void World::check_deadlock() {
  for_each_loop([this](const Host& host, const Loop& loop) {
    if (loop.pending_operations().empty()) return;
    throw SimulationError(FailureKind::deadlock, host.name(), std::string(current_event_),
                          "nothing can happen any more, but something is waited for\n" + waiting_report());
  });
}

std::string World::waiting_report() const {
  std::string report;
  for_each_loop([&](const Host&, const Loop& loop) {
    for (const std::string& operation : loop.pending_operations(true)) {
      report += "  " + loop.name() + " waits: " + operation + "\n";
    }
  });
  return report.empty() ? "  no host waits for anything\n" : report;
}

void World::set_observer(Observer* observer) noexcept {
  observer_ = observer;
  for_each_loop([&](const Host&, Loop& loop) { loop.set_observer(observer); });
}

void World::publish(const Host& host, std::string_view what, std::string_view entity, std::uint64_t offset,
                    Bytes payload) {
  if (observer_) observer_->observe({now_, host.name(), what, entity, offset, payload, {}});
}

}  // namespace twinwire::sim
