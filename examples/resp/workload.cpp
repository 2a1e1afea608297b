#include "workload.hpp"

#include <algorithm>
#include <array>

namespace resp {
namespace {

using twinwire::Odds;
using twinwire::Purpose;
using Kind = Operation::Kind;

constexpr Purpose number_purpose{"workload", "{entity}: played workload {outcome}"};
constexpr Purpose oversize_purpose{"oversize",
                                   "{entity}: the value of operation {ordinal} was of oversize {outcome}"};

constexpr std::array mixture{
    Kind::set,  Kind::get, Kind::incr, Kind::set,  Kind::get,    Kind::set_with_expiry,
    Kind::pttl, Kind::get, Kind::incr, Kind::echo, Kind::exists, Kind::ping,
    Kind::set,  Kind::get, Kind::del,  Kind::get};

constexpr std::uint64_t round_length_min = 3;
constexpr std::uint64_t round_length_max = 9;
/// More than the length of any round: steps of different rounds never share an ordinal.
constexpr std::uint64_t steps_per_round = 16;
constexpr std::size_t key_count = 3;
constexpr std::int64_t lifetime_ms = 100;
constexpr std::uint64_t pause_max_ms = 80;

/// Most clients do not play the calm workload.
constexpr Odds unusual{3, 4};
constexpr std::uint64_t workloads = 4095;
/// One value in so many is larger than what fits on the way.
constexpr Odds oversize{1, 1000};
constexpr std::array<std::size_t, 4> oversizes{12'000, 18'000, 24'000, 30'000};

/// What a workload varies.
enum Variation : std::uint64_t { round_length, kind_shift, key_shift, value_size, pause_length, ending_kind };

/// The finalizer of MurmurHash3: spreads a number over all bits.
constexpr std::uint64_t spread(std::uint64_t x) noexcept {
  x = (x ^ (x >> 33)) * 0xff51afd7ed558ccdULL;
  x = (x ^ (x >> 33)) * 0xc4ceb9fe1a85ec53ULL;
  return x ^ (x >> 33);
}

}  // namespace

std::vector<std::string> Operation::arguments() const {
  switch (kind) {
    case Kind::set:
      return {"SET", key, value};
    case Kind::get:
      return {"GET", key};
    case Kind::incr:
      return {"INCR", key};
    case Kind::set_with_expiry:
      return {"SET", key, value, "PX", std::to_string(lifetime_ms)};
    case Kind::pttl:
      return {"PTTL", key};
    case Kind::echo:
      return {"ECHO", value};
    case Kind::del:
      return {"DEL", key};
    case Kind::exists:
      return {"EXISTS", key};
    case Kind::ping:
      return {"PING"};
    case Kind::quit:
      break;
  }
  return {"QUIT"};
}

bool Operation::repeatable() const noexcept {
  switch (kind) {
    case Kind::get:
    case Kind::pttl:
    case Kind::echo:
    case Kind::exists:
    case Kind::ping:
      return true;
    default:
      return false;
  }
}

std::string Operation::name() const {
  const std::string command = arguments().front();
  return key.empty() ? command : command + " " + key;
}

Workload::Workload(twinwire::Choices& choices, std::string name, bool ends_with_quit)
    : choices_(choices),
      name_(std::move(name)),
      ends_with_quit_(ends_with_quit),
      oversize_(choices.site(name_, oversize_purpose)),
      number_(choices.draw_rare(choices.site(name_, number_purpose), 0, unusual, workloads)),
      counter_(name_ + ":count"),
      expiring_(name_ + ":short") {
  for (std::size_t i = 0; i < key_count; ++i) keys_.push_back(name_ + ":" + std::to_string(i));
}

/// Below `range`, and 0 in the calm workload.
std::uint64_t Workload::vary(std::uint64_t what, std::uint64_t step, std::uint64_t range) const noexcept {
  if (number_ == 0) return 0;
  return spread(spread(number_ * 8 + what) + step) % range;
}

std::vector<Operation> Workload::round(std::uint64_t number) {
  const std::uint64_t calm_length = round_length_min + number % 3;
  const std::uint64_t length = calm_length + vary(round_length, number, round_length_max - calm_length);
  std::vector<Operation> operations;
  for (std::uint64_t i = 0; i < length; ++i) operations.push_back(operation(number * steps_per_round + i));
  return operations;
}

Operation Workload::operation(std::uint64_t step) {
  Operation operation;
  // Rounds begin at different places of the mixture.
  const std::uint64_t calm_place = step / steps_per_round * 5 + step % steps_per_round;
  operation.kind = mixture[(calm_place + vary(kind_shift, step, mixture.size())) % mixture.size()];
  switch (operation.kind) {
    case Kind::set:
    case Kind::get:
    case Kind::del:
    case Kind::exists:
      operation.key = keys_[(step / 2 + vary(key_shift, step, key_count)) % key_count];
      break;
    case Kind::incr:
      operation.key = counter_;
      break;
    case Kind::set_with_expiry:
      operation.key = expiring_;
      operation.lifetime_ms = lifetime_ms;
      break;
    case Kind::pttl:
      operation.key = expiring_;
      break;
    default:
      break;
  }
  if (operation.kind == Kind::set || operation.kind == Kind::echo ||
      operation.kind == Kind::set_with_expiry) {
    operation.value = value(step);
  }
  return operation;
}

/// Different for every step, and full of line ends.
std::string Workload::value(std::uint64_t step) {
  const std::uint64_t oversized = choices_.draw_rare(oversize_, step, oversize, oversizes.size());
  const std::size_t usual = (step + vary(value_size, step, 8)) % 8 == 3 ? 2'000 + step : 20 + step % 50;
  const std::size_t size = oversized != 0 ? oversizes[oversized - 1] : usual;
  const std::string pattern = name_ + "/" + std::to_string(step) + "\r\n";
  std::string text;
  while (text.size() < size) text += pattern;
  text.resize(size);
  return text;
}

std::vector<Operation> Workload::last_round() const {
  std::vector<Operation> operations;
  const auto read = [&](const std::string& key) {
    Operation operation;
    operation.kind = Kind::get;
    operation.key = key;
    operations.push_back(std::move(operation));
  };
  for (const std::string& key : keys_) read(key);
  read(counter_);
  return operations;
}

Ending Workload::ending() const {
  const bool other = vary(ending_kind, 0, 2) != 0;
  return other == ends_with_quit_ ? Ending::half_close : Ending::quit;
}

std::int64_t Workload::pause_ms(std::uint64_t round) const {
  return 1 + static_cast<std::int64_t>(vary(pause_length, round, pause_max_ms));
}

void Workload::replace_key(const std::string& key) {
  const std::string fresh = key.substr(0, key.find('\'')) + "'" + std::to_string(++replaced_);
  std::ranges::replace(keys_, key, fresh);
  if (counter_ == key) counter_ = fresh;
  if (expiring_ == key) expiring_ = fresh;
}

}  // namespace resp
