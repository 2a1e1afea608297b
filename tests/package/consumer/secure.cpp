// A client that insists on TLS, and a server that has none: the handshake fails, and says so.
#include <twinwire/net/tls/context.hpp>
#include <twinwire/sim/world.hpp>

#include <cstdio>
#include <memory>
#include <string>

namespace {

class Greeter final : public twinwire::Protocol {
 public:
  void connection_made(twinwire::Transport transport) override { transport.write("hello, twin"); }
  void data_received(twinwire::Bytes) override {}
};

}  // namespace

int main() {
  twinwire::sim::World world(1);
  twinwire::Loop& loop = world.add_host("host").loop();
  loop.create_server([] { return std::make_shared<Greeter>(); }, {"127.0.0.1", 80}, [](auto, auto) {});
  twinwire::ConnectOptions options("127.0.0.1", 80);
  options.tls = twinwire::tls_client();
  std::string why;
  loop.create_connection([] { return std::make_shared<Greeter>(); }, options,
                         [&](const std::exception_ptr& failure, const twinwire::Connection&) {
                           why = twinwire::message_of(failure);
                         });
  world.run();
  std::printf("refused: %s\n", why.c_str());
  return why.find("wrong version number") != std::string::npos ? 0 : 1;
}
