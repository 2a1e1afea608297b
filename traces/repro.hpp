// A repro: a small text file from which a failure is run again, exactly.
#pragma once

#include <twinwire/traces/run.hpp>

#include <cstdint>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace twinwire::traces {

/// The version of the simulated network's behaviour: another one gives other runs for the same decisions.
constexpr std::uint64_t model_version = 4;

/// A repro file that cannot be used: `what()` says where and why.
class ReproError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What a repro file holds.
struct Repro {
  std::string scenario;
  std::map<std::string, std::string> arguments;
  /// The options of the world that decide what happens, as text.
  std::map<std::string, std::string> options;
  RunRequest request;
  FailureSignature signature;
  std::uint64_t fingerprint = 0;
  /// The decisions in words; comments in the file.
  std::vector<std::string> comments;
};

/// The options of a world as a repro states them.
std::map<std::string, std::string> options_as_text(const sim::WorldOptions& options);

/// The text of its file.
std::string to_text(const Repro& repro);
/// Throws ReproError "NAME:LINE: ...", or "NAME: ..." for what is missing.
Repro parse_repro(const std::string& text, const std::string& name);

/// How the file of a repro is called: by scenario, arguments that are not the default ones, and seed.
std::string repro_file_name(const Scenario& scenario, const Arguments& arguments, std::uint64_t seed);

/// Throws ReproError if it cannot be read or written.
Repro read_repro(const std::filesystem::path& file);
void write_repro(const Repro& repro, const std::filesystem::path& file);

}  // namespace twinwire::traces
