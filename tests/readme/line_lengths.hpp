#pragma once

#include <twinwire/net/loop.hpp>

#include <string>
#include <utility>

/// Answers each line with its length.
class LineLengths final : public twinwire::Protocol {
 public:
  void connection_made(twinwire::Transport transport) override { transport_ = std::move(transport); }

  void data_received(twinwire::Bytes data) override {
    received_ += twinwire::as_text(data);
    for (auto end = received_.find('\r'); end != std::string::npos; end = received_.find('\r')) {
      transport_.write(std::to_string(end) + "\r\n");
      received_.erase(0, end + 2);
    }
  }

 private:
  twinwire::Transport transport_;
  std::string received_;
};
