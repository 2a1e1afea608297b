#include "child_endpoint.hpp"

namespace twinwire::differential {

class ChildEndpoint::Listener final : public Protocol {
 public:
  explicit Listener(std::shared_ptr<ChildEndpoint> endpoint) : endpoint_(std::move(endpoint)) {}
  void connection_made(Transport transport) override { endpoint_->transport_ = std::move(transport); }
  void data_received(Bytes data) override { endpoint_->text_received(as_text(data)); }
  /// Whether the system resets the connection of a process that ends is of no interest.
  void connection_lost(error_code) override { endpoint_->note_lost({}); }

 private:
  std::shared_ptr<ChildEndpoint> endpoint_;
};

std::shared_ptr<Protocol> ChildEndpoint::protocol() {
  return std::make_shared<Listener>(std::static_pointer_cast<ChildEndpoint>(shared_from_this()));
}

void ChildEndpoint::text_received(std::string_view text) {
  text_ += text;
  for (std::size_t end = text_.find('\n'); end != std::string::npos; end = text_.find('\n')) {
    const std::string line = text_.substr(0, end);
    text_.erase(0, end + 1);
    line_received(line);
  }
}

void ChildEndpoint::line_received(const std::string& line) {
  if (line == "ready") return note_made();
  if (line == "end") return note("ER");
  if (line.starts_with("data ")) return note_data("DR", std::stoul(line.substr(5)));
  if (line.starts_with("signal ")) return note(line);
  if (line == "done" && unanswered_ > 0) {
    --unanswered_;
  } else {
    note("WRONG: the child told: " + line);
  }
}

void ChildEndpoint::act(const Step& step) {
  if (lost()) return;
  if (step.action == Action::catch_signals) catches_ = true;
  if (step.action != Action::exit) ++unanswered_;
  transport_.write(to_text(step) + "\n");
}

std::string ChildEndpoint::state() const {
  std::string text = unanswered_ == 0 ? "open" : "open, works";
  if (catches_) text += ", catches signals";
  return text;
}

}  // namespace twinwire::differential
