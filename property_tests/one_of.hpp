// A generator that all properties use.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <vector>

#include <rapidcheck.h>

namespace twinwire::property {

/// One of these values. Shrinks towards the first, which is the simplest (gen::element does not shrink).
template <class T>
rc::Gen<T> one_of(std::initializer_list<T> simplest_first) {
  const std::vector<T> values(simplest_first);
  return rc::gen::map(rc::gen::inRange<std::size_t>(0, values.size()),
                      [values](std::size_t index) { return values[index]; });
}

}  // namespace twinwire::property
