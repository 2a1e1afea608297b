#include <twinwire/traces/scenario.hpp>
#include <twinwire/traces/text_record.hpp>

#include <algorithm>

#include <fmt/format.h>

namespace twinwire::traces {

Arguments Scenario::arguments_with(const std::map<std::string, std::string>& given) const {
  Arguments values;
  for (const ArgumentSpec& spec : arguments) values.set(spec.name, spec.default_value);
  for (const auto& [argument, value] : given) {
    const auto spec = std::ranges::find(arguments, argument, &ArgumentSpec::name);
    if (spec == arguments.end()) {
      throw std::invalid_argument(fmt::format("the scenario \"{}\" takes no argument --{}", name, argument));
    }
    if (!spec->choices.empty() && std::ranges::find(spec->choices, value) == spec->choices.end()) {
      throw std::invalid_argument(
          fmt::format("--{} \"{}\": expected one of {}", argument, value, join_list(spec->choices)));
    }
    values.set(argument, value);
  }
  return values;
}

}  // namespace twinwire::traces
