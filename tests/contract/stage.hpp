// Where a test of the contract plays: two loops that can reach each other, on either backend.
#pragma once

#include "datagram_recorder.hpp"
#include "recorder.hpp"

#include <twinwire/net/connection.hpp>
#include <twinwire/net/loop.hpp>
#include <twinwire/net/server.hpp>

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace twinwire::sim {
class World;
}

namespace twinwire::contract {

/// One call of a loop's exception handler.
struct Report {
  std::string message;
  std::string what;  ///< the text of the exception
  std::exception_ptr exception;
  BaseTransport transport;
  std::shared_ptr<BaseProtocol> protocol;
  TimePoint time;  ///< of that loop
};

/// A connection with a recorder at each end.
struct Pair {
  std::shared_ptr<Recorder> client;
  std::shared_ptr<Recorder> server;
};

/// Once a send buffer has been set the system does not let it grow while it fills. The receiving end's is
/// left alone: one that is smaller than a segment of the loopback device makes Linux wait for timers.
inline constexpr int fixed_send_buffer = 128 * 1024;

/// How connect_pair connects.
enum class Pairs { tcp, unix_sockets, tls };

/// See the top of the file. Under simulation the server and the client are two hosts; on the real system, and
/// where pairs are connected over Unix sockets, both are the same loop.
class Stage {
 public:
  explicit Stage(Pairs pairs) : pairs_(pairs) {}
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;
  virtual ~Stage() = default;

  // --- who plays ---
  virtual Loop& server() = 0;
  virtual Loop& client() = 0;
  /// Where servers listen and clients connect to: a numeric IPv4 address.
  virtual std::string server_address() const = 0;
  /// The world, with the hosts "server" and "client"; null on the real system.
  virtual sim::World* world() noexcept { return nullptr; }
  bool simulated() noexcept { return world() != nullptr; }
  /// Whether pairs speak TLS: where that differs from plain connections.
  bool secure_pairs() const noexcept { return pairs_ == Pairs::tls; }
  /// Simulated links without jitter, loss and cuts from here on, for tests about exact times.
  virtual void calm() {}
  /// Sockets that are open, of both ends.
  virtual std::size_t open_descriptors() const = 0;
  /// Whether there are child processes, which run or which nobody has waited for.
  virtual bool has_children() const = 0;

  // --- files of the server's host; those that are created and removed here are on the client's, too ---
  /// Of a file in a folder that goes with the stage.
  virtual std::string path(const std::string& name) = 0;
  virtual bool exists(const std::string& path) = 0;
  virtual void create_file(const std::string& path, const std::string& content = {}) = 0;
  virtual void remove_file(const std::string& path) = 0;

  // --- time passes ---
  /// Runs both loops until the condition holds, which is looked at between callbacks. Fails the test, saying
  /// `what` it waited for, after five minutes of virtual or half a minute of real time.
  void run_until(const std::function<bool()>& condition, const std::string& what);
  /// Runs both loops for a time of their clocks. Prefer run_until: on the real system this waits.
  virtual void run_for(Duration duration) = 0;
  /// Runs until nothing more is to be expected, to see that something does not happen.
  virtual void settle() = 0;
  /// Runs a function as a callback of the loop.
  void in_callback(Loop& loop, std::function<void()> function);
  /// Lets at least this many turns of the loop pass.
  void turns(Loop& loop, int count);

  // --- connections ---
  std::shared_ptr<Recorder> recorder(const std::string& name) { return witness<Recorder>(name); }
  std::shared_ptr<DatagramRecorder> datagram_recorder(const std::string& name) {
    return witness<DatagramRecorder>(name);
  }
  /// A new one of any kind.
  template <class T>
  std::shared_ptr<T> witness(const std::string& name) {
    auto made = std::make_shared<T>(name);
    witnesses_.push_back(made);
    return made;
  }
  /// An endpoint of that loop, once it is open.
  std::shared_ptr<DatagramRecorder> open_endpoint(Loop& loop, const std::string& name,
                                                  DatagramOptions options);
  /// A server at server_address(), on a free port unless the options say otherwise.
  Server listen(ProtocolFactory factory, ServerOptions options = {});
  /// The same at a Unix socket.
  Server listen_unix(ProtocolFactory factory, UnixServerOptions options);
  /// Options to connect to it.
  ConnectOptions address_of(const Server& listening) const;
  /// Connects these two over a server that is closed afterwards; both have had connection_made.
  Pair connect_pair(std::shared_ptr<Recorder> client_end, std::shared_ptr<Recorder> server_end);
  Pair connect_pair();
  /// A pair whose server does not read until it is told to: see fill and clog.
  Pair connect_deaf_server();
  /// Sends no more from this end, so that the other one sees the end of the stream: write_eof, and close
  /// where that does not exist.
  void end_stream(const CheckedTransport& transport) const;
  void run_until_lost(const Recorder& recorder);
  void run_until_lost(const Pair& pair);
  /// Until this many bytes have been received.
  void run_until_received(const Recorder& recorder, std::size_t size);

  // --- failures ---
  /// What the exception handlers of both loops were told since the last call; what is left at the end of a
  /// test fails it.
  std::vector<Report> take_reports() { return std::exchange(reports_, {}); }

  /// Ends a test: nothing is pending, everything was lost exactly once, all descriptors are closed, and no
  /// rule was broken meanwhile.
  void finish();

 protected:
  bool unix_pairs() const noexcept { return pairs_ == Pairs::unix_sockets; }
  /// False if the condition was not reached in time.
  virtual bool wait(const std::function<bool()>& condition) = 0;
  /// Destroys the loops after they were closed. The number of descriptors that are still open.
  virtual std::size_t tear_down() = 0;
  void report_to_stage(Loop& loop);
  /// The events of all recorders, a line each.
  std::string story() const;

 private:
  Server listening(const Outcome<Server>& outcome);

  Pairs pairs_;
  std::vector<std::shared_ptr<Witness>> witnesses_;
  std::vector<Report> reports_;
};

std::unique_ptr<Stage> sim_stage(bool rough, Pairs pairs = Pairs::tcp);
std::unique_ptr<Stage> real_stage(Pairs pairs = Pairs::tcp);

/// Plays one test.
void perform(std::unique_ptr<Stage> stage, void (*test)(Stage&));

/// Bytes that tell where in a stream they belong.
std::string pattern(std::size_t size, std::size_t start = 0);
/// Writes until the transport has to buffer something, or was closed meanwhile. How much was written:
/// pattern(that much).
std::size_t fill(const CheckedTransport& transport);
/// Writes more than fits between the two ends: some stays buffered for as long as the peer does not read.
std::size_t clog(const CheckedTransport& transport);

}  // namespace twinwire::contract
