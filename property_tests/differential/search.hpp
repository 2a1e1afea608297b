// Looks for a program that comes out differently on the two grounds, and makes it short.
#pragma once

#include "ground.hpp"
#include "plant.hpp"
#include "program.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace twinwire::differential {

/// The two grounds, which are made again when a difference may have left something behind.
class Grounds {
 public:
  /// The defects: of the simulated and of the real wires.
  explicit Grounds(Duration patience, const std::array<Plant, 2>& plants = {});
  /// As the function of this name.
  std::string difference(const Program& program);

 private:
  void renew();

  Duration patience_;
  std::array<Plant, 2> plants_;
  std::unique_ptr<Ground> simulated_;
  std::unique_ptr<Ground> real_;
};

struct Search {
  Kind kind;
  int programs;
  std::uint64_t seed;
};

/// What a search has found.
struct Find {
  Program program;
  std::string difference;
  int passed = 0;  ///< so many programs came out as they should, before
};

/// Looks again at a program that came out differently, which may only have taken longer than anybody waited.
/// Returns why it differs; empty if it is not to be believed.
using Confirm = std::function<std::string(const Program&)>;

/// Throws std::runtime_error if the programs cannot be run.
std::optional<Find> find_difference(Search search, Grounds& grounds, const Confirm& confirm);

}  // namespace twinwire::differential
