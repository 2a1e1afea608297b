// A child process, as what tells it what to do sees it.
#pragma once

#include "endpoint.hpp"

#include <twinwire/net/protocol.hpp>
#include <twinwire/net/transport.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace twinwire::differential {

/// Side 1 of a child: passes steps on to it, and writes down what it tells. Its connection_lost is the end of
/// the connection over which they speak, see child.hpp.
class ChildEndpoint final : public Endpoint {
 public:
  ChildEndpoint() : Endpoint(1) {}

  /// For the server to which the child connects.
  std::shared_ptr<Protocol> protocol();
  void end() override { transport_.abort(); }

 private:
  class Listener;

  void act(const Step& step) override;
  std::string state() const override;
  void text_received(std::string_view text);
  void line_received(const std::string& line);

  Transport transport_;
  std::string text_;
  int unanswered_ = 0;
  bool catches_ = false;
};

}  // namespace twinwire::differential
