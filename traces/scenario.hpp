// A scenario: what happens in a world, written once and run for many seeds.
#pragma once

#include <twinwire/sim/world.hpp>

#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace twinwire::traces {

/// An argument that a scenario takes; on the command line it is `--NAME VALUE`.
struct ArgumentSpec {
  std::string name;
  std::string description;
  std::string default_value;
  /// The values that are allowed; none means any.
  std::vector<std::string> choices;
};

/// The values of a scenario's arguments.
class Arguments {
 public:
  Arguments() = default;
  explicit Arguments(std::map<std::string, std::string> values) : values_(std::move(values)) {}

  /// Throws std::out_of_range for one that the scenario does not take.
  const std::string& get(const std::string& name) const {
    const auto found = values_.find(name);
    if (found == values_.end()) throw std::out_of_range("the scenario has no argument \"" + name + "\"");
    return found->second;
  }
  void set(const std::string& name, std::string value) { values_[name] = std::move(value); }
  const std::map<std::string, std::string>& all() const noexcept { return values_; }

 private:
  std::map<std::string, std::string> values_;
};

/// The body makes hosts in the world it is given, runs it, and checks. It fails by throwing, or by leaving a
/// callback's exception unhandled. All that it decides by chance it draws from the world's Choices.
struct Scenario {
  std::string name;
  std::string description;
  sim::WorldOptions options;
  std::vector<ArgumentSpec> arguments;
  std::function<void(sim::World&, const Arguments&)> body;

  /// The arguments with their default values.
  Arguments defaults() const { return arguments_with({}); }
  /// The arguments with these values, and default ones for the others. Throws std::invalid_argument for one
  /// that the scenario does not take, or not with this value.
  Arguments arguments_with(const std::map<std::string, std::string>& given) const;
};

/// The command line of a program of scenarios: `return scenario_main(argc, argv, {...});`. See `--help`; what
/// else the program can do is in `more_help`, whole lines. Exit codes: 0 nothing failed, 1 something did or
/// the sweep was interrupted, 2 wrong use, or something kept it from running at all.
int scenario_main(int argc, char** argv, const std::vector<Scenario>& scenarios,
                  const std::string& more_help = {});

}  // namespace twinwire::traces
