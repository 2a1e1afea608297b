#include "greeting.hpp"

#include <exception>
#include <memory>
#include <utility>

namespace {

class Greeter final : public twinwire::Protocol {
 public:
  void connection_made(twinwire::Transport transport) override {
    transport.write("hello, ");
    transport.write("twin");
    transport.close();
  }
  void data_received(twinwire::Bytes) override {}
};

class Listener final : public twinwire::Protocol {
 public:
  explicit Listener(std::function<void(std::string)> done) : done_(std::move(done)) {}
  void data_received(twinwire::Bytes data) override { text_ += twinwire::as_text(data); }
  void connection_lost(twinwire::error_code) override { done_(text_); }

 private:
  std::function<void(std::string)> done_;
  std::string text_;
};

}  // namespace

void exchange_greeting(twinwire::Loop& loop, std::function<void(std::string)> done) {
  loop.create_server(
      [] { return std::make_shared<Greeter>(); }, {"127.0.0.1", 0},
      [&loop, done = std::move(done)](const std::exception_ptr& failure, const twinwire::Server& server) {
        if (failure) std::rethrow_exception(failure);
        const auto finish = [server, done](std::string text) {
          server.close();
          done(std::move(text));
        };
        loop.create_connection([finish] { return std::make_shared<Listener>(finish); },
                               {"127.0.0.1", server.port()},
                               [](const std::exception_ptr& why, const twinwire::Connection&) {
                                 if (why) std::rethrow_exception(why);
                               });
      });
}
