// Programs, as RapidCheck makes them up.
#pragma once

#include "program.hpp"

#include <rapidcheck.h>

namespace twinwire::differential {

/// Any program of this kind. Shrinks to fewer steps, and to simpler ones.
rc::Gen<Program> programs(Kind kind);

}  // namespace twinwire::differential
