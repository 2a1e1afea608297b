// The benchmark of the simulation. It prints its method; the numbers are user-CPU time of one thread.
#include <cstdio>

#include <benchmark/benchmark.h>

int main(int argc, char** argv) {
  std::puts(
      "Method: one world on one thread, driven event by event; items_per_second is per second of CPU time.\n"
      "bare_event_queue is the yardstick: take an event, schedule it again. tcp_echo sends 64 bytes there "
      "and back\n"
      "through Protocol, 1 ms latency with jitter and losses, decisions drawn, payload fingerprint on; a "
      "round trip\n"
      "is at least two events. For medians: --benchmark_repetitions=9 "
      "--benchmark_report_aggregates_only=true\n");
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
