#include "player.hpp"

#include <chrono>
#include <utility>

namespace resp {

Player::Player(twinwire::Loop& loop, const ClientOptions& options, std::uint64_t rounds, bool ends_with_quit,
               const Mistakes& mistakes)
    : loop_(loop),
      rounds_(rounds),
      workload_(loop.choices(), options.name, ends_with_quit),
      client_(loop, options, mistakes) {}

void Player::start() {
  loop_.call_soon([this] { play_round(); });
}

void Player::play_round() {
  for (Operation& operation : workload_.round(round_)) request(std::move(operation));
}

void Player::play_last_round() {
  for (Operation& operation : workload_.last_round()) request(std::move(operation));
  if (workload_.ending() == Ending::quit) {
    Operation quit;
    quit.kind = Operation::Kind::quit;
    request(std::move(quit));
  }
  client_.finish([this] { done_ = true; });
}

void Player::request(Operation operation) {
  operation.issued_ms = now_ms();
  auto arguments = operation.arguments();
  const bool repeatable = operation.repeatable();
  client_.request(
      std::move(arguments), repeatable,
      [this, operation = std::move(operation)](const Answer& answer) { answered(operation, answer); });
}

void Player::answered(const Operation& operation, const Answer& answer) {
  if (failure_) return;
  try {
    expectations_.check(operation, answer, now_ms());
  } catch (const WrongReply&) {
    failure_ = std::current_exception();
    return;
  }
  if (expectations_.is_doubtful(operation.key)) workload_.replace_key(operation.key);
  if (client_.pending() == 0) next();
}

void Player::next() {
  if (round_ == rounds_) return;
  const auto pause = std::chrono::milliseconds(workload_.pause_ms(round_));
  ++round_;
  loop_.call_later(pause, [this] { round_ == rounds_ ? play_last_round() : play_round(); });
}

std::int64_t Player::now_ms() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(loop_.time().time_since_epoch()).count();
}

}  // namespace resp
