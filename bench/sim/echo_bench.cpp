// Simulated TCP: echo, bulk, idle connections. One world, one thread; user-CPU time is what counts.
#include "allocation_count.hpp"

#include <twinwire/sim/world.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

namespace {

using namespace twinwire;

constexpr std::size_t message_size = 64;

class Echo final : public Protocol {
 public:
  void connection_made(Transport transport) override { transport_ = std::move(transport); }
  void data_received(Bytes data) override { transport_.write(data); }

 private:
  Transport transport_;
};

/// Sends a message whenever the one before has come back.
class EchoClient final : public Protocol {
 public:
  explicit EchoClient(std::uint64_t& rounds) : rounds_(rounds) {}
  void connection_made(Transport transport) override {
    transport_ = std::move(transport);
    transport_.write(message_);
  }
  void data_received(Bytes data) override {
    received_ += data.size();
    if (received_ < message_size) return;
    received_ -= message_size;
    ++rounds_;
    transport_.write(message_);
  }

 private:
  std::uint64_t& rounds_;
  Transport transport_;
  std::size_t received_ = 0;
  std::byte message_[message_size]{};
};

/// Writes as fast as it may.
class Source final : public Protocol {
 public:
  void connection_made(Transport transport) override {
    transport_ = std::move(transport);
    fill();
  }
  void data_received(Bytes) override {}
  void pause_writing() override { paused_ = true; }
  void resume_writing() override {
    paused_ = false;
    fill();
  }

 private:
  void fill() {
    while (!paused_) transport_.write(block_);
  }
  Transport transport_;
  bool paused_ = false;
  std::vector<std::byte> block_ = std::vector<std::byte>(64 * 1024);
};

class Sink final : public Protocol {
 public:
  explicit Sink(std::uint64_t& received) : received_(received) {}
  void data_received(Bytes data) override { received_ += data.size(); }

 private:
  std::uint64_t& received_;
};

class Idle final : public Protocol {
 public:
  void data_received(Bytes) override {}
};

void rethrow(std::exception_ptr failure) {
  if (failure) std::rethrow_exception(failure);
}

/// 1 ms with jitter, and losses: every packet draws its decisions, and its payload is hashed.
sim::WorldOptions bench_options() {
  sim::WorldOptions options;
  options.link.jitter = std::chrono::microseconds(200);
  options.link.loss = {1, 10'000};
  options.events_max = ~std::uint64_t{0};
  options.time_max = Duration::max();
  options.host.max_descriptors = 4'000'000;
  return options;
}

void serve(sim::World& world, ProtocolFactory factory) {
  ServerOptions options("", 7);
  options.backlog = 100'000;
  world.add_host("server").loop().create_server(std::move(factory), std::move(options),
                                                [](std::exception_ptr failure, Server) { rethrow(failure); });
  world.run_for(std::chrono::seconds(1));
}

void connect(sim::Host& host, ProtocolFactory factory) {
  host.loop().create_connection(std::move(factory), ConnectOptions("10.0.0.1", 7),
                                [](std::exception_ptr failure, Connection) { rethrow(failure); });
}

void tcp_echo(benchmark::State& state) {
  const auto clients = static_cast<int>(state.range(0));
  sim::World world(1, bench_options());
  std::uint64_t rounds = 0;
  serve(world, [] { return std::make_shared<Echo>(); });
  for (int i = 0; i < clients; ++i) {
    connect(world.add_host("client " + std::to_string(i)),
            [&] { return std::make_shared<EchoClient>(rounds); });
  }
  world.run_until([&] { return rounds > static_cast<std::uint64_t>(clients) * 200; });
  const std::uint64_t rounds_before = rounds;
  const std::size_t allocations_before = bench::allocations();
  for (auto _ : state) {
    const std::uint64_t target = rounds + 1000;
    while (rounds < target) world.step();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(rounds - rounds_before));
  state.counters["allocations_per_1M_messages"] =
      static_cast<double>(bench::allocations() - allocations_before) * 1e6 /
      (2.0 * static_cast<double>(rounds - rounds_before));
}
BENCHMARK(tcp_echo)->ArgName("clients")->Arg(1)->Arg(100)->Arg(1000);

void tcp_bulk(benchmark::State& state) {
  sim::World world(1, bench_options());
  std::uint64_t received = 0;
  serve(world, [&] { return std::make_shared<Sink>(received); });
  connect(world.add_host("client"), [] { return std::make_shared<Source>(); });
  world.run_until([&] { return received > 10'000'000; });
  const std::uint64_t before = received;
  for (auto _ : state) {
    const std::uint64_t target = received + 1'000'000;
    while (received < target) world.step();
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(received - before));
}
BENCHMARK(tcp_bulk);

/// What a connection that does nothing holds of the heap, both ends and their protocols counted.
void idle_connections(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  constexpr std::size_t per_host = 20'000;  // a host has some 28,000 ports
  for (auto _ : state) {
    sim::World world(1, bench_options());
    serve(world, [] { return std::make_shared<Idle>(); });
    const std::size_t before = bench::heap_in_use();
    for (std::size_t i = 0; i < count; i += per_host) {
      sim::Host& client = world.add_host("client " + std::to_string(i));
      for (std::size_t j = i; j < std::min(i + per_host, count); ++j)
        connect(client, [] { return std::make_shared<Idle>(); });
      world.run();  // more at a time than the backlog would be turned away, and time out in the end
    }
    state.counters["bytes_per_connection"] =
        static_cast<double>(bench::heap_in_use() - before) / static_cast<double>(count);
  }
}
BENCHMARK(idle_connections)
    ->ArgName("count")
    ->Arg(10'000)
    ->Arg(1'000'000)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

}  // namespace
