// An echo server written straight onto epoll: the floor that every library is seen against.
//
//   echo_epoll --port N
//
// Level-triggered, one thread, one read buffer for all connections. Each readiness event costs one recv and
// one send. What the kernel does not take is kept, and that connection is not read until it has gone.
#include "options.hpp"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

constexpr std::size_t read_size_max = 64 * 1024;
constexpr int backlog = 4096;
constexpr int accepts_per_turn_max = 64;

std::array<char, read_size_max> read_buffer;

struct Connection {
  int fd;
  std::unique_ptr<char[]> unsent;
  std::size_t unsent_size = 0;
  std::size_t unsent_offset = 0;
};

[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::exit(1);
}

int make_listener(unsigned short port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) die("socket");
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) < 0) die("bind");
  if (::listen(fd, backlog) < 0) die("listen");
  return fd;
}

class Server {
 public:
  explicit Server(unsigned short port)
      : epoll_(::epoll_create1(EPOLL_CLOEXEC)), listener_(make_listener(port)) {
    if (epoll_ < 0) die("epoll_create1");
    watch(EPOLL_CTL_ADD, listener_, EPOLLIN, nullptr);
  }

  [[noreturn]] void run() {
    std::array<epoll_event, 512> events;
    for (;;) {
      const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      if (count < 0 && errno != EINTR) die("epoll_wait");
      for (int i = 0; i < count; ++i) {
        auto* connection = static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
        if (connection == nullptr) {
          accept_some();
        } else if (connection->unsent) {
          send_rest(connection);
        } else {
          echo(connection);
        }
      }
    }
  }

 private:
  void watch(int operation, int fd, unsigned interest, Connection* connection) {
    epoll_event event{};
    event.events = interest;
    event.data.ptr = connection;
    if (::epoll_ctl(epoll_, operation, fd, &event) < 0) die("epoll_ctl");
  }

  void accept_some() {
    for (int i = 0; i < accepts_per_turn_max; ++i) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      const int on = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      watch(EPOLL_CTL_ADD, fd, EPOLLIN, new Connection{fd, nullptr});
    }
  }

  void echo(Connection* connection) {
    const ssize_t got = ::recv(connection->fd, read_buffer.data(), read_buffer.size(), 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) return drop(connection);
    ssize_t sent = ::send(connection->fd, read_buffer.data(), static_cast<std::size_t>(got), MSG_NOSIGNAL);
    if (sent == got) return;
    if (sent < 0 && errno != EAGAIN) return drop(connection);
    if (sent < 0) sent = 0;
    connection->unsent_offset = 0;
    connection->unsent_size = static_cast<std::size_t>(got - sent);
    connection->unsent = std::make_unique_for_overwrite<char[]>(connection->unsent_size);
    std::memcpy(connection->unsent.get(), read_buffer.data() + sent, connection->unsent_size);
    watch(EPOLL_CTL_MOD, connection->fd, EPOLLOUT, connection);
  }

  void send_rest(Connection* connection) {
    const ssize_t sent = ::send(connection->fd, connection->unsent.get() + connection->unsent_offset,
                                connection->unsent_size - connection->unsent_offset, MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) return;
    if (sent < 0) return drop(connection);
    connection->unsent_offset += static_cast<std::size_t>(sent);
    if (connection->unsent_offset < connection->unsent_size) return;
    connection->unsent.reset();
    watch(EPOLL_CTL_MOD, connection->fd, EPOLLIN, connection);
  }

  void drop(Connection* connection) {
    ::close(connection->fd);
    delete connection;
  }

  int epoll_;
  int listener_;
};

}  // namespace

int main(int argc, char** argv) {
  const bench::Options options(argc, argv, {"--port"});
  Server(options.port()).run();
}
