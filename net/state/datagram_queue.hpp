// Datagrams that were sent and not yet taken by the wire.
#pragma once

#include <twinwire/net/state/write_buffer.hpp>
#include <twinwire/net/wire/datagram_wire.hpp>

#include <cstddef>
#include <deque>
#include <optional>
#include <span>

namespace twinwire::detail {

/// First in, first out. It owns copies.
class DatagramQueue {
 public:
  /// What each counts besides its bytes, so that empty ones count too: see UDP-12 in docs/contract.md.
  static constexpr std::size_t header_size = 8;

  bool empty() const noexcept { return entries_.empty(); }
  std::size_t count() const noexcept { return entries_.size(); }
  std::size_t size() const noexcept { return bytes_.size() + entries_.size() * header_size; }

  void push(Bytes data, const std::optional<Address>& receiver) {
    entries_.push_back({data.size(), receiver});
    bytes_.append(data);
  }
  /// The first ones, as many as there are and fit. Valid until the queue changes.
  std::span<const OutgoingDatagram> front(std::span<OutgoingDatagram> space) const {
    Bytes rest = bytes_.front();
    std::size_t count = 0;
    for (const Entry& entry : entries_) {
      if (count == space.size()) break;
      space[count++] = {rest.first(entry.size), entry.receiver ? &*entry.receiver : nullptr};
      rest = rest.subspan(entry.size);
    }
    return space.first(count);
  }
  void pop(std::size_t count) noexcept {
    for (; count != 0; --count) {
      bytes_.consume(entries_.front().size);
      entries_.pop_front();
    }
  }
  void clear() noexcept {
    entries_.clear();
    bytes_.clear();
  }

 private:
  struct Entry {
    std::size_t size;
    std::optional<Address> receiver;
  };

  std::deque<Entry> entries_;
  WriteBuffer bytes_;
};

}  // namespace twinwire::detail
