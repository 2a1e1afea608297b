// A server in a process of its own, on a free port of 127.0.0.1.
#pragma once

#include "server_stats.hpp"

#include <csignal>
#include <cstdio>
#include <exception>
#include <functional>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace bench {

/// Runs until it is destroyed. It must be started before this process has threads.
class ServerProcess {
 public:
  /// Tells the parent where the server listens.
  using Listening = std::function<void(unsigned short port)>;

  /// `serve` listens on port 0, reports the port, and does not return.
  explicit ServerProcess(const std::function<void(const Listening&)>& serve) {
    int ends[2];
    if (::pipe(ends) != 0) throw std::runtime_error("no pipe");
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("no process");
    if (pid_ == 0) run(serve, ends[1]);
    ::close(ends[1]);
    const bool listens = ::read(ends[0], &port_, sizeof port_) == sizeof port_;
    ::close(ends[0]);
    if (!listens) {
      ::waitpid(pid_, nullptr, 0);
      throw std::runtime_error("the server does not listen");
    }
  }
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;
  ~ServerProcess() {
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
  }

  unsigned short port() const noexcept { return port_; }
  ServerStats stats() const { return read_server_stats(pid_); }

 private:
  [[noreturn]] static void run(const std::function<void(const Listening&)>& serve, int report) {
    try {
      serve([&](unsigned short port) {
        if (::write(report, &port, sizeof port) != sizeof port) ::_exit(1);
      });
    } catch (const std::exception& error) {
      std::fprintf(stderr, "the server: %s\n", error.what());
    }
    ::_exit(1);
  }

  pid_t pid_ = 0;
  unsigned short port_ = 0;
};

}  // namespace bench
