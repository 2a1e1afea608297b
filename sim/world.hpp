// A simulated world: hosts, links, names, one virtual clock, one source of decisions.
//
//     twinwire::sim::World world(seed);
//     auto& server = world.add_host("server");
//     auto& client = world.add_host("client");
//     server.loop().create_server(...);   client.loop().create_connection(...);
//     world.run();
#pragma once

#include <twinwire/net/callback.hpp>
#include <twinwire/net/choices.hpp>
#include <twinwire/net/events/event_queue.hpp>
#include <twinwire/net/events/list.hpp>
#include <twinwire/net/observer.hpp>
#include <twinwire/net/time.hpp>
#include <twinwire/sim/failure.hpp>
#include <twinwire/sim/fingerprint.hpp>
#include <twinwire/sim/host.hpp>
#include <twinwire/sim/link.hpp>
#include <twinwire/sim/names/names.hpp>
#include <twinwire/sim/options.hpp>

#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace twinwire::sim {

class PeerWatch;
class Programs;
class TcpConnection;
struct ConnectionTag;
struct OwnedTag;
struct WatchTag;

/// Runs on the thread that made it. The same seed, options and code give the same run, event for event.
class World {
 public:
  /// Throws std::invalid_argument for options that make no sense, as do add_host and set_link.
  explicit World(std::uint64_t seed, WorldOptions options = {});
  /// Decisions from elsewhere: with overrides, calm, recorded.
  explicit World(Choices choices, WorldOptions options = {});
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  ~World();

  // --- what is in it ---

  /// A new host, with a name that is also resolved inside the world. Throws std::invalid_argument if the name
  /// or one of the addresses is taken.
  Host& add_host(const std::string& name);
  Host& add_host(const std::string& name, HostOptions options);
  /// Throws std::out_of_range if there is none of that name.
  Host& host(std::string_view name);
  /// The link from one host to the other; options set on it count from then on.
  Link& link(const Host& from, const Host& to);
  /// Options for both directions between two hosts.
  void set_link(const Host& a, const Host& b, const LinkOptions& options);
  /// What its hosts can run as processes: see <twinwire/sim/programs.hpp>.
  Programs& programs() noexcept { return *programs_; }
  /// Names besides those of the hosts, and how well they can be asked for.
  Names& names() noexcept { return names_; }
  /// A further name, with its addresses in the order in which a resolver returns them: see Names::add.
  void add_name(const std::string& name, std::vector<Address> addresses);

  // --- running ---

  /// Runs until nothing is left to happen, but that keep-alive finds peers that are there. Throws
  /// SimulationError for a deadlock, a livelock, a limit, or an exception that nobody handled.
  void run();
  /// Runs until that much virtual time has passed; what is pending then is no deadlock. Throws
  /// std::invalid_argument for a negative duration.
  void run_for(Duration duration);
  /// Runs until the condition holds, checked after each event. Throws SimulationError if it never does.
  void run_until(UniqueFunction<bool()> condition);
  /// One event. False if there was none. As the others above, throws std::logic_error from inside an event.
  bool step();

  // --- about the run ---

  TimePoint time() const noexcept { return now_; }
  std::uint64_t events() const noexcept { return events_; }
  /// Over every event so far, with its payload.
  std::uint64_t fingerprint() const noexcept { return fingerprint_.value(); }
  Choices& choices() noexcept { return choices_; }
  const WorldOptions& options() const noexcept { return options_; }
  /// Sees all that happens, on every host. Null: nobody. It outlives the world or is taken away before.
  void set_observer(Observer* observer) noexcept;
  /// Who waits for what, a line each, with background operations.
  std::string waiting_report() const;
  /// The host and the kind of the event that happens now or happened last.
  const std::string& current_host() const noexcept;
  /// The same host, or null.
  Host* host_now() const noexcept { return current_host_ ? hosts_[current_host_->index()].get() : nullptr; }
  std::string_view current_event() const noexcept { return current_event_; }
  /// An exception that nobody handled, as run() would throw it; null if there was none.
  std::exception_ptr unhandled_failure() const noexcept { return failure_; }

  // --- for the parts of the simulation ---

  void schedule(detail::Event& event, TimePoint when) { queue_.schedule(event, when); }
  /// For an event that belongs to nobody: it is fired once and deletes itself, or is deleted with the world.
  void schedule_owned(std::unique_ptr<detail::Event> event, TimePoint when);
  /// Runs events until `done`; a world that runs already refuses.
  void drive(UniqueFunction<bool()> done);
  Fingerprint& fingerprint_state() noexcept { return fingerprint_; }
  void set_current(const Host& host, std::string_view event) noexcept {
    current_host_ = &host;
    current_event_ = event;
  }
  bool observed() const noexcept { return observer_ != nullptr; }
  void publish(const Host& host, std::string_view what, std::string_view entity, std::uint64_t offset,
               Bytes payload = {});
  /// `host`: its name, or nothing.
  void fail(FailureKind kind, const std::string& host, const std::string& message,
            std::exception_ptr cause = nullptr);
  MutableBytes read_buffer() noexcept { return {read_buffer_.get(), read_buffer_size}; }
  bool on_own_thread() const noexcept { return std::this_thread::get_id() == thread_; }
  /// The host that has this address, seen from `from` (which has 127.0.0.1 to itself), or null.
  Host* host_at(const Address& address, Host& from) noexcept;
  /// How an address is called in the names of connections.
  std::string name_of(const Address& address, Host& from);
  /// In the order in which they were added.
  const std::vector<std::unique_ptr<Host>>& hosts() const noexcept { return hosts_; }
  /// The addresses that a name of this world has; none if there is no such name.
  std::vector<Address> lookup(const std::string& name) const;
  /// A connection begins to live in this world; its number.
  std::uint64_t join(TcpConnection& connection);
  /// A watch has a timer from now on, or none any more.
  void watch_begins(PeerWatch& watch);
  void watch_ends(PeerWatch& watch) noexcept;

 private:
  static constexpr std::size_t read_buffer_size = 64 * 1024;

  class Running;
  class Owned;

  template <class F>
  void for_each_loop(F&& function) const;
  bool next();
  bool only_watches_left();
  void check_limits();
  void throw_if_failed();
  void check_deadlock();
  [[noreturn]] void report(FailureKind kind, const std::string& message) const;

  WorldOptions options_;
  Choices choices_;
  Fingerprint fingerprint_;
  detail::EventQueue queue_;
  TimePoint now_{};
  std::uint64_t events_ = 0;
  std::uint64_t instant_events_ = 0;
  std::uint64_t connections_made_ = 0;
  bool running_ = false;
  Observer* observer_ = nullptr;
  const Host* current_host_ = nullptr;
  std::string_view current_event_;
  std::exception_ptr failure_;
  std::thread::id thread_;
  std::unique_ptr<std::byte[]> read_buffer_;
  std::unique_ptr<Programs> programs_;
  std::vector<std::unique_ptr<Host>> hosts_;
  std::map<std::string, Host*, std::less<>> hosts_by_name_;
  std::map<Address, Host*> hosts_by_address_;
  Names names_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::unique_ptr<Link>> links_;
  detail::List<TcpConnection, ConnectionTag> connections_;
  detail::CountedList<PeerWatch, WatchTag> watches_;
  detail::List<Owned, OwnedTag> owned_events_;
};

}  // namespace twinwire::sim
