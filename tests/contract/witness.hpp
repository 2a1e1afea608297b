// Whoever writes down what happens to a protocol.
#pragma once

#include <cstddef>
#include <string>
#include <utility>

namespace twinwire::contract {

/// Text as it is shown in a story: only its size, if it is long.
inline std::string abbreviated(const std::string& text) {
  constexpr std::size_t shown_size = 64;
  return text.size() <= shown_size ? text : "<" + std::to_string(text.size()) + " bytes>";
}

/// Kept by the stage until the end of the test, and asked then whether its story is complete.
class Witness {
 public:
  explicit Witness(std::string name) : name_(std::move(name)) {}
  Witness(const Witness&) = delete;
  Witness& operator=(const Witness&) = delete;
  virtual ~Witness() = default;

  const std::string& name() const noexcept { return name_; }
  /// What happened so far, in one line.
  virtual std::string events() const = 0;
  /// The variables of the test, to which hooks may refer, are gone.
  virtual void clear_hooks() = 0;
  /// Tells what is missing or too much, now that everything has ended.
  virtual void check_complete() const = 0;

 private:
  std::string name_;
};

}  // namespace twinwire::contract
