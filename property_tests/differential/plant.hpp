// Planted defects: ways in which a wire may misbehave, to see that the proof finds each.
#pragma once

#include <twinwire/net/backend.hpp>

#include <memory>
#include <string_view>
#include <vector>

namespace twinwire::differential {

enum class Plant : std::uint8_t { none };

}  // namespace twinwire::differential
