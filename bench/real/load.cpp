// The load generator: one thread, epoll, 127.0.0.1 only, a closed loop that checks every byte that comes
// back.
//
//   load --port N --work pingpong|bulk|churn|idle [--connections N] [--size BYTES] [--depth N]
//        [--warmup UNITS] [--units UNITS] [--milliseconds MS] [--pause-us US]
//        [--pid SERVER] [--counters FILE]
//
//   pingpong  each connection sends `depth` requests of `size` bytes with one send, and sends the next when
//   all
//             of them have come back, after a pause. Unit: request.
//   bulk      each connection streams in both directions at once, in writes of `size`. Unit: MiB echoed.
//   churn     connect, one request, close; `connections` at a time. Unit: connection.
//   idle      opens `connections`, one request on each, and then holds them for the time. Unit: connection.
//   The
//             resident size before is that from before they were opened.
//
// The measured phase ends after `units` or the time, whichever is first; what is under way then is finished
// and counted. Prints one JSON object: the units done, the wall time, and what the server process used. FILE
// is one that the server counts into: it is copied at both ends of the measured phase, to FILE.before and
// FILE.after.
#include "options.hpp"
#include "server_stats.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::size_t write_size_max = 1024 * 1024;
constexpr std::size_t read_size_max = 256 * 1024;
constexpr std::uint64_t mebibyte = 1024 * 1024;
constexpr unsigned grace_seconds = 30;  // beyond the asked time, for warm-up and a slow server

[[noreturn]] void die(const char* what) {
  std::fprintf(stderr, "load: %s: %s\n", what, std::strerror(errno));
  std::exit(1);
}

/// The bytes of every stream: byte i of a connection is pattern()[i % period]. The period is prime, so lost,
/// doubled or moved bytes are noticed; the table is longer than it, so that any write is one piece.
class Pattern {
 public:
  Pattern() : bytes_(period + std::max(write_size_max, read_size_max)) {
    for (std::size_t i = 0; i < bytes_.size(); ++i) {
      bytes_[i] = static_cast<char>((static_cast<std::uint32_t>(i % period) * 2654435761u) >> 24);
    }
  }
  const char* at(std::uint64_t position) const { return bytes_.data() + position % period; }

 private:
  static constexpr std::size_t period = 65521;
  std::vector<char> bytes_;
};

const Pattern pattern;
std::array<char, read_size_max> read_buffer;

/// Sockets are blocking, with MSG_DONTWAIT on each call: that spares a system call per connection.
struct Connection {
  int fd = -1;
  bool wants_write = false;
  std::uint64_t send_goal = 0;  // stream positions
  std::uint64_t sent = 0;
  std::uint64_t received = 0;

  bool answered() const { return received == send_goal; }
};

struct Job {
  unsigned short port;
  std::string work;
  std::size_t connections;
  std::size_t size;
  std::size_t depth;
  std::uint64_t warmup;
  std::uint64_t units;
  std::chrono::milliseconds time;
  pid_t server;
  std::string counters;
  std::chrono::microseconds pause;
};

class Load {
 public:
  explicit Load(Job job) : job_(std::move(job)), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (epoll_ < 0) die("epoll_create1");
  }

  void run() {
    if (job_.work == "idle") return run_idle();
    if (job_.work == "churn") {
      connections_.resize(job_.connections);
      churn(job_.warmup, Clock::time_point::max());
    } else {
      open(job_.connections);
      exchange(job_.warmup, Clock::time_point::max());
    }
    begin();
    const auto end = Clock::now() + job_.time;
    report(job_.work == "churn" ? static_cast<double>(churn(job_.units, end)) : exchange(job_.units, end));
  }

 private:
  // --- connections
  // -------------------------------------------------------------------------------------------

  void connect(Connection& connection) {
    connection = Connection{};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(job_.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connection.fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection.fd < 0) die("socket");
    while (::connect(connection.fd, reinterpret_cast<sockaddr*>(&address), sizeof address) < 0) {
      // Closed connections hold their local port for a while: wait for one to come free.
      if (errno != EADDRNOTAVAIL) die("connect");
      ++port_waits_;
      std::this_thread::sleep_for(1ms);
    }
    const int on = 1;
    ::setsockopt(connection.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    watch(EPOLL_CTL_ADD, connection, false);
  }

  void watch(int operation, Connection& connection, bool wants_write) {
    epoll_event event{};
    event.events = EPOLLIN | (wants_write ? static_cast<unsigned>(EPOLLOUT) : 0u);
    event.data.ptr = &connection;
    if (::epoll_ctl(epoll_, operation, connection.fd, &event) < 0) die("epoll_ctl");
    connection.wants_write = wants_write;
  }

  /// Opens connections in small groups, each answered before the next, so that no backlog overflows and every
  /// connection has been accepted when this returns.
  void open(std::size_t count) {
    constexpr std::size_t group = 256;
    connections_.resize(count);
    for (std::size_t first = 0; first < count; first += group) {
      const std::size_t last = std::min(first + group, count);
      for (std::size_t i = first; i < last; ++i) {
        connect(connections_[i]);
        request(connections_[i], std::min<std::size_t>(job_.size, 64));
      }
      for (std::size_t waiting = last - first; waiting > 0;) {
        for (const epoll_event& event : wait()) {
          auto& connection = *static_cast<Connection*>(event.data.ptr);
          receive(connection);
          if (connection.answered()) --waiting;
        }
      }
    }
  }

  std::vector<epoll_event>& wait() {
    events_.resize(1024);
    const int count = ::epoll_wait(epoll_, events_.data(), static_cast<int>(events_.size()), -1);
    if (count < 0 && errno != EINTR) die("epoll_wait");
    events_.resize(static_cast<std::size_t>(std::max(count, 0)));
    return events_;
  }

  // --- bytes
  // -------------------------------------------------------------------------------------------------

  void request(Connection& connection, std::uint64_t bytes) {
    connection.send_goal += bytes;
    send(connection);
  }

  /// One write; asks for a writability event where something is left.
  void send(Connection& connection) {
    const auto size = std::min<std::uint64_t>(connection.send_goal - connection.sent, write_size());
    if (size > 0) {
      const ssize_t sent =
          ::send(connection.fd, pattern.at(connection.sent), size, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent < 0 && errno != EAGAIN) die("send");
      if (sent > 0) connection.sent += static_cast<std::uint64_t>(sent);
    }
    const bool wants_write = connection.sent < connection.send_goal;
    if (wants_write != connection.wants_write) watch(EPOLL_CTL_MOD, connection, wants_write);
  }

  std::uint64_t write_size() const { return job_.size * job_.depth; }

  /// One read. Anything but the expected bytes ends the run: a wrong answer has no speed.
  void receive(Connection& connection) {
    const ssize_t got = ::recv(connection.fd, read_buffer.data(), read_buffer.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) return;
    if (got < 0) die("recv");
    const auto size = static_cast<std::size_t>(got);
    if (size == 0 || connection.received + size > connection.sent ||
        std::memcmp(read_buffer.data(), pattern.at(connection.received), size) != 0) {
      std::fprintf(stderr, "load: %s\n", size == 0 ? "the server closed" : "wrong bytes came back");
      std::exit(1);
    }
    connection.received += size;
  }

  // --- phases
  // ------------------------------------------------------------------------------------------------

  double exchange(std::uint64_t units, Clock::time_point end) {
    if (units == 0) return 0;
    return job_.work == "bulk" ? stream(units, end) : static_cast<double>(ping(units, end));
  }

  std::uint64_t ping(std::uint64_t units, Clock::time_point end) {
    std::uint64_t started = 0;
    std::uint64_t done = 0;
    for (Connection& connection : connections_) {
      if (started >= units) break;
      request(connection, write_size());
      started += job_.depth;
    }
    while (done < started) {
      const std::vector<epoll_event>& events = wait();
      if (job_.pause > 0us) std::this_thread::sleep_for(job_.pause);
      if (Clock::now() >= end) units = 0;
      for (const epoll_event& event : events) {
        auto& connection = *static_cast<Connection*>(event.data.ptr);
        if (event.events & EPOLLOUT) send(connection);
        if ((event.events & ~static_cast<unsigned>(EPOLLOUT)) == 0) continue;
        receive(connection);
        if (!connection.answered()) continue;
        done += job_.depth;
        if (started >= units) continue;
        request(connection, write_size());
        started += job_.depth;
      }
    }
    return done;
  }

  double stream(std::uint64_t units, Clock::time_point end) {
    std::uint64_t before = 0;
    for (Connection& connection : connections_) {
      before += connection.received;
      request(connection, units * mebibyte);
    }
    const auto answered = [](const Connection& connection) { return connection.answered(); };
    while (!std::all_of(connections_.begin(), connections_.end(), answered)) {
      for (const epoll_event& event : wait()) {
        auto& connection = *static_cast<Connection*>(event.data.ptr);
        if (event.events & ~static_cast<unsigned>(EPOLLOUT)) receive(connection);
        if (event.events & EPOLLOUT) send(connection);
      }
      if (Clock::now() < end) continue;
      for (Connection& connection : connections_) connection.send_goal = connection.sent;
    }
    std::uint64_t after = 0;
    for (const Connection& connection : connections_) after += connection.received;
    return static_cast<double>(after - before) / static_cast<double>(mebibyte);
  }

  std::uint64_t churn(std::uint64_t units, Clock::time_point end) {
    std::uint64_t started = 0;
    std::uint64_t done = 0;
    const auto start = [&](Connection& connection) {
      if (started >= units) return;
      connect(connection);
      request(connection, job_.size);
      ++started;
    };
    for (Connection& connection : connections_) start(connection);
    while (done < started) {
      const std::vector<epoll_event>& events = wait();
      if (Clock::now() >= end) units = 0;
      for (const epoll_event& event : events) {
        auto& connection = *static_cast<Connection*>(event.data.ptr);
        if (connection.wants_write) send(connection);
        receive(connection);
        if (!connection.answered()) continue;
        ::close(connection.fd);
        ++done;
        start(connection);
      }
    }
    return done;
  }

  void run_idle() {
    // The first connection pays for what a server allocates once.
    Load first(Job{job_.port, "pingpong", 1, job_.size, 1, 0, 0, 0ms, 0, {}, 0us});
    first.open(1);
    begin();
    const std::uint64_t resident_before = before_.resident_bytes;
    open(job_.connections);
    begin();
    before_.resident_bytes = resident_before;
    std::this_thread::sleep_for(job_.time);
    report(static_cast<double>(connections_.size()));
  }

  // --- measurement
  // -------------------------------------------------------------------------------------------

  /// The kernel books a thread's CPU time when it goes to sleep: give the server the time to.
  static void settle() { std::this_thread::sleep_for(10ms); }

  void begin() {
    settle();
    before_ = bench::read_server_stats(job_.server);
    copy_counters(".before");
    started_at_ = Clock::now();
  }

  void copy_counters(const char* suffix) const {
    if (job_.counters.empty()) return;
    std::filesystem::copy_file(job_.counters, job_.counters + suffix,
                               std::filesystem::copy_options::overwrite_existing);
  }

  void report(double units) {
    const std::chrono::duration<double> wall = Clock::now() - started_at_;
    settle();
    const bench::ServerStats after = bench::read_server_stats(job_.server);
    copy_counters(".after");
    std::printf(
        "{\"units\": %.3f, \"wall_seconds\": %.6f, \"cpu_ns\": %llu, \"run_delay_ns\": %llu, "
        "\"resident_before\": %llu, \"resident_after\": %llu, \"port_waits\": %llu}\n",
        units, wall.count(), static_cast<unsigned long long>(after.cpu_ns - before_.cpu_ns),
        static_cast<unsigned long long>(after.run_delay_ns - before_.run_delay_ns),
        static_cast<unsigned long long>(before_.resident_bytes),
        static_cast<unsigned long long>(after.resident_bytes), static_cast<unsigned long long>(port_waits_));
  }

  Job job_;
  int epoll_;
  std::vector<Connection> connections_;
  std::vector<epoll_event> events_;
  std::uint64_t port_waits_ = 0;
  bench::ServerStats before_;
  Clock::time_point started_at_;
};

}  // namespace

int main(int argc, char** argv) {
  const bench::Options options(argc, argv,
                               {"--port", "--work", "--connections", "--size", "--depth", "--warmup",
                                "--units", "--milliseconds", "--pid", "--counters", "--pause-us"});
  Job job{};
  job.port = options.port();
  job.work = options.text("--work", "pingpong");
  if (job.work != "pingpong" && job.work != "bulk" && job.work != "churn" && job.work != "idle") {
    options.fail("no such work:", job.work);
  }
  job.connections = static_cast<std::size_t>(options.number("--connections", 1, 1, 100'000));
  job.size = static_cast<std::size_t>(options.number("--size", 64, 1, 65536));
  job.depth = static_cast<std::size_t>(options.number("--depth", 1, 1, 16));
  job.warmup = static_cast<std::uint64_t>(options.number("--warmup", 0, 0, 1'000'000));
  job.units = static_cast<std::uint64_t>(options.number("--units", 1'000'000'000, 1, 1'000'000'000));
  job.time = std::chrono::milliseconds(options.number("--milliseconds", 1000, 1, 60'000));
  job.server = static_cast<pid_t>(options.number("--pid", 0, 1, 1 << 30));
  job.counters = options.text("--counters", "");
  job.pause = std::chrono::microseconds(options.number("--pause-us", 0, 0, 1'000'000));
  // Whatever the server does, this process ends: an unhandled alarm kills it.
  ::alarm(static_cast<unsigned>(job.time.count() / 1000) + grace_seconds);
  Load(std::move(job)).run();
}
