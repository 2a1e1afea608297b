// Command lines made of `--name value` pairs: all that the programs of this benchmark need.
#pragma once

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>

namespace bench {

/// The options given. A name that is not in `known`, a missing value or a bad number ends the program with a
/// message: a misspelt option must not silently measure something else.
class Options {
 public:
  Options(int argc, char** argv, std::initializer_list<std::string_view> known) : program_(argv[0]) {
    for (int i = 1; i < argc; i += 2) {
      const std::string_view name = argv[i];
      bool found = false;
      for (std::string_view candidate : known) found = found || candidate == name;
      if (!found) fail("unknown option", name);
      if (i + 1 == argc) fail("a value is missing after", name);
      values_[std::string(name)] = argv[i + 1];
    }
  }

  std::string text(std::string_view name, std::string_view fallback) const {
    const auto found = values_.find(name);
    return std::string(found == values_.end() ? fallback : std::string_view(found->second));
  }

  /// A whole number from `least` to `most`.
  long long number(std::string_view name, long long fallback, long long least, long long most) const {
    const auto found = values_.find(name);
    if (found == values_.end()) return fallback;
    const std::string& value = found->second;
    long long result = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), result);
    if (error != std::errc() || end != value.data() + value.size() || result < least || result > most) {
      fail("not a number in range: " + value + ", for", name);
    }
    return result;
  }

  unsigned short port() const {
    const long long port = number("--port", 0, 1, 65535);
    if (port == 0) fail("missing", "--port");
    return static_cast<unsigned short>(port);
  }

  [[noreturn]] void fail(std::string_view what, std::string_view name) const {
    std::fprintf(stderr, "%s: %.*s %.*s\n", program_.c_str(), static_cast<int>(what.size()), what.data(),
                 static_cast<int>(name.size()), name.data());
    std::exit(2);
  }

 private:
  std::string program_;
  std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace bench
