#include "supervisor.hpp"

#include <algorithm>
#include <ranges>
#include <utility>

namespace supervisor {

Supervisor::Supervisor(twinwire::Loop& loop, std::vector<ChildSettings> children,
                       std::function<void(const std::string&)> output, std::function<void()> finished,
                       const Mistakes& mistakes)
    : output_(std::move(output)), finished_(std::move(finished)), mistakes_(mistakes) {
  for (ChildSettings& settings : children) {
    children_.push_back(std::make_unique<Child>(loop, std::move(settings), *this, mistakes));
  }
}

void Supervisor::start() {
  for (const auto& child : children_) child->start();
}

void Supervisor::stop() {
  if (stopping_) {
    for (const auto& child : children_) child->kill();
    return;
  }
  stopping_ = true;
  // Now, and not when its turn comes: a child that ends until then must not come back.
  if (!mistakes_.restarts_while_stopping) {
    for (const auto& child : children_) child->retire();
  }
  stop_next();
}

void Supervisor::stop_next() {
  const auto last_first = children_ | std::views::reverse;
  const auto next = std::ranges::find_if(last_first, [](const auto& child) { return child->is_up(); });
  if (next == last_first.end()) return finish();
  (*next)->stop();
}

void Supervisor::child_over(Child&) {
  if (stopping_) {
    stop_next();
  } else if (std::ranges::all_of(children_, [](const auto& child) { return child->is_over(); })) {
    finish();
  }
}

void Supervisor::finish() {
  if (finished_) std::exchange(finished_, nullptr)();
}

bool Supervisor::failed() const noexcept {
  return std::ranges::any_of(children_, [](const auto& child) { return child->failed(); });
}

}  // namespace supervisor
