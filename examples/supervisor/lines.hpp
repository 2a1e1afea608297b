// Lines out of pieces.
#pragma once

#include <twinwire/net/bytes.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace supervisor {

/// Cuts what arrives at ends of lines. A line that is too long is cut, too: a child cannot make us keep more.
class Lines {
 public:
  static constexpr std::size_t size_max = 4096;

  /// Calls `each` with every line that is complete now, without its end.
  template <class F>
  void feed(twinwire::Bytes data, F each) {
    for (std::string_view rest = twinwire::as_text(data); !rest.empty();) {
      const bool ends = rest.front() == '\n';
      if (ends || begun_.size() == size_max) {
        each(std::string_view(begun_));
        begun_.clear();
      }
      const std::size_t length = ends ? 1 : std::min(rest.find('\n'), size_max - begun_.size());
      if (!ends) begun_ += rest.substr(0, length);
      rest.remove_prefix(std::min(length, rest.size()));
    }
  }

  /// The end: what has begun is a line, if there is anything of it.
  template <class F>
  void finish(F each) {
    if (!begun_.empty()) each(std::string_view(begun_));
    begun_.clear();
  }

 private:
  std::string begun_;
};

}  // namespace supervisor
