// The queues of bytes and of values beside std::deque.
#include "property.hpp"

#include <twinwire/net/state/write_buffer.hpp>
#include <twinwire/sim/ring.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

namespace twinwire {
namespace {

/// What can be done to any of them; `size` is taken modulo what is possible.
struct Action {
  enum class Kind : std::uint8_t { append, consume, consume_all, truncate, clear } kind;
  std::size_t size;
};

void showValue(const Action& action, std::ostream& os) {
  constexpr std::array names{"append", "consume", "consume all", "truncate", "clear"};
  os << names[static_cast<std::size_t>(action.kind)] << "(" << action.size << ")";
}

rc::Gen<std::vector<Action>> programs() {
  using Kind = Action::Kind;
  return rc::gen::container<std::vector<Action>>(rc::gen::build<Action>(
      rc::gen::set(&Action::kind, rc::gen::weightedElement<Kind>({{8, Kind::append},
                                                                  {6, Kind::consume},
                                                                  {1, Kind::consume_all},
                                                                  {1, Kind::truncate},
                                                                  {1, Kind::clear}})),
      rc::gen::set(&Action::size,
                   rc::gen::oneOf(rc::gen::inRange<std::size_t>(0, 10), rc::gen::inRange<std::size_t>(0, 700),
                                  rc::gen::inRange<std::size_t>(0, 40'000)))));
}

/// Bytes that differ from their neighbours, and go on where the last ones ended.
std::string fresh_bytes(std::size_t count) {
  static std::uint32_t next = 0;
  std::string text(count, '\0');
  for (char& c : text) c = static_cast<char>(++next * 2654435761U >> 24);
  return text;
}

bool same(Bytes bytes, std::deque<char>::const_iterator expected) {
  const std::string_view text = as_text(bytes);
  return std::equal(text.begin(), text.end(), expected);
}

PROPERTY("the write buffer gives the bytes back in order, and what it counts is there") {
  detail::WriteBuffer buffer;
  std::deque<char> model;
  for (const Action& action : *programs()) {
    switch (action.kind) {
      case Action::Kind::append: {
        const std::string bytes = fresh_bytes(action.size);
        buffer.append(as_bytes(bytes));
        model.insert(model.end(), bytes.begin(), bytes.end());
        break;
      }
      case Action::Kind::clear:
        buffer.clear();
        model.clear();
        break;
      default: {
        const bool all = action.kind == Action::Kind::consume_all;
        const std::size_t count = all ? model.size() : action.size % (model.size() + 1);
        buffer.consume(count);
        model.erase(model.begin(), model.begin() + static_cast<std::ptrdiff_t>(count));
      }
    }
    RC_ASSERT(buffer.size() == model.size());
    RC_ASSERT(buffer.empty() == model.empty());
    RC_ASSERT(buffer.front().size() == model.size());
    RC_ASSERT(same(buffer.front(), model.begin()));
  }
}

PROPERTY("the ring of bytes reads what was appended, however it wraps and grows") {
  sim::ByteRing ring;
  std::deque<char> model;
  for (const Action& action : *programs()) {
    const std::size_t count = action.size % (model.size() + 1);
    switch (action.kind) {
      case Action::Kind::append: {
        const std::string bytes = fresh_bytes(action.size);
        ring.append(as_bytes(bytes));
        model.insert(model.end(), bytes.begin(), bytes.end());
        break;
      }
      case Action::Kind::truncate:
        ring.truncate(model.size() - count);
        model.resize(model.size() - count);
        break;
      default: {
        const std::size_t wanted = action.kind == Action::Kind::consume_all ? model.size() : count;
        if (wanted == 0) break;
        std::vector<std::byte> target(wanted);
        ring.read(target);
        RC_ASSERT(same(target, model.begin()));
        model.erase(model.begin(), model.begin() + static_cast<std::ptrdiff_t>(wanted));
      }
    }
    RC_ASSERT(ring.size() == model.size());
    const std::size_t offset = action.size % (model.size() + 1);
    const std::size_t length = (model.size() - offset) - action.size % (model.size() - offset + 1);
    const auto [first, second] = ring.view(offset, length);
    RC_ASSERT(first.size() + second.size() == length);
    const auto expected = model.begin() + static_cast<std::ptrdiff_t>(offset);
    RC_ASSERT(same(first, expected));
    RC_ASSERT(same(second, expected + static_cast<std::ptrdiff_t>(first.size())));
  }
}

template <std::size_t Inline>
void ring_is_a_deque(const std::vector<Action>& program) {
  sim::Ring<std::uint64_t, Inline> ring;
  std::deque<std::uint64_t> model;
  std::uint64_t next = 0;
  for (const Action& action : program) {
    switch (action.kind) {
      case Action::Kind::append:
        for (std::size_t i = 0; i < action.size % 9; ++i) {
          ring.push_back(++next);
          model.push_back(next);
        }
        break;
      case Action::Kind::clear:
        ring.clear();
        model.clear();
        break;
      case Action::Kind::truncate:
        if (model.empty()) break;
        ring.pop_back();
        model.pop_back();
        break;
      default:
        for (std::size_t i = 0; i < action.size % 9 && !model.empty(); ++i) {
          ring.pop_front();
          model.pop_front();
        }
    }
    RC_ASSERT(ring.size() == model.size());
    RC_ASSERT(ring.empty() == model.empty());
    if (model.empty()) continue;
    RC_ASSERT(ring.front() == model.front());
    RC_ASSERT(ring.back() == model.back());
    for (std::size_t i = 0; i < model.size(); ++i) RC_ASSERT(ring[i] == model[i]);
  }
}

PROPERTY("the ring of values is a deque") {
  const auto program = *programs();
  ring_is_a_deque<1>(program);
  ring_is_a_deque<2>(program);
  ring_is_a_deque<8>(program);
}

}  // namespace
}  // namespace twinwire
