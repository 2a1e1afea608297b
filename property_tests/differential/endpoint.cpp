#include "endpoint.hpp"

#include <algorithm>
#include <exception>
#include <stdexcept>

namespace twinwire::differential {
namespace {

/// What is written repeats itself after so many bytes; a prime, as nothing else here is a multiple of it.
constexpr std::size_t period = 262'147;
/// The most that is written at once.
constexpr std::size_t write_max = 2'000'000;
/// By how much the two sides' bytes are apart.
constexpr std::size_t side_distance = 4099;

const std::vector<std::byte>& table() {
  static const std::vector<std::byte> bytes = [] {
    std::vector<std::byte> made(period + write_max);
    std::uint32_t state = 1;
    for (std::size_t i = 0; i < period; ++i) {
      state = state * 1664525U + 1013904223U;
      made[i] = static_cast<std::byte>(state >> 24U);
    }
    for (std::size_t i = period; i < made.size(); ++i) made[i] = made[i - period];
    return made;
  }();
  return bytes;
}

std::string kind_of(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const OperationError& error) {
    return describe(error.code());
  } catch (const std::invalid_argument&) {
    return "invalid_argument";
  } catch (const std::logic_error&) {
    return "logic_error";
  } catch (const std::exception& error) {
    return error.what();
  }
}

}  // namespace

Bytes bytes_of(int side, std::uint64_t offset, std::size_t size) {
  if (size > write_max) throw std::length_error("a program that writes too much");
  return Bytes(table()).subspan((offset + static_cast<std::size_t>(side) * side_distance) % period, size);
}

std::string describe(const error_code& error) {
  return error.failed() ? error.default_error_condition().message() : std::string();
}

void Endpoint::perform(const Step& step) {
  try {
    act(step);
  } catch (...) {
    // Which may be after connection_lost.
    add(to_text(step) + " threw " + kind_of(std::current_exception()));
  }
}

void Endpoint::note_made() {
  note(made_ ? "WRONG: connection_made twice" : "CM");
  made_ = true;
}

void Endpoint::note_lost(const error_code& error) {
  note(lost_ ? "WRONG: connection_lost twice" : error.failed() ? "CL: " + describe(error) : "CL");
  lost_ = true;
}

void Endpoint::note(std::string event) {
  add(lost_ ? "WRONG: after connection_lost: " + event : std::move(event));
}

void Endpoint::add(std::string event) {
  data_name_.clear();
  events_.push_back(std::move(event));
}

void Endpoint::note_data(std::string_view name, std::uint64_t& offset, Bytes data, int writer) {
  if (!std::ranges::equal(data, bytes_of(writer, offset, data.size()))) {
    note("WRONG: other bytes than were written, behind byte " + std::to_string(offset));
  }
  offset += data.size();
  note_data(name, data.size());
}

void Endpoint::note_data(std::string_view name, std::size_t size) {
  if (data_name_ == name && !lost_) {
    data_size_ += size;
    events_.back() = data_name_ + ":" + std::to_string(data_size_);
    return;
  }
  note(std::string(name) + ":" + std::to_string(size));
  data_name_ = name;
  data_size_ = size;
}

// How often a writer is paused depends on how much a system takes at once; that the two alternate does not.

void Endpoint::note_pause() {
  if (writing_paused_) note("WRONG: pause_writing twice");
  writing_paused_ = true;
}

void Endpoint::note_resume() {
  if (!writing_paused_) note("WRONG: resume_writing without pause_writing");
  writing_paused_ = false;
}

}  // namespace twinwire::differential
