// The program of scenarios, run as a person runs it.
#pragma once

#include "shapes.hpp"
#include "temporary_directory.hpp"

#include <array>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <sys/wait.h>

namespace twinwire::unit {

struct Ended {
  int code;
  std::string output;
};

/// Runs the program in a directory of its own, which is kept while the object lives.
class Program {
 public:
  /// `before` are assignments for its environment, or another command that is to run it.
  Ended run(const std::string& arguments, const std::string& before = {}) const {
    return shell(before + " " + SCENARIO_PROGRAM + " " + arguments);
  }

  Ended shell(const std::string& line) const {
    const std::string command = "cd " + directory().string() + " && " + line + " 2>&1";
    std::FILE* pipe = ::popen(command.c_str(), "r");
    if (!pipe) throw std::runtime_error("popen");
    Ended ended{0, {}};
    std::array<char, 4096> chunk;
    while (const std::size_t count = std::fread(chunk.data(), 1, chunk.size(), pipe)) {
      ended.output.append(chunk.data(), count);
    }
    const int status = ::pclose(pipe);
    ended.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return ended;
  }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(directory() / name) << text;
  }
  std::string read(const std::string& name) const {
    std::ifstream stream(directory() / name);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  /// The only repro file there is.
  std::string repro() const {
    for (const auto& entry : std::filesystem::directory_iterator(directory())) {
      if (entry.path().extension() == ".repro") return entry.path().filename().string();
    }
    throw std::runtime_error("no repro was written");
  }
  const std::filesystem::path& directory() const { return directory_.path(); }

 private:
  TemporaryDirectory directory_;
};

/// The smallest seed with which the dice falls so.
inline std::uint64_t seed_of(std::uint64_t outcome) {
  for (std::uint64_t seed = 1;; ++seed) {
    sim::World world(seed);
    if (roll(world) == outcome) return seed;
  }
}

}  // namespace twinwire::unit
