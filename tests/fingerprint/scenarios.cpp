#include "scenarios.hpp"

#include <twinwire/net/loop.hpp>
#include <twinwire/net/protocol.hpp>

#include <csignal>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace fingerprint {
namespace {

using namespace twinwire;
using namespace std::chrono_literals;

constexpr int port = 7000;

void require(bool condition, const char* what) {
  if (!condition) throw std::logic_error(what);
}

sim::LinkOptions rough() {
  sim::LinkOptions options = sim::LinkOptions::rough();
  options.loss = {1, 20};
  return options;
}

/// Sends back what it gets.
class Echo final : public Protocol {
 public:
  void connection_made(Transport transport) override { transport_ = std::move(transport); }
  void data_received(Bytes data) override { transport_.write(data); }

 private:
  Transport transport_;
};

/// Counts what comes, and keeps the connection for its owner.
class Counter final : public Protocol {
 public:
  void connection_made(Transport made) override { transport = std::move(made); }
  void data_received(Bytes data) override { received += data.size(); }
  void connection_lost(error_code error) override {
    lost = true;
    reason = error;
  }

  Transport transport;
  std::size_t received = 0;
  error_code reason;
  bool lost = false;
};

template <class P>
ProtocolFactory factory_of() {
  return [] { return std::make_shared<P>(); };
}

/// A server on that host, before anybody connects.
Server serve(sim::World& world, sim::Host& host, ProtocolFactory factory,
             ServerOptions options = {"", port}) {
  Server server;
  bool done = false;
  host.loop().create_server(std::move(factory), std::move(options),
                            [&](const std::exception_ptr& failure, Server made) {
                              if (failure) std::rethrow_exception(failure);
                              server = std::move(made);
                              done = true;
                            });
  world.run_until([&] { return done; });
  return server;
}

/// A client that asks with messages of random lengths, the next one when the answer is complete.
class Asker final : public Protocol {
 public:
  Asker(Loop& loop, int rounds) : loop_(loop), rounds_left_(rounds) {}

  void connection_made(Transport transport) override {
    transport_ = std::move(transport);
    ask();
  }
  void data_received(Bytes data) override {
    require(data.size() <= awaited_, "more came back than was sent");
    awaited_ -= data.size();
    if (awaited_ == 0) ask();
  }

 private:
  void ask() {
    if (rounds_left_-- == 0) {
      transport_.close();
      return;
    }
    const std::uint64_t bits = loop_.random();
    awaited_ = 1 + bits % 200;
    transport_.write(std::string(awaited_, static_cast<char>('a' + bits / 256 % 26)));
  }

  Loop& loop_;
  Transport transport_;
  std::size_t awaited_ = 0;
  int rounds_left_;
};

/// Reads in portions: pauses after each of them for some milliseconds.
class SlowReader final : public Protocol {
 public:
  explicit SlowReader(Loop& loop) : loop_(loop) {}
  void connection_made(Transport transport) override { transport_ = std::move(transport); }
  void data_received(Bytes data) override {
    received_ += data.size();
    if (received_ < portion_) return;
    portion_ += 40'000;
    transport_.pause_reading();
    loop_.call_later(7ms, [transport = transport_] { transport.resume_reading(); });
  }
  bool eof_received() override {
    transport_.write(std::to_string(received_));
    return false;
  }

 private:
  Loop& loop_;
  Transport transport_;
  std::size_t received_ = 0;
  std::size_t portion_ = 40'000;
};

/// Writes as much as it may at a time, until all is written; then waits for the count.
class Pourer final : public Protocol {
 public:
  static constexpr std::size_t total = 600'000;

  void connection_made(Transport transport) override {
    transport_ = std::move(transport);
    pour();
  }
  void pause_writing() override { may_write_ = false; }
  void resume_writing() override {
    may_write_ = true;
    pour();
  }
  void data_received(Bytes data) override { answer_ += as_text(data); }
  void connection_lost(error_code) override { require(answer_ == std::to_string(total), "bytes were lost"); }

 private:
  void pour() {
    while (may_write_ && written_ < total) {
      const std::size_t size = std::min<std::size_t>(total - written_, 1000 + written_ % 777);
      transport_.write(std::string(size, static_cast<char>(written_ % 251)));
      written_ += size;
    }
    if (written_ == total && !std::exchange(ended_, true)) transport_.write_eof();
  }

  Transport transport_;
  std::string answer_;
  std::size_t written_ = 0;
  bool may_write_ = true;
  bool ended_ = false;
};

/// Timers that set more timers, and cancel some of those that they set before.
class Ticker {
 public:
  explicit Ticker(Loop& loop) : loop_(loop) {}

  void tick(int depth) {
    if (depth == 0) return;
    for (int i = 0; i < 3; ++i) {
      const Duration delay = std::chrono::microseconds(loop_.random() % 5000);
      const Handle handle = loop_.call_later(delay, [this, depth] { tick(depth - 1); });
      if (loop_.random() % 4 == 0) handles_.push_back(handle);
    }
    if (handles_.size() > 5) {
      handles_[loop_.random() % handles_.size()].cancel();
      handles_.pop_back();
    }
    loop_.call_at(loop_.time() + 1ms, [] {});
  }

 private:
  Loop& loop_;
  std::vector<Handle> handles_;
};

/// Connects, and says how that ended.
std::shared_ptr<Counter> connect(Loop& loop, ConnectOptions options, std::vector<std::string>& log) {
  auto protocol = std::make_shared<Counter>();
  loop.create_connection([protocol] { return protocol; }, std::move(options),
                         [&log](const std::exception_ptr& failure, const Connection&) {
                           log.push_back(error_code_of(failure).message());
                         });
  return protocol;
}

}  // namespace

void chatty(sim::World& world) {
  sim::Host& server_host = world.add_host("server");
  Server server = serve(world, server_host, factory_of<Echo>());
  for (int i = 0; i < 4; ++i) {
    sim::Host& client = world.add_host("client" + std::to_string(i));
    world.set_link(client, server_host, rough());
    Loop& loop = client.loop();
    loop.create_connection([&loop] { return std::make_shared<Asker>(loop, 100); }, {"server", port},
                           [](const std::exception_ptr& failure, const Connection&) {
                             if (failure) std::rethrow_exception(failure);
                           });
  }
  world.run_for(1h);
  server.close();
  world.run();
}

void bulk(sim::World& world) {
  sim::HostOptions small;
  small.send_buffer_size = 8 * 1024;
  small.receive_buffer_size = 12 * 1024;
  sim::Host& server_host = world.add_host("server", small);
  sim::Host& client = world.add_host("client", small);
  world.set_link(client, server_host, rough());
  Loop& loop = server_host.loop();
  Server server = serve(world, server_host, [&loop] { return std::make_shared<SlowReader>(loop); });
  client.loop().create_connection(factory_of<Pourer>(), {"server", port},
                                  [](const std::exception_ptr& failure, const Connection&) {
                                    if (failure) std::rethrow_exception(failure);
                                  });
  world.run_for(1h);
  server.close();
  world.run();
}

void timers(sim::World& world) {
  std::vector<std::unique_ptr<Ticker>> tickers;
  for (const std::int32_t drift : {-200, 0, 350}) {
    sim::HostOptions options;
    options.drift_ppm = drift;
    Loop& loop = world.add_host("host" + std::to_string(drift), options).loop();
    tickers.push_back(std::make_unique<Ticker>(loop));
    tickers.back()->tick(6);
  }
  world.run();
}

void jobs(sim::World& world) {
  sim::Host& host = world.add_host("host");
  world.add_name("many", {Address::of("192.0.2.1", 0), Address::of("2001:db8::1", 0)});
  std::uint64_t sum = 0;
  int signals = 0;
  host.loop().add_signal_handler(SIGUSR1, [&] { ++signals; });
  for (std::uint64_t i = 0; i < 50; ++i) {
    host.loop().run_in_executor([i] { return i * i; },
                                [&](const std::exception_ptr&, std::uint64_t square) {
                                  sum += square;
                                  host.deliver_signal(SIGUSR1);
                                });
    host.loop().getaddrinfo(
        i % 2 == 0 ? "many" : "nobody", "http", {},
        [&](const std::exception_ptr&, const std::vector<Address>& found) { sum += found.size(); });
  }
  world.run();
  require(sum == 40'425 + 25 * 2 && signals == 50, "jobs, names or signals were lost");
}

void endings(sim::World& world) {
  sim::Host& server_host = world.add_host("server");
  sim::Host& client = world.add_host("client");
  sim::Host& dark = world.add_host("dark");
  world.set_link(client, server_host, rough());
  world.link(client, dark).options.down = true;
  std::vector<std::shared_ptr<Counter>> accepted;
  Server server =
      serve(world, server_host, [&] { return accepted.emplace_back(std::make_shared<Counter>()); });
  std::vector<std::string> log;
  Loop& loop = client.loop();
  const auto aborted = connect(loop, {"server", port}, log);
  const auto closed = connect(loop, {"server", port}, log);
  const auto unread = connect(loop, {"server", port}, log);
  const auto unplugged = connect(loop, {"server", port}, log);
  connect(loop, {"server", port + 1}, log);
  connect(loop, {"dark", port}, log);
  connect(loop, {"nobody", port}, log);
  world.run_for(30s);
  for (const auto& protocol : accepted) protocol->transport.write(std::string(5000, 'x'));
  unread->transport.pause_reading();
  world.run_for(10s);
  aborted->transport.write("never mind");
  aborted->transport.abort();
  closed->transport.close();
  unread->transport.close();
  world.link(client, server_host).options.down = true;
  unplugged->transport.write("is anybody there?");
  world.run_for(2h);
  server.close();
  server.abort_clients();
  world.run_for(2h);
  require(log.size() == 7, "an attempt to connect has not ended");
  require(aborted->lost && closed->lost && unread->lost && unplugged->lost, "a connection has not ended");
  require(unplugged->reason == errc::timed_out, "a dead link was not noticed");
}

}  // namespace fingerprint
