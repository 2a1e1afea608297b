// An echo server on libuv, for orientation.
//
//   echo_uv --port N
//
// One thread, and one read buffer for all connections: an answer is tried at once with uv_try_write, and only
// what the kernel did not take is copied. Reading stops until that has gone.
#include "options.hpp"

#include <array>
#include <csignal>
#include <cstdio>
#include <netinet/in.h>
#include <vector>

#include <uv.h>

namespace {

constexpr std::size_t read_size_max = 64 * 1024;
constexpr int backlog = 4096;

std::array<char, read_size_max> read_buffer;

/// The part of an answer that the kernel did not take at once.
struct Rest {
  uv_write_t request;
  std::vector<char> bytes;
};

void drop(uv_stream_t* stream) {
  auto* handle = reinterpret_cast<uv_handle_t*>(stream);
  if (uv_is_closing(handle)) return;
  uv_close(handle, [](uv_handle_t* closed) { delete reinterpret_cast<uv_tcp_t*>(closed); });
}

void lend_buffer(uv_handle_t*, std::size_t, uv_buf_t* buffer) {
  *buffer = uv_buf_init(read_buffer.data(), static_cast<unsigned>(read_buffer.size()));
}

void on_read(uv_stream_t* stream, ssize_t got, const uv_buf_t* buffer);

void on_rest_written(uv_write_t* request, int status) {
  uv_stream_t* stream = request->handle;
  delete static_cast<Rest*>(request->data);
  if (status < 0) {
    drop(stream);
  } else {
    uv_read_start(stream, lend_buffer, on_read);
  }
}

void on_read(uv_stream_t* stream, ssize_t got, const uv_buf_t* buffer) {
  if (got == 0) return;
  if (got < 0) return drop(stream);
  uv_buf_t answer = uv_buf_init(buffer->base, static_cast<unsigned>(got));
  int sent = uv_try_write(stream, &answer, 1);
  if (sent == got) return;
  if (sent < 0 && sent != UV_EAGAIN) return drop(stream);
  if (sent < 0) sent = 0;
  auto* rest = new Rest{{}, std::vector<char>(buffer->base + sent, buffer->base + got)};
  rest->request.data = rest;
  answer = uv_buf_init(rest->bytes.data(), static_cast<unsigned>(rest->bytes.size()));
  uv_read_stop(stream);
  if (uv_write(&rest->request, stream, &answer, 1, on_rest_written) < 0) {
    delete rest;
    drop(stream);
  }
}

void on_connection(uv_stream_t* listener, int status) {
  if (status < 0) return;
  auto* connection = new uv_tcp_t;
  auto* stream = reinterpret_cast<uv_stream_t*>(connection);
  uv_tcp_init(listener->loop, connection);
  if (uv_accept(listener, stream) < 0) return drop(stream);
  uv_tcp_nodelay(connection, 1);
  uv_read_start(stream, lend_buffer, on_read);
}

}  // namespace

int main(int argc, char** argv) {
  const bench::Options options(argc, argv, {"--port"});
  std::signal(SIGPIPE, SIG_IGN);

  uv_loop_t* loop = uv_default_loop();
  uv_tcp_t listener;
  sockaddr_in address;
  uv_ip4_addr("127.0.0.1", options.port(), &address);
  uv_tcp_init(loop, &listener);
  int error = uv_tcp_bind(&listener, reinterpret_cast<const sockaddr*>(&address), 0);
  if (error == 0) error = uv_listen(reinterpret_cast<uv_stream_t*>(&listener), backlog, on_connection);
  if (error < 0) {
    std::fprintf(stderr, "echo_uv: %s\n", uv_strerror(error));
    return 1;
  }
  return uv_run(loop, UV_RUN_DEFAULT);
}
