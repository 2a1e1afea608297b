// How the fence stands in for a function of the system, and lets calls through to it.
#pragma once

#include <atomic>

namespace twinwire::sim::fence {

/// The next function of that name behind the executable's own, or null: that of a sanitizer's runtime, of
/// another library, of the C library.
void* next_function(const char* name) noexcept;

/// Ends the process: a function was asked for that this system does not have.
[[noreturn]] void no_such_function(const char* name) noexcept;

/// Constant-initialised and safe from any thread at any time, also before main: what it stands for is called
/// that early.
template <class Function>
class Passage {
 public:
  /// `interceptor`: what a sanitizer that is linked into the executable has for this function, or null. It
  /// would otherwise be passed over, and must know of threads, memory and descriptors.
  constexpr Passage(const char* name, Function* interceptor) noexcept
      : name_(name), interceptor_(interceptor) {}

  template <class... Arguments>
  auto operator()(Arguments... arguments) {
    Function* function = function_.load(std::memory_order_relaxed);
    if (function == nullptr) function = find();
    return function(arguments...);
  }

 private:
  Function* find() noexcept {
    Function* found = interceptor_;
    if (found == nullptr) found = reinterpret_cast<Function*>(next_function(name_));
    if (found == nullptr) no_such_function(name_);
    function_.store(found, std::memory_order_relaxed);
    return found;
  }

  const char* name_;
  Function* interceptor_;
  std::atomic<Function*> function_{nullptr};
};

}  // namespace twinwire::sim::fence

// Defines a function under the name that it has in the system, and `real_IDENTIFIER` beside it, which lets
// through. The executable's definition is the one that all its shared libraries are bound to as well. The
// name that C++ knows is another one: headers declare the function with attributes that could not be met.
#define TWINWIRE_FENCED_AS(attributes, identifier, symbol, result, ...)                                    \
  extern "C"                                                                                               \
      __attribute__((weak)) result interceptor_##identifier(__VA_ARGS__) __asm__("__interceptor_" symbol); \
  static constinit ::twinwire::sim::fence::Passage<result(__VA_ARGS__)> real_##identifier(                 \
      symbol, &interceptor_##identifier);                                                                  \
  extern "C" __attribute__((attributes))                                                                   \
  __attribute__((visibility("default"))) result fenced_##identifier(__VA_ARGS__) __asm__(symbol);          \
  result fenced_##identifier(__VA_ARGS__)

#define TWINWIRE_FENCED(result, name, ...) TWINWIRE_FENCED_AS(, name, #name, result, __VA_ARGS__)
