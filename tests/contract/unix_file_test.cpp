// The files and abstract names of Unix sockets: who makes them, and who removes them.
#include "coroutines.hpp"
#include "endpoints.hpp"
#include "harness.hpp"
#include "unix_service.hpp"

#include <filesystem>

namespace twinwire::contract {
namespace {

/// Leaves a socket file behind that nobody listens on.
std::string stale_path(Stage& stage) {
  UnixServerOptions options(stage.path("stale"));
  options.cleanup_socket = false;
  const UnixService service(stage, options);
  return service.path;
}

void close(const Service& service) {
  as_user([&] { service.server.close(); });
}

CONTRACT_TEST("UNIX-02", "a stale socket file is removed, and the server binds") {
  const std::string path = stale_path(stage);
  REQUIRE(stage.exists(path));
  UnixConnecting too_early(stage, path);
  too_early.run();
  CHECK(too_early.outcome->error() == "connection_refused");
  const UnixService service(stage, UnixServerOptions(path));
  const auto client = connect_to(stage, service);
  close(service);
  CHECK_FALSE(stage.exists(path));
}

CONTRACT_TEST("UNIX-02", "another kind of file is left alone, and its path is in use") {
  const std::string path = stage.path("file");
  stage.create_file(path);
  const std::size_t before = stage.open_descriptors();
  for (const bool cleanup : {true, false}) {
    UnixServerOptions options(path);
    options.cleanup_socket = cleanup;
    const auto outcome = create_unix(stage, options);
    CHECK(outcome->error() == "address_in_use");
    CHECK_THAT(outcome->message(), Catch::Contains(path));
    CHECK_FALSE(outcome->value);
    CHECK(stage.exists(path));
    CHECK(stage.open_descriptors() == before);
  }
  stage.remove_file(path);  // which it still is
  CHECK(create_unix(stage, UnixServerOptions(path))->succeeded());
}

CONTRACT_TEST("UNIX-02", "a link to a socket is not removed, as it is none") {
  if (stage.simulated()) {
    SUCCEED("a simulated host has no links");
    return;
  }
  const std::string path = stale_path(stage);
  std::filesystem::create_symlink(path, stage.path("link"));
  CHECK(create_unix(stage, UnixServerOptions(stage.path("link")))->error() == "address_in_use");
  CHECK(std::filesystem::is_symlink(stage.path("link")));
  CHECK(stage.exists(path));
}

CONTRACT_TEST("UNIX-02", "a server takes the path of one that still listens, whose clients live on") {
  const UnixService first(stage);
  const auto early = connect_to(stage, first);
  const UnixService second(stage, UnixServerOptions(first.path));
  const auto late = connect_to(stage, second);
  CHECK(first.count() == 1);
  early->transport.write("hello");
  stage.run_until_received(first[0], 5);
}

CONTRACT_TEST("UNIX-03", "an abstract name works without a file, and is free again after its server") {
  const std::string name = abstract_path(stage.path("name"));
  CHECK(Address::from_path(name).to_string() == "@" + stage.path("name"));
  for (int round = 0; round < 2; ++round) {
    const UnixService service(stage, UnixServerOptions(name));
    const auto client = connect_to(stage, service);
    CHECK_FALSE(stage.exists(stage.path("name")));
    CHECK(client->transport.raw().peername() == Address::from_path(name));
    CHECK(service.address() == Address::from_path(name));
    client->transport.write("hello");
    stage.run_until_received(service[0], 5);
    close(service);
    UnixConnecting too_late(stage, name);
    too_late.run();
    CHECK(too_late.outcome->error() == "connection_refused");
  }
}

CONTRACT_TEST("UNIX-03", "an abstract name that is bound already is in use") {
  const UnixService first(stage, UnixServerOptions(abstract_path(stage.path("name"))));
  const auto second = create_unix(stage, UnixServerOptions(first.path));
  CHECK(second->error() == "address_in_use");
  CHECK_THAT(second->message(), Catch::Contains("@" + stage.path("name")));
  const auto client = connect_to(stage, first);  // which is not disturbed
}

CONTRACT_TEST("UNIX-03", "a longer abstract name is another one, and so is one with a NUL behind it") {
  const std::string name = abstract_path(stage.path("name"));
  const UnixService first(stage, UnixServerOptions(name));
  const UnixService second(stage, UnixServerOptions(name + "x"));
  const UnixService third(stage, UnixServerOptions(name + '\0'));
  const auto client = connect_to(stage, third);
  CHECK(third.address() == Address::from_path(name + '\0'));
  CHECK(first.count() + second.count() == 0);
}

CONTRACT_TEST("UNIX-04", "closing a server removes its socket file") {
  const UnixService service(stage);
  CHECK(stage.exists(service.path));
  close(service);
  CHECK_FALSE(stage.exists(service.path));
  close(service);
}

CONTRACT_TEST("UNIX-04", "with cleanup_socket=false the file stays") {
  CHECK(UnixServerOptions().cleanup_socket);
  CHECK(stage.exists(stale_path(stage)));
}

CONTRACT_TEST("UNIX-04", "a server that never served removes its file, too") {
  UnixServerOptions options(stage.path("socket"));
  options.start_serving = false;
  const auto outcome = create_unix(stage, options);
  REQUIRE(outcome->succeeded());
  CHECK(stage.exists(options.path));
  as_user([&] { outcome->value.close(); });
  CHECK_FALSE(stage.exists(options.path));
}

CONTRACT_TEST("UNIX-05", "a socket that has taken the place of the server's own is left alone") {
  const UnixService first(stage);
  stage.remove_file(first.path);
  const UnixService second(stage, UnixServerOptions(first.path));
  close(first);
  CHECK(stage.exists(second.path));
  const auto client = connect_to(stage, second);
  close(second);
  CHECK_FALSE(stage.exists(second.path));
}

CONTRACT_TEST("UNIX-05", "so is any other file, and nothing fails where there is none") {
  const UnixService replaced(stage, UnixServerOptions(stage.path("replaced")));
  const UnixService gone(stage, UnixServerOptions(stage.path("gone")));
  stage.remove_file(replaced.path);
  stage.create_file(replaced.path);
  stage.remove_file(gone.path);
  close(replaced);
  close(gone);
  CHECK(stage.exists(replaced.path));
  CHECK_FALSE(stage.exists(gone.path));
}

CONTRACT_TEST("UNIX-07", "connections live on when the server is closed and its file is gone") {
  const UnixService service(stage);
  const auto client = connect_to(stage, service);
  close(service);
  REQUIRE_FALSE(stage.exists(service.path));
  client->transport.write("hello");
  stage.run_until_received(service[0], 5);
  service[0].transport.write("world");
  stage.run_until_received(*client, 5);
  CHECK(client->events() == "CM DR:world");
  UnixConnecting too_late(stage, service.path);
  too_late.run();
  CHECK(too_late.outcome->error() == "no_such_file_or_directory");
  client->transport.close();
  stage.run_until_lost(service[0]);
  CHECK(service[0].events() == "CM DR:hello ER CL");
}

CONTRACT_TEST("UNIX-07", "one that nobody has accepted when the listener closes is reset") {
  UnixServerOptions options(stage.path("socket"));
  error_code error;
  auto acceptor = stage.server().backend().bind(Address::from_path(options.path), {}, error);
  REQUIRE(acceptor != nullptr);
  REQUIRE(!acceptor->listen(8).failed());
  UnixConnecting client(stage, options.path);
  client.run();
  REQUIRE(client.outcome->succeeded());
  stage.settle();
  acceptor->close();
  stage.run_until_lost(*client.protocol);
  CHECK(client.protocol->events() == "CM CL:connection_reset");
}

awaitable<void> echo_line(StreamReader reader, StreamWriter writer) {
  writer.write(co_await reader.read_line());
  co_await writer.drain();
}

awaitable<std::string> ask(Loop& loop, std::string path) {
  const UnixServerOptions serving(path);
  const Server server = co_await start_unix_server(loop, echo_line, serving);
  const UnixConnectOptions connecting(path);
  const Stream stream = co_await open_unix_connection(loop, connecting);
  stream.writer.write("hello\n");
  const std::string answer = co_await stream.reader.read_line();
  server.close();
  co_return answer;
}

CONTRACT_TEST("UNIX-01", "open_unix_connection and start_unix_server give streams") {
  const auto answer = std::make_shared<std::string>();
  const Task task = spawn(
      stage.server(),
      [](Loop& loop, std::string path, std::shared_ptr<std::string> into) -> awaitable<void> {
        *into = co_await ask(loop, std::move(path));
      }(stage.server(), stage.path("streams"), answer),
      "streams");
  stage.run_until([&] { return !answer->empty(); }, "the answer");
  CHECK(*answer == "hello\n");
  stage.settle();
  CHECK_FALSE(stage.exists(stage.path("streams")));
}

}  // namespace
}  // namespace twinwire::contract
