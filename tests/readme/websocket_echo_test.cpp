#include "websocket_echo.hpp"

#include <twinwire/traces/scenario.hpp>

#include <boost/beast/core/buffers_to_string.hpp>

using namespace twinwire;

awaitable<void> talk(Loop& loop) {
  WebSocket peer(loop.get_executor());
  const ConnectOptions there("server", 80);
  co_await peer.next_layer().async_connect(there, use_awaitable);
  co_await peer.async_handshake("server", "/", use_awaitable);
  for (const std::size_t size : {1, 126, 70'000}) {
    const std::string sent(size, 'x');
    co_await peer.async_write(boost::asio::buffer(sent), use_awaitable);
    boost::beast::flat_buffer message;
    co_await peer.async_read(message, use_awaitable);
    if (boost::beast::buffers_to_string(message.data()) != sent) throw std::logic_error("another message");
  }
  co_await peer.async_close(websocket::close_code::normal, use_awaitable);
}

void messages_come_back(sim::World& world, const traces::Arguments&) {
  Loop& server = world.add_host("server").loop();
  Loop& client = world.add_host("client").loop();
  spawn(server, serve(server, ServerOptions("", 80)), "serve", TaskOptions(true));
  run_until_complete(client, talk(client));
}

int main(int argc, char** argv) {
  traces::Scenario scenario;
  scenario.name = "echo";
  scenario.options.link = sim::LinkOptions::rough();
  scenario.body = messages_come_back;
  return traces::scenario_main(argc, argv, {scenario});
}
