#include "client.hpp"

#include "link.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace resp {
namespace {

constexpr twinwire::Purpose pause_jitter{
    "pause",
    "{entity}: the pause before its connection attempt {ordinal} was {outcome}/64 of a quarter longer"};
constexpr std::uint64_t pause_steps = 64;

/// What one write gathers at most.
constexpr std::size_t gathered_requests_max = 64;
constexpr std::size_t gathered_bytes_max = 64UL * 1024;

std::string in_milliseconds(twinwire::Duration duration) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count()) + " ms";
}

}  // namespace

Client::Client(twinwire::Loop& loop, ClientOptions options, const Mistakes& mistakes)
    : loop_(loop), options_(std::move(options)), mistakes_(mistakes) {}

Client::~Client() {
  for (auto& [number, request] : sent_) request.timer.cancel();
  for (const auto& link : old_links_) link->drop();
  if (link_) link_->drop();
  connecting_.cancel();
  link_timer_.cancel();
  pause_timer_.cancel();
  wake_call_.cancel();
}

void Client::request(std::vector<std::string> arguments, bool repeatable, Done done) {
  if (finishing_) throw std::logic_error("a request after finish()");
  Request request;
  request.bytes = encode_command(arguments);
  request.done = std::move(done);
  request.repeatable = repeatable;
  waiting_.emplace(++last_number_, std::move(request));
  wake();
}

void Client::finish(twinwire::Callback done) {
  finishing_ = true;
  finished_ = std::move(done);
  wake();
}

/// So that requests which are made together travel together.
void Client::wake() {
  if (std::exchange(woken_, true)) return;
  wake_call_ = loop_.call_soon([this] {
    woken_ = false;
    proceed();
  });
}

void Client::proceed() {
  if (link_) {
    send_waiting();
  } else if (!waiting_.empty()) {
    if (!pausing_) connect();
  } else if (finishing_ && finished_) {
    pause_timer_.cancel();
    std::exchange(finished_, nullptr)();
  }
}

// --- the connection ---

void Client::connect() {
  ++attempts_;
  half_closed_ = false;
  link_ = std::make_shared<Link>(*this, options_.limits, mistakes_);
  connecting_ = loop_.create_connection(
      [link = link_] { return link; }, twinwire::ConnectOptions(options_.host, options_.port),
      [link = link_](std::exception_ptr failure, const twinwire::Connection&) {
        if (failure) link->failed(twinwire::message_of(failure));
      });
  link_timer_ = loop_.call_later(options_.timeout, [this] {
    connecting_.cancel();
    abandon_link();
    link_gone(false,
              "connect to " + options_.host + ": no answer within " + in_milliseconds(options_.timeout));
  });
}

void Client::link_made() {
  link_timer_.cancel();
  send_waiting();
}

void Client::link_lost(Link& link, bool in_order, const std::string& reason) {
  if (&link != link_.get()) return;
  link_.reset();
  link_gone(in_order, reason);
}

/// What was on its way is put in line again or given up, and a new connection made if there is a use for it.
void Client::link_gone(bool in_order, const std::string& reason) {
  link_timer_.cancel();
  ++failed_in_a_row_;
  requeue_sent(in_order, reason);
  if (failed_in_a_row_ >= options_.attempts_max) {
    failed_in_a_row_ = 0;
    give_up_waiting(reason);
  }
  pausing_ = true;
  pause_timer_ = loop_.call_later(next_pause(), [this] {
    pausing_ = false;
    proceed();
  });
  wake();
}

twinwire::Duration Client::next_pause() {
  twinwire::Duration pause = options_.pause_min;
  for (int i = 1; i < failed_in_a_row_ && pause < options_.pause_max; ++i) pause *= 2;
  pause = std::min(pause, options_.pause_max);
  twinwire::Choices& choices = loop_.choices();
  const auto outcome = choices.draw(choices.site(options_.name, pause_jitter), attempts_ + 1, pause_steps);
  return pause + pause / 4 * static_cast<std::int64_t>(outcome) / static_cast<std::int64_t>(pause_steps);
}

/// Nothing that still comes from there must be taken for the answer to a later request.
void Client::abandon_link() {
  const std::shared_ptr<Link> link = std::exchange(link_, nullptr);
  if (mistakes_.late_reply_taken && link->can_write()) {
    link->write_eof();  // The server may finish what it was doing.
    old_links_.push_back(link);
  } else {
    link->drop();
  }
}

// --- requests ---

void Client::send_waiting() {
  std::vector<twinwire::Bytes> gathered;
  while (link_->can_write() && !half_closed_ && !waiting_.empty() && sent_.size() < options_.pipeline_max) {
    gathered.clear();
    std::size_t bytes = 0;
    while (!waiting_.empty() && sent_.size() < options_.pipeline_max &&
           gathered.size() < gathered_requests_max && bytes < gathered_bytes_max) {
      const Request& request = move_to_sent();
      gathered.push_back(twinwire::as_bytes(request.bytes));
      bytes += request.bytes.size();
    }
    link_->write(gathered);
  }
  if (!finishing_ || !waiting_.empty() || !link_->can_write()) return;
  if (!std::exchange(half_closed_, true)) link_->write_eof();
  if (!sent_.empty()) return;
  link_timer_.cancel();
  link_timer_ = loop_.call_later(options_.timeout, [this] {
    abandon_link();
    link_gone(false, "the server did not end the connection");
  });
}

/// The first in line is on its way now.
const Client::Request& Client::move_to_sent() {
  auto node = waiting_.extract(waiting_.begin());
  Request& request = node.mapped();
  ++request.tries;
  request.timer = loop_.call_later(options_.timeout, [this] {
    abandon_link();
    link_gone(false, "no reply within " + in_milliseconds(options_.timeout));
  });
  return sent_.insert(std::move(node)).position->second;
}

void Client::link_replied(Link& link, Reply reply) {
  if (sent_.empty()) {
    if (&link != link_.get()) return;
    abandon_link();
    link_gone(false, "the server sent a reply that nobody asked for");
    return;
  }
  failed_in_a_row_ = 0;
  Answer answer;
  answer.fate = Answer::Fate::replied;
  answer.reply = std::move(reply);
  complete(sent_, sent_.begin(), std::move(answer));
  if (!waiting_.empty() || finishing_) wake();
}

/// The connection on which they were sent is gone. A server that ended it in order does not want those that
/// it has not answered.
void Client::requeue_sent(bool in_order, const std::string& reason) {
  while (!sent_.empty()) {
    const auto first = sent_.begin();
    if (in_order || !may_repeat(first->second)) {
      complete(sent_, first, {in_order ? Answer::Fate::refused : Answer::Fate::in_doubt, {}, reason});
    } else {
      first->second.timer.cancel();
      waiting_.insert(sent_.extract(first));
    }
  }
}

/// Nobody knows whether the first try was executed.
bool Client::may_repeat(const Request& request) const noexcept {
  return (request.repeatable || mistakes_.retries_everything) && request.tries < options_.tries_max;
}

void Client::give_up_waiting(const std::string& reason) {
  // Those that completions make meanwhile have a chance of their own.
  const std::uint64_t last = last_number_;
  while (!waiting_.empty() && waiting_.begin()->first <= last) {
    const auto first = waiting_.begin();
    const auto fate = first->second.tries == 0 ? Answer::Fate::not_sent : Answer::Fate::in_doubt;
    complete(waiting_, first, {fate, {}, reason});
  }
}

/// Out of the books first: the completion may make requests.
void Client::complete(Requests& requests, Requests::iterator position, Answer answer) {
  auto node = requests.extract(position);
  node.mapped().timer.cancel();
  node.mapped().done(std::move(answer));
}

}  // namespace resp
