// Sockets and names of the real network.
#include <twinwire/sim/fence/passage.hpp>
#include <twinwire/sim/fence/refusal.hpp>

#include <cerrno>
#include <cstddef>
#include <netdb.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/types.h>

namespace twinwire::sim::fence {
namespace {

/// How the functions that look for hosts fail.
hostent* no_host() noexcept {
  h_errno = NO_RECOVERY;
  return nullptr;
}

}  // namespace

// --- sockets ---

TWINWIRE_FENCED(int, socket, int domain, int type, int protocol) {
  return refused("socket", socket_rule) ? not_permitted() : real_socket(domain, type, protocol);
}

TWINWIRE_FENCED(int, socketpair, int domain, int type, int protocol, int* pair) {
  return refused("socketpair", socket_rule) ? not_permitted() : real_socketpair(domain, type, protocol, pair);
}

TWINWIRE_FENCED(int, bind, int descriptor, const sockaddr* address, socklen_t size) {
  return refused("bind", socket_rule) ? not_permitted() : real_bind(descriptor, address, size);
}

TWINWIRE_FENCED(int, listen, int descriptor, int backlog) {
  return refused("listen", socket_rule) ? not_permitted() : real_listen(descriptor, backlog);
}

TWINWIRE_FENCED(int, connect, int descriptor, const sockaddr* address, socklen_t size) {
  return refused("connect", socket_rule) ? not_permitted() : real_connect(descriptor, address, size);
}

TWINWIRE_FENCED(int, accept, int descriptor, sockaddr* address, socklen_t* size) {
  return refused("accept", socket_rule) ? not_permitted() : real_accept(descriptor, address, size);
}

TWINWIRE_FENCED(int, accept4, int descriptor, sockaddr* address, socklen_t* size, int flags) {
  return refused("accept4", socket_rule) ? not_permitted() : real_accept4(descriptor, address, size, flags);
}

// --- what is sent and received ---

TWINWIRE_FENCED(ssize_t, send, int descriptor, const void* data, std::size_t size, int flags) {
  return refused("send", socket_rule) ? not_permitted() : real_send(descriptor, data, size, flags);
}

TWINWIRE_FENCED(ssize_t, sendto, int descriptor, const void* data, std::size_t size, int flags,
                const sockaddr* address, socklen_t address_size) {
  if (refused("sendto", socket_rule)) return not_permitted();
  return real_sendto(descriptor, data, size, flags, address, address_size);
}

TWINWIRE_FENCED(ssize_t, sendmsg, int descriptor, const msghdr* message, int flags) {
  return refused("sendmsg", socket_rule) ? not_permitted() : real_sendmsg(descriptor, message, flags);
}

TWINWIRE_FENCED(int, sendmmsg, int descriptor, mmsghdr* messages, unsigned count, int flags) {
  if (refused("sendmmsg", socket_rule)) return not_permitted();
  return real_sendmmsg(descriptor, messages, count, flags);
}

TWINWIRE_FENCED(ssize_t, recv, int descriptor, void* buffer, std::size_t size, int flags) {
  return refused("recv", socket_rule) ? not_permitted() : real_recv(descriptor, buffer, size, flags);
}

TWINWIRE_FENCED(ssize_t, recvfrom, int descriptor, void* buffer, std::size_t size, int flags,
                sockaddr* address, socklen_t* address_size) {
  if (refused("recvfrom", socket_rule)) return not_permitted();
  return real_recvfrom(descriptor, buffer, size, flags, address, address_size);
}

// What these two become with _FORTIFY_SOURCE.
TWINWIRE_FENCED(ssize_t, __recv_chk, int descriptor, void* buffer, std::size_t size, std::size_t room,
                int flags) {
  if (refused("recv", socket_rule)) return not_permitted();
  return real___recv_chk(descriptor, buffer, size, room, flags);
}

TWINWIRE_FENCED(ssize_t, __recvfrom_chk, int descriptor, void* buffer, std::size_t size, std::size_t room,
                int flags, sockaddr* address, socklen_t* address_size) {
  if (refused("recvfrom", socket_rule)) return not_permitted();
  return real___recvfrom_chk(descriptor, buffer, size, room, flags, address, address_size);
}

TWINWIRE_FENCED(ssize_t, recvmsg, int descriptor, msghdr* message, int flags) {
  return refused("recvmsg", socket_rule) ? not_permitted() : real_recvmsg(descriptor, message, flags);
}

TWINWIRE_FENCED(int, recvmmsg, int descriptor, mmsghdr* messages, unsigned count, int flags,
                timespec* timeout) {
  if (refused("recvmmsg", socket_rule)) return not_permitted();
  return real_recvmmsg(descriptor, messages, count, flags, timeout);
}

// --- event loops ---

TWINWIRE_FENCED(int, epoll_create, int size) {
  return refused("epoll_create", poll_rule) ? not_permitted() : real_epoll_create(size);
}

TWINWIRE_FENCED(int, epoll_create1, int flags) {
  return refused("epoll_create1", poll_rule) ? not_permitted() : real_epoll_create1(flags);
}

TWINWIRE_FENCED(int, timerfd_create, int clock, int flags) {
  return refused("timerfd_create", poll_rule) ? not_permitted() : real_timerfd_create(clock, flags);
}

// --- names ---

TWINWIRE_FENCED(int, getaddrinfo, const char* host, const char* service, const addrinfo* hints,
                addrinfo** found) {
  // Numbers are only read.
  const bool asks = host && !(hints && (hints->ai_flags & AI_NUMERICHOST) != 0);
  if (!asks || !refused("getaddrinfo", name_rule)) return real_getaddrinfo(host, service, hints, found);
  not_permitted();
  return EAI_SYSTEM;
}

TWINWIRE_FENCED(int, getnameinfo, const sockaddr* address, socklen_t size, char* host, socklen_t host_size,
                char* service, socklen_t service_size, int flags) {
  // Numbers are only written down.
  const bool asks = (flags & NI_NUMERICHOST) == 0 && host_size != 0;
  if (!asks || !refused("getnameinfo", name_rule)) {
    return real_getnameinfo(address, size, host, host_size, service, service_size, flags);
  }
  not_permitted();
  return EAI_SYSTEM;
}

TWINWIRE_FENCED(hostent*, gethostbyname, const char* name) {
  return refused("gethostbyname", name_rule) ? no_host() : real_gethostbyname(name);
}

TWINWIRE_FENCED(hostent*, gethostbyname2, const char* name, int family) {
  return refused("gethostbyname2", name_rule) ? no_host() : real_gethostbyname2(name, family);
}

TWINWIRE_FENCED(hostent*, gethostbyaddr, const void* address, socklen_t size, int family) {
  return refused("gethostbyaddr", name_rule) ? no_host() : real_gethostbyaddr(address, size, family);
}

TWINWIRE_FENCED(int, gethostbyname_r, const char* name, hostent* entry, char* buffer, std::size_t size,
                hostent** result, int* error) {
  if (!refused("gethostbyname_r", name_rule)) {
    return real_gethostbyname_r(name, entry, buffer, size, result, error);
  }
  *result = nullptr;
  *error = NO_RECOVERY;
  return EPERM;
}

}  // namespace twinwire::sim::fence
