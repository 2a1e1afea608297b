// Unix sockets: their names, their files, and where they differ from TCP. That streams over them are as those
// of TCP is shown by the tests of those clauses, which run over both (STREAM_TEST).
#include "endpoints.hpp"
#include "harness.hpp"
#include "unix_service.hpp"

#include <stdexcept>

namespace twinwire::contract {
namespace {

CONTRACT_TEST("UNIX-01", "a client and a server meet at a path, and know it") {
  const UnixService service(stage);
  CHECK(service.server.is_serving());
  REQUIRE(service.server.sockets().size() == 1);
  CHECK(service.server.sockets()[0].sockname == Address::from_path(service.path));
  CHECK(service.server.sockets()[0].handle);
  CHECK(service.server.port() == 0);
  UnixConnecting client(stage, service.path);
  client.run();
  REQUIRE(client.outcome->succeeded());
  stage.run_until([&] { return service.count() == 1; }, "the connection to be accepted");
  const Transport& near = client.protocol->transport.raw();
  const Transport& far = service[0].transport.raw();
  CHECK(client.outcome->value.transport == near);
  CHECK(near.peername() == Address::from_path(service.path));
  CHECK(far.sockname() == Address::from_path(service.path));
  CHECK(near.sockname() == Address::from_path(""));
  CHECK(far.peername() == Address::from_path(""));
  CHECK(near.can_write_eof());
  near.write("hello");
  stage.run_until_received(service[0], 5);
  client.protocol->transport.close();
  stage.run_until_lost(service[0]);
  CHECK(service[0].events() == "CM DR:hello ER CL");
  CHECK(near.peername() == Address::from_path(service.path));
}

CONTRACT_TEST("GEN-05",
              "over a Unix socket, too, a connect completes after CM, and early data waits for it") {
  const UnixService service(stage, {}, [](Recorder& accepted) {
    accepted.on_made = [&accepted] { accepted.transport.write("early"); };
  });
  UnixConnecting client(stage, service.path);
  bool done_inside = true;
  client.protocol->on_made = [&] { done_inside = client.done(); };
  client.run();
  CHECK(client.protocol->made());
  CHECK_FALSE(done_inside);
  stage.run_until_received(*client.protocol, 5);
  CHECK(client.protocol->events() == "CM DR:early");
}

CONTRACT_TEST("TCP-19", "Unix sockets, which cannot have no-delay set, connect all the same") {
  const UnixService service(stage);
  const auto client = connect_to(stage, service);
  CHECK(error_of([&] { client->transport.raw().get_option(Option::no_delay); }) == "operation_not_supported");
  CHECK(client->events() == "CM");
}

CONTRACT_TEST("UNIX-01", "options of TCP are not supported, those of sockets are") {
  const UnixService service(stage);
  const auto client = connect_to(stage, service);
  for (const auto& end : {client->transport.raw(), service[0].transport.raw()}) {
    for (const Option option : {Option::no_delay, Option::user_timeout_ms, Option::keep_alive_idle_s,
                                Option::keep_alive_interval_s, Option::keep_alive_count}) {
      CHECK(error_of([&] { end.set_option(option, 1); }) == "operation_not_supported");
      CHECK(error_of([&] { end.get_option(option); }) == "operation_not_supported");
      CHECK(error_of([&] { end.set_option(option, -1); }) == "invalid_argument");
    }
    end.set_option(Option::keep_alive, 1);
    CHECK(end.get_option(Option::keep_alive) == 1);
    end.set_option(Option::send_buffer_size, 32 * 1024);
    CHECK(end.get_option(Option::send_buffer_size) == 32 * 1024);
  }
}

CONTRACT_TEST("UNIX-01", "after an abort the peer sees the end, and a broken pipe when it writes") {
  const UnixService service(stage);
  const auto client = connect_to(stage, service);
  service[0].keep_open = true;
  client->transport.write("last words");
  client->transport.abort();
  stage.run_until([&] { return service[0].eof(); }, "the end");
  stage.settle();
  CHECK(service[0].events() == "CM DR:last words ER");
  CHECK(client->events() == "CM CL");
  service[0].transport.write("too late");
  CHECK(service[0].transport.is_closing());
  stage.run_until_lost(service[0]);
  CHECK(service[0].events() == "CM DR:last words ER CL:broken_pipe");
}

CONTRACT_TEST("UNIX-01", "an end that closes with bytes unread resets, behind all that it wrote") {
  const UnixService service(stage, {}, [](Recorder& accepted) { accepted.start_paused = true; });
  const auto client = connect_to(stage, service);
  client->transport.write("unread");
  stage.settle();
  service[0].transport.write("all of this is read");
  service[0].transport.close();
  stage.run_until_lost(*client);
  CHECK(client->events() == "CM DR:all of this is read CL:connection_reset");
  CHECK(service[0].events() == "CM CL");
}

CONTRACT_TEST("UNIX-01", "a writer that waits hears of a peer that closes, even one that does not read") {
  const UnixService service(stage, {}, [](Recorder& accepted) { accepted.start_paused = true; });
  const auto client = connect_to(stage, service);
  client->transport.pause_reading();
  clog(client->transport);
  stage.settle();
  REQUIRE(client->transport.get_write_buffer_size() > 0);
  service[0].transport.close();
  stage.run_until_lost(*client);
  CHECK(client->events() == "CM PW CL:broken_pipe");
}

CONTRACT_TEST("UNIX-01", "so does one that does not read either, with more to come than fits in between") {
  const UnixService service(stage, {}, [](Recorder& accepted) { accepted.start_paused = true; });
  const auto client = connect_to(stage, service);
  client->transport.pause_reading();
  clog(client->transport);
  clog(service[0].transport);
  stage.settle();
  REQUIRE(client->transport.get_write_buffer_size() > 0);
  REQUIRE(service[0].transport.get_write_buffer_size() > 0);
  service[0].transport.abort();
  stage.run_until_lost(*client);
  CHECK(client->events() == "CM PW CL:broken_pipe");
  CHECK(service[0].events() == "CM PW CL");
}

CONTRACT_TEST("UNIX-01", "a reader that is slow gets all that the system had taken, and then the reset") {
  const UnixService service(stage, {}, [](Recorder& accepted) { accepted.start_paused = true; });
  const auto client = connect_to(stage, service);
  client->transport.pause_reading();
  client->transport.write("unread");
  const std::size_t written = clog(service[0].transport);
  stage.settle();
  const std::size_t taken = written - service[0].transport.get_write_buffer_size();
  REQUIRE(taken < written);
  service[0].transport.abort();
  stage.settle();
  CHECK_FALSE(client->lost());
  client->transport.resume_reading();
  stage.run_until_lost(*client);
  CHECK(client->received() == pattern(taken));
  CHECK(client->error() == errc::connection_reset);
}

CONTRACT_TEST("UNIX-01", "nobody there, nobody listening, another kind of file: each is told at once") {
  const auto error_at = [&](const std::string& path) {
    UnixConnecting client(stage, path);
    client.run();
    CHECK(client.factory_calls() == 0);
    CHECK_THAT(client.outcome->message(), Catch::Contains(Address::from_path(path).to_string()));
    return client.outcome->error();
  };
  UnixServerOptions not_yet(stage.path("bound"));
  not_yet.start_serving = false;
  const UnixService service(stage, not_yet);
  stage.create_file(stage.path("file"));
  const std::size_t before = stage.open_descriptors();
  CHECK(error_at(stage.path("nothing")) == "no_such_file_or_directory");
  CHECK(error_at(stage.path("bound")) == "connection_refused");
  CHECK(error_at(stage.path("file")) == "connection_refused");
  CHECK(error_at(abstract_path(stage.path("nothing"))) == "connection_refused");
  CHECK(stage.open_descriptors() == before);
  as_user([&] { service.server.start_serving(); });
  const auto client = connect_to(stage, service);
}

CONTRACT_TEST("UNIX-01", "a full backlog is waited for, and with it a server that accepts late") {
  const BusyPath busy(stage, "busy");
  const std::size_t before = stage.open_descriptors();
  UnixConnecting client(stage, busy.path);
  UnixConnecting hopeless(stage, busy.path);
  stage.settle();
  CHECK_FALSE(client.done());
  CHECK(client.factory_calls() == 0);
  CHECK(stage.open_descriptors() == before);
  as_user([&] { hopeless.operation.cancel(); });
  hopeless.run();
  CHECK(hopeless.outcome->error() == "operation_aborted");
  busy.accept_all();
  client.run();
  INFO(client.outcome->message());
  CHECK(client.outcome->succeeded());
  CHECK(client.factory_calls() == 1);
}

CONTRACT_TEST("UNIX-01", "a listener that closes while a client waits for its backlog refuses it") {
  BusyPath busy(stage, "busy");
  UnixConnecting client(stage, busy.path);
  stage.turns(stage.server(), 3);
  CHECK_FALSE(client.done());
  busy.give_up();
  client.run();
  CHECK(client.outcome->error() == "connection_refused");
}

CONTRACT_TEST("UNIX-01", "a backlog that stays full is given up after 127 s, as by TCP") {
  if (!stage.simulated()) {
    SUCCEED("would take too long");
    return;
  }
  const BusyPath busy(stage, "busy");
  const TimePoint begin = stage.server().time();
  UnixConnecting client(stage, busy.path);
  client.run();
  CHECK(client.outcome->error() == "timed_out");
  CHECK(stage.server().time() - begin >= std::chrono::seconds(127));
  CHECK(stage.server().time() - begin <= std::chrono::seconds(129));
}

CONTRACT_TEST("UNIX-01", "ready-made sockets are used for both") {
  error_code error;
  Loop& loop = stage.server();
  const std::string path = stage.path("made");
  const auto acceptor = loop.backend().bind(Address::from_path(path), {}, error);
  REQUIRE(acceptor != nullptr);
  UnixServerOptions serving;
  serving.sock = acceptor->release();
  const UnixService service(stage, serving);
  CHECK(service.server.sockets().at(0).handle == serving.sock);
  UnixConnectOptions options;
  options.sock = connected_unix_socket(stage, path);
  UnixConnecting client(stage, options);
  client.run();
  REQUIRE(client.outcome->succeeded());
  client.protocol->transport.write("hello");
  stage.run_until([&] { return service.count() == 1; }, "the connection to be accepted");
  stage.run_until_received(service[0], 5);
  CHECK(client.protocol->transport.raw().peername() == Address::from_path(path));
  as_user([&] { service.server.close(); });
  CHECK_FALSE(stage.exists(path));  // as of a socket that it has bound itself
}

CONTRACT_TEST("UNIX-01", "an accepted socket that was made elsewhere gets a transport") {
  const UnixService service(stage);
  const auto client = stage.recorder("client");
  const NativeHandle socket = connected_unix_socket(stage, service.path);
  stage.server().connect_accepted_socket(client->factory(), socket, [](auto, auto) {});
  stage.run_until([&] { return client->made() && service.count() == 1; }, "the transport");
  CHECK(client->transport.raw().peername() == Address::from_path(service.path));
  service[0].transport.write("hello");
  stage.run_until_received(*client, 5);
}

CONTRACT_TEST("UNIX-01", "wrong use is rejected before anything changes") {
  Loop& loop = stage.server();
  const UnixService service(stage);
  const Service over_tcp(stage);
  const NativeHandle unix_sock = connected_unix_socket(stage, service.path);
  error_code error;
  const NativeHandle tcp_sock =
      loop.backend().bind(Address::of(stage.server_address(), 0), {}, error)->release();
  const std::size_t before = stage.open_descriptors();
  const auto check = [&](const std::string& path, NativeHandle sock, const std::string& why) {
    UnixConnectOptions connecting(path);
    connecting.sock = sock;
    CHECK_THROWS_WITH(loop.create_unix_connection([] { return nullptr; }, connecting, [](auto&&...) {}),
                      Catch::Contains(why));
    UnixServerOptions serving(path);
    serving.sock = sock;
    CHECK_THROWS_WITH(loop.create_unix_server([] { return nullptr; }, serving, [](auto&&...) {}),
                      Catch::Contains(why));
  };
  check("", {}, "neither path nor sock");
  check(service.path, unix_sock, "path cannot be combined with sock");
  check("", tcp_sock, "not a Unix socket");
  check("", {900}, "not a Unix socket");
  check("/" + std::string(107, 'x'), {}, "108 bytes, 107 at most");
  check(abstract_path(std::string(107, 'x')), {}, "108 bytes, 107 at most");
  check(std::string("/a\0b", 4), {}, "NUL");
  UnixServerOptions no_backlog(stage.path("unused"));
  no_backlog.backlog = 0;
  CHECK_THROWS_AS(loop.create_unix_server([] { return nullptr; }, no_backlog, [](auto&&...) {}),
                  std::invalid_argument);
  UnixServerOptions connected;  // a socket, but not one to listen on
  connected.sock = unix_sock;
  CHECK_THROWS_AS(loop.create_unix_server([] { return nullptr; }, connected, [](auto&&...) {}),
                  std::invalid_argument);
  CHECK(stage.open_descriptors() == before);
  CHECK(loop.pending_operations(true).empty());
  loop.backend().close_handle(unix_sock);
  loop.backend().close_handle(tcp_sock);
}

CONTRACT_TEST("UNIX-01", "the longest names that there can be") {
  const std::string folder = stage.path("");
  const std::string path = folder + std::string(Address::path_max - folder.size(), 'x');
  for (const std::string& name : {path, abstract_path(path.substr(1))}) {
    REQUIRE(name.size() == Address::path_max);
    const UnixService service(stage, UnixServerOptions(name));
    const auto client = connect_to(stage, service);
    CHECK(client->transport.raw().peername()->path() == name);
  }
}

}  // namespace
}  // namespace twinwire::contract
