// What may be called on the stack of what, and what a protocol may do inside its callbacks.
#include "harness.hpp"

namespace twinwire::contract {
namespace {

using Ending = void (CheckedTransport::*)() const;

CONTRACT_TEST("GEN-03", "CL comes in a later turn than the call that ends the connection") {
  const Pair pair = stage.connect_pair();
  const CheckedTransport& transport = pair.client->transport;
  Loop& loop = stage.client();
  std::function<void()> end;
  std::string last = "CL";
  SECTION("close") {
    end = [&] { transport.close(); };
  }
  SECTION("abort") {
    end = [&] { transport.abort(); };
  }
  SECTION("calls that find the connection reset") {
    transport.pause_reading();
    pair.server->transport.abort();
    stage.settle();
    last = "CL:connection_reset";
    SECTION("write") {
      end = [&] { transport.write("x"); };
    }
    SECTION("writelines") {
      end = [&] { transport.writelines({"x", "y"}); };
    }
    SECTION("write_eof") {
      end = [&] { transport.write_eof(); };
    }
  }
  CHECK_FALSE(transport.is_closing());
  bool later_in_turn = false;
  stage.in_callback(loop, [&] {
    end();
    CHECK(transport.is_closing());
    CHECK_FALSE(transport.is_reading());
    CHECK(pair.client->events() == "CM");
  });
  loop.call_soon([&] {
    end = nullptr;
    later_in_turn = true;
  });
  stage.run_until_lost(*pair.client);
  CHECK(later_in_turn);
  CHECK(pair.client->events() == "CM " + last);
}

STREAM_TEST("GEN-03", "callbacks of the same turn still see the connection without CL") {
  const Pair pair = stage.connect_pair();
  Loop& loop = stage.client();
  Ending end = nullptr;
  SECTION("close") {
    end = &CheckedTransport::close;
  }
  SECTION("abort") {
    end = &CheckedTransport::abort;
  }
  std::string seen;
  loop.call_soon([&] { (pair.client->transport.*end)(); });
  loop.call_soon([&] { seen = pair.client->events(); });
  stage.run_until_lost(*pair.client);
  CHECK(seen == "CM");
  CHECK(pair.client->events() == "CM CL");
}

STREAM_TEST("GEN-03", "no call on a connection whose CL is due delivers it") {
  const Pair pair = stage.connect_pair();
  const CheckedTransport& transport = pair.client->transport;
  transport.abort();
  transport.write("x");
  transport.writelines({"x", "y"});
  transport.pause_reading();
  transport.resume_reading();
  transport.set_protocol(pair.client->protocol());
  transport.set_write_buffer_limits(0);
  transport.write_eof();
  transport.close();
  transport.abort();
  CHECK(pair.client->events() == "CM");
  stage.run_until_lost(*pair.client);
  CHECK(pair.client->events() == "CM CL");
}

// Recorders check in every test that only PW comes inside a call; this one makes all of them come.
PLAIN_TEST("GEN-04", "only PW runs inside a call: DR, ER, RW and CL always come from the loop") {
  const Pair pair = stage.connect_deaf_server();
  const CheckedTransport& client = pair.client->transport;
  bool pause_inside = false;
  bool resume_inside = true;
  pair.client->on_pause = [&] { pause_inside = UserCall::active(); };
  pair.client->on_resume = [&] { resume_inside = UserCall::active(); };
  SECTION("PW inside write") {
    client.set_write_buffer_limits(0);
    while (client.get_write_buffer_size() == 0) client.write(pattern(1000));
  }
  SECTION("PW inside writelines") {
    client.set_write_buffer_limits(0);
    while (client.get_write_buffer_size() == 0) client.writelines({pattern(1000), "x"});
  }
  SECTION("PW inside set_write_buffer_limits") {
    client.set_write_buffer_limits(1 << 30);
    fill(client);
    CHECK(pair.client->events() == "CM");
    client.set_write_buffer_limits(0);
  }
  CHECK(pair.client->events() == "CM PW");
  CHECK(pause_inside);
  client.set_write_buffer_limits(1 << 30);
  CHECK(pair.client->events() == "CM PW");

  stage.settle();
  pair.server->keep_open = true;
  pair.server->transport.resume_reading();
  CHECK(pair.server->events() == "CM");
  client.write_eof();
  stage.run_until([&] { return pair.server->eof(); }, "the end of the stream");
  CHECK(pair.client->events() == "CM PW RW");
  CHECK_FALSE(resume_inside);
  pair.server->transport.close();
  stage.run_until_lost(pair);
  CHECK(pair.client->events() == "CM PW RW ER CL");
}

CONTRACT_TEST("GEN-05", "a connect completes after CM has returned, and before it no data comes") {
  const auto client = stage.recorder("client");
  const auto server = stage.recorder("server");
  server->on_made = [&] { server->transport.write("greeting"); };
  const Server listening = stage.listen(server->factory());
  const auto outcome = Outcome<Connection>::make();
  bool done_inside = true;
  client->on_made = [&] { done_inside = outcome->done(); };
  std::string at_completion;
  {
    const UserCall inside;
    stage.client().create_connection(
        client->factory(), stage.address_of(listening),
        [&, complete = outcome->completion()](std::exception_ptr failure, Connection connection) mutable {
          at_completion = client->events();
          complete(std::move(failure), std::move(connection));
        });
  }
  CHECK(client->events().empty());
  stage.run_until_received(*client, 8);
  CHECK(outcome->succeeded());
  CHECK(outcome->value.protocol == client->protocol());
  CHECK(outcome->value.transport == client->transport.raw());
  CHECK_FALSE(done_inside);
  CHECK(at_completion == "CM");
  CHECK(client->events() == "CM DR:greeting");
  listening.close();
}

CONTRACT_TEST("GEN-05", "bytes and an end that are there before the transport is made wait for CM") {
  const auto client = stage.recorder("client");
  const auto server = stage.recorder("server");
  const NativeHandle socket = accepted_socket(stage, *client);
  client->transport.write("early");
  client->transport.write_eof();
  stage.settle();
  const auto outcome = Outcome<Connection>::make();
  bool done_inside = true;
  server->on_made = [&] { done_inside = outcome->done(); };
  SECTION("connect_accepted_socket") {
    const UserCall inside;
    stage.server().connect_accepted_socket(server->factory(), socket, outcome->completion());
  }
  SECTION("create_connection with a ready-made socket") {
    ConnectOptions options;
    options.sock = socket;
    const UserCall inside;
    stage.server().create_connection(server->factory(), options, outcome->completion());
  }
  CHECK(server->events().empty());
  stage.run_until_lost({client, server});
  CHECK(outcome->succeeded());
  CHECK_FALSE(done_inside);
  CHECK(server->events() == "CM DR:early ER CL");
}

STREAM_TEST("GEN-11", "close inside a data callback withholds what was received, and ER") {
  const auto client = stage.recorder("client");
  const auto server = stage.recorder("server");
  std::array<std::byte, 4> space;
  server->start_paused = true;
  server->on_get_buffer = [&](std::ptrdiff_t) { return MutableBytes(space); };
  SECTION("DR, with more data") {}
  SECTION("BU, with more data") {
    server->buffered = true;
  }
  stage.connect_pair(client, server);
  server->on_data = [&](std::string_view) {
    server->transport.close();
    CHECK(server->transport.is_closing());
    CHECK_FALSE(server->transport.is_reading());
  };
  const std::string text = pattern(60'000);
  client->transport.write(text);
  client->transport.write(text);
  stage.end_stream(client->transport);
  stage.settle();
  server->transport.resume_reading();
  stage.run_until_lost(*server);
  stage.settle();
  const std::size_t size = server->received().size();
  const std::string piece = server->buffered ? "BU:" : "DR:";
  CHECK(size < 2 * text.size());
  // A layer may ask for a buffer more than once (BUF-01).
  std::vector<std::string> steps = server->steps();
  std::erase(steps, "GB");
  CHECK(steps == std::vector<std::string>{"CM", piece + std::to_string(size), "CL"});
}

STREAM_TEST("GEN-11", "close inside the last data callback leaves out ER") {
  const auto client = stage.recorder("client");
  const auto server = stage.recorder("server");
  server->start_paused = true;
  stage.connect_pair(client, server);
  server->on_data = [&](std::string_view) { server->transport.close(); };
  client->transport.write("x");
  client->transport.close();
  stage.settle();
  server->transport.resume_reading();
  stage.run_until_lost({client, server});
  CHECK(server->events() == "CM DR:x CL");
}

CONTRACT_TEST("GEN-12", "close or abort inside CM: the connect completes, and CL follows without data") {
  const auto client = stage.recorder("client");
  const auto server = stage.recorder("server");
  Ending end = nullptr;
  SECTION("close") {
    end = &CheckedTransport::close;
  }
  SECTION("abort") {
    end = &CheckedTransport::abort;
  }
  server->on_made = [&] { server->transport.write("greeting"); };
  bool lost_inside = true;
  client->on_made = [&] {
    (client->transport.*end)();
    lost_inside = client->lost();
  };
  const Server listening = stage.listen(server->factory());
  const auto outcome = Outcome<Connection>::make();
  stage.client().create_connection(client->factory(), stage.address_of(listening), outcome->completion());
  stage.run_until([&] { return outcome->done() && client->lost(); }, "the connection to begin and end");
  CHECK(outcome->succeeded());
  CHECK(outcome->value.transport.is_closing());
  CHECK_FALSE(lost_inside);
  stage.settle();
  CHECK(client->events() == "CM CL");
  listening.close();
}

PLAIN_TEST("GEN-12", "close inside the CM of an accepted connection is an orderly end") {
  const auto client = stage.recorder("client");
  const auto server = stage.recorder("server");
  client->on_made = [&] { client->transport.write_eof(); };
  server->on_made = [&] { server->transport.close(); };
  stage.connect_pair(client, server);
  stage.run_until_lost({client, server});
  stage.settle();
  CHECK(server->events() == "CM CL");
  CHECK(client->events() == "CM ER CL");
}

CONTRACT_TEST("GEN-12",
              "abort inside the CM of an accepted connection: CL and no data, and others are served") {
  const auto client = stage.recorder("client");
  std::vector<std::shared_ptr<Recorder>> accepted;
  client->on_made = [&] { client->transport.write("hello"); };
  const Server listening = stage.listen([&]() -> std::shared_ptr<BaseProtocol> {
    const auto server = accepted.emplace_back(stage.recorder("server"));
    if (accepted.size() == 1) server->on_made = [server = server.get()] { server->transport.abort(); };
    return server->protocol();
  });
  // The reset may come before the client's system told that it is connected: then the attempt fails.
  const auto outcome = Outcome<Connection>::make();
  stage.client().create_connection(client->factory(), stage.address_of(listening), outcome->completion());
  stage.run_until([&] { return outcome->done() && (outcome->failure || client->lost()); }, "the reset");
  stage.settle();
  REQUIRE(accepted.size() == 1);
  CHECK(accepted[0]->events() == "CM CL");
  CHECK((outcome->failure ? outcome->error() : name_of(client->error())) == "connection_reset");

  const auto second = stage.recorder("second");
  stage.client().create_connection(second->factory(), stage.address_of(listening), [](auto, auto) {});
  stage.run_until([&] { return accepted.size() == 2 && second->made(); }, "the second client");
  second->transport.write("hello");
  stage.run_until_received(*accepted[1], 5);
  listening.close();
}

CONTRACT_TEST("GEN-13", "abort inside PW: the write returns, nothing is buffered, no RW, one CL") {
  const Pair pair = stage.connect_deaf_server();
  pair.client->transport.set_write_buffer_limits(0);
  pair.client->on_pause = [&] {
    pair.client->transport.abort();
    CHECK(pair.client->transport.get_write_buffer_size() == 0);
  };
  fill(pair.client->transport);
  CHECK(pair.client->transport.is_closing());
  CHECK(pair.client->transport.get_write_buffer_size() == 0);
  CHECK(pair.client->events() == "CM PW");
  pair.server->transport.resume_reading();
  stage.run_until_lost(pair);
  stage.settle();
  CHECK(pair.client->events() == "CM PW CL");
  CHECK(pair.server->error() == errc::connection_reset);
}

}  // namespace
}  // namespace twinwire::contract
