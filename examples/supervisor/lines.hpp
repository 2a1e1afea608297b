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
      const std::size_t end = rest.find('\n');
      const std::string_view part = rest.substr(0, std::min(end, size_max - begun_.size()));
      begun_ += part;
      rest.remove_prefix(part.size());
      const bool complete = rest.starts_with('\n');
      if (complete) rest.remove_prefix(1);
      if (complete || begun_.size() == size_max) finish(each, complete);
    }
  }

  /// The end: what has begun is a line, if there is anything of it.
  template <class F>
  void finish(F each) {
    finish(each, false);
  }

 private:
  template <class F>
  void finish(F& each, bool even_if_empty) {
    if (begun_.empty() && !even_if_empty) return;
    each(std::string_view(begun_));
    begun_.clear();
  }

  std::string begun_;
};

}  // namespace supervisor
