#include "link.hpp"

#include "client.hpp"

namespace resp {

void Link::drop() {
  client_ = nullptr;
  up_ = false;
  transport_.abort();
}

void Link::failed(const std::string& reason) {
  if (client_) client_->link_lost(*this, false, reason);
}

void Link::connection_made(twinwire::Transport transport) {
  transport_ = std::move(transport);
  if (!client_) {
    transport_.abort();
    return;
  }
  up_ = true;
  client_->link_made();
}

void Link::data_received(twinwire::Bytes data) {
  parser_.feed(data);
  while (client_) {
    const ReplyParser::Step step = parser_.next();
    if (step == ReplyParser::Step::need_more) return;
    if (step == ReplyParser::Step::reply) {
      client_->link_replied(*this, parser_.take_reply());
    } else {
      Client& client = *client_;
      drop();
      client.link_lost(*this, false, parser_.error());
    }
  }
}

void Link::resume_writing() {
  paused_ = false;
  if (client_ && up_) client_->wake();
}

void Link::connection_lost(twinwire::error_code error) {
  up_ = false;
  if (client_)
    client_->link_lost(*this, !error.failed(), error ? error.message() : "the server ended the connection");
}

}  // namespace resp
