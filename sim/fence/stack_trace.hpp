// Who called whom.
#pragma once

#include <string>

namespace twinwire::sim::fence {

/// The callers of this function, a line each, from the function that the fence stands in for up to the
/// simulation that runs all: the name of the function, as far as the symbols of the program tell, and its
/// place as addr2line wants it.
std::string stack_trace();

}  // namespace twinwire::sim::fence
