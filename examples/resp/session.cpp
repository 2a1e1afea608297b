#include "session.hpp"

#include "reply.hpp"

namespace resp {
namespace {

/// Space for replies that is kept for the next ones.
constexpr std::size_t gathered_capacity_kept = 1024UL * 1024;

}  // namespace

Session::Session(std::shared_ptr<Server> server)
    : server_(std::move(server)), parser_(server_->options().limits, server_->mistakes()) {}

void Session::connection_made(twinwire::Transport transport) {
  transport_ = std::move(transport);
  transport_.set_write_buffer_limits(static_cast<std::ptrdiff_t>(server_->options().write_buffer_high));
  client_.id = server_->next_id();
  if (const auto peer = transport_.peername()) client_.address = peer->to_string();
  if (server_->join()) return;
  std::string& out = server_->gathered();
  put_error(out, "ERR max number of clients reached");
  end_with(out);
}

void Session::connection_lost(twinwire::error_code) {
  server_->leave();
}

void Session::data_received(twinwire::Bytes data) {
  parser_.feed(data);
  answer();
}

void Session::resume_writing() {
  paused_ = false;
  if (transport_.is_closing()) return;
  answer();
  if (!paused_) transport_.resume_reading();
}

/// Answers what is there, until the peer has to take some of it first.
void Session::answer() {
  if (paused_) return;
  Commands& commands = server_->commands_now();
  std::string& out = server_->gathered();
  while (!paused_ && !transport_.is_closing() && answer_next(commands, out)) {
    if (out.size() >= server_->options().gathered_max) send(out);
  }
  send(out);
  // Also so that the end of the stream, which closes, is seen only when everything before it is answered.
  if (paused_ && !server_->mistakes().closes_while_paused) transport_.pause_reading();
}

/// False: there is nothing more to answer.
bool Session::answer_next(Commands& commands, std::string& out) {
  switch (parser_.next()) {
    case CommandParser::Step::need_more:
      return false;
    case CommandParser::Step::failed:
      put_error(out, "ERR " + parser_.error());
      end_with(out);
      return false;
    case CommandParser::Step::command:
      break;
  }
  commands.execute(parser_.arguments(), client_, out);
  if (client_.quit) end_with(out);
  return !client_.quit;
}

void Session::send(std::string& out) {
  if (!out.empty()) transport_.write(out);
  out.clear();
  if (out.capacity() > gathered_capacity_kept) out.shrink_to_fit();
}

/// The last words; what is buffered is still delivered.
void Session::end_with(std::string& out) {
  send(out);
  transport_.close();
}

}  // namespace resp
