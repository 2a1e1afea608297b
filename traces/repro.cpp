#include <twinwire/traces/repro.hpp>
#include <twinwire/traces/text_record.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>

#include <fmt/format.h>

namespace twinwire::traces {
namespace {

constexpr const char* magic = "twinwire-repro";
constexpr std::uint64_t format_version = 1;
/// A repro is a few lines; anything larger is something else.
constexpr std::uintmax_t file_size_max = 4 * 1024 * 1024;

void require(bool condition, const std::string& complaint) {
  if (!condition) throw std::invalid_argument(complaint);
}

void check_first_line(const std::vector<std::string>& words) {
  require(words.size() == 2 && words[0] == magic,
          fmt::format("expected \"{} {}\": this is not a repro file", magic, format_version));
  require(parse_number(words[1]) == format_version,
          fmt::format("format {} is not known (this is format {})", words[1], format_version));
}

void check_model(const std::string& version) {
  require(parse_number(version) == model_version,
          fmt::format("stale: made with model {} of the simulated network, this is model {}", version,
                      model_version));
}

/// How many words of a line say what it is about: no two lines may begin alike so far.
std::size_t words_that_name(const std::string& key) {
  if (key == "argument" || key == "option") return 2;
  return key == "override" ? 4 : 1;
}

/// One line of the body.
void apply(const std::vector<std::string>& words, Repro& repro) {
  const std::string& key = words[0];
  const auto takes = [&](std::size_t count) {
    require(words.size() == count + 1,
            fmt::format("\"{}\" takes {} words, not {}", key, count, words.size() - 1));
  };
  if (key == "model") {
    takes(1);
    check_model(words[1]);
  } else if (key == "scenario") {
    takes(1);
    repro.scenario = words[1];
  } else if (key == "argument") {
    takes(2);
    repro.arguments[words[1]] = words[2];
  } else if (key == "option") {
    takes(2);
    repro.options[words[1]] = words[2];
  } else if (key == "base") {
    takes(2);
    require(words[1] == "seed" || words[1] == "calm",
            "a base is \"seed\" or \"calm\", not \"" + words[1] + "\"");
    repro.request.base = words[1] == "calm" ? Base::calm : Base::seed;
    repro.request.seed = parse_number(words[2]);
  } else if (key == "override") {
    takes(4);
    repro.request.overrides.emplace_back(DecisionAddress{words[2], words[1], parse_number(words[3])},
                                         parse_number(words[4]));
  } else if (key == "failure") {
    takes(4);
    repro.signature = {words[1], words[2], words[3], words[4]};
  } else if (key == "fingerprint") {
    takes(1);
    repro.fingerprint = parse_number(words[1], 16);
  } else {
    require(false, "unknown key \"" + key + "\"");
  }
}

void add_odds(std::map<std::string, std::string>& text, const std::string& key, Odds odds) {
  text[key] = fmt::format("{}/{}", odds.numerator, odds.denominator);
}

void add_link(std::map<std::string, std::string>& text, const std::string& prefix,
              const sim::LinkOptions& options) {
  text[prefix + ".latency_ns"] = std::to_string(options.latency.count());
  text[prefix + ".jitter_ns"] = std::to_string(options.jitter.count());
  text[prefix + ".max_segment"] = std::to_string(options.max_segment);
  text[prefix + ".down"] = options.down ? "yes" : "no";
  add_odds(text, prefix + ".loss", options.loss);
  add_odds(text, prefix + ".cut", options.cut);
  add_odds(text, prefix + ".rechunk", options.rechunk);
  add_odds(text, prefix + ".duplicate", options.duplicate);
  add_odds(text, prefix + ".overtaken", options.overtaken);
  add_odds(text, prefix + ".corrupt", options.corrupt);
  add_odds(text, prefix + ".truncate", options.truncate);
  text[prefix + ".mtu"] = std::to_string(options.mtu);
  text[prefix + ".bandwidth"] = std::to_string(options.bandwidth);
}

void add_host(std::map<std::string, std::string>& text, const sim::HostOptions& options) {
  std::string addresses;
  for (const Address& address : options.addresses) {
    addresses += (addresses.empty() ? "" : ",") + address.host();
  }
  text["host.addresses"] = addresses;
  text["host.send_buffer_size"] = std::to_string(options.send_buffer_size);
  text["host.receive_buffer_size"] = std::to_string(options.receive_buffer_size);
  text["host.max_descriptors"] = std::to_string(options.max_descriptors);
  text["host.drift_ppm"] = std::to_string(options.drift_ppm);
  text["host.skew_ns"] = std::to_string(options.skew.count());
}

/// FNV-1a: short, and the same everywhere.
std::uint32_t hash(std::string_view text) {
  std::uint32_t value = 2166136261;
  for (const char c : text) value = (value ^ static_cast<unsigned char>(c)) * 16777619;
  return value;
}

/// As a part of the name of a file. What had to be changed is told apart by a hash.
std::string for_file_name(const std::string& text) {
  constexpr std::size_t size_max = 80;
  constexpr std::string_view harmless = "-_.=,+";
  std::string name = text.substr(0, size_max);
  for (char& c : name) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!plain && harmless.find(c) == std::string_view::npos) c = '_';
  }
  if (name.starts_with('-') || name.starts_with('.')) name[0] = '_';
  return name == text ? name : fmt::format("{}-{:08x}", name, hash(text));
}

}  // namespace

std::map<std::string, std::string> options_as_text(const sim::WorldOptions& options) {
  std::map<std::string, std::string> text;
  add_link(text, "link", options.link);
  add_link(text, "loopback", options.loopback);
  add_host(text, options.host);
  text["start_ns"] = std::to_string(options.start.time_since_epoch().count());
  text["executor_time_max_ns"] = std::to_string(options.executor_time_max.count());
  text["name_latency_ns"] = std::to_string(options.name_latency.count());
  text["events_max"] = std::to_string(options.events_max);
  text["events_per_instant_max"] = std::to_string(options.events_per_instant_max);
  text["time_max_ns"] = std::to_string(options.time_max.count());
  return text;
}

std::string to_text(const Repro& repro) {
  std::string text = fmt::format("{} {}\nmodel {}\n", magic, format_version, model_version);
  const auto line = [&](std::vector<std::string> words) { text += join_words(words) + "\n"; };
  line({"scenario", repro.scenario});
  for (const auto& [name, value] : repro.arguments) line({"argument", name, value});
  for (const auto& [name, value] : repro.options) line({"option", name, value});
  line({"base", repro.request.base == Base::calm ? "calm" : "seed", std::to_string(repro.request.seed)});
  for (std::string comment : repro.comments) {
    std::ranges::replace(comment, '\n', ' ');
    text += "# " + comment + "\n";
  }
  for (const auto& [address, outcome] : repro.request.overrides) {
    line({"override", address.purpose, address.entity, std::to_string(address.ordinal),
          std::to_string(outcome)});
  }
  const FailureSignature& failure = repro.signature;
  line({"failure", failure.kind, failure.host, failure.type, failure.message});
  line({"fingerprint", to_hex(repro.fingerprint)});
  return text;
}

Repro parse_repro(const std::string& text, const std::string& name) {
  Repro repro;
  std::istringstream lines(text);
  std::string line;
  bool begun = false;
  std::map<std::vector<std::string>, int> told;  // on which line
  for (int number = 1; std::getline(lines, line); ++number) {
    if (line.ends_with('\r')) line.pop_back();  // the line ends of another system
    try {
      const std::vector<std::string> words = split_words(line);
      if (words.empty()) continue;
      if (begun) {
        apply(words, repro);
        const auto name_end = words.begin() + static_cast<std::ptrdiff_t>(words_that_name(words[0]));
        const auto [first, is_new] = told.try_emplace(std::vector(words.begin(), name_end), number);
        require(is_new, fmt::format("\"{}\" is told a second time, after line {}", join_words(first->first),
                                    first->second));
      } else {
        check_first_line(words);
        begun = true;
      }
    } catch (const std::invalid_argument& error) {
      throw ReproError(fmt::format("{}:{}: {}", name, number, error.what()));
    }
  }
  if (!begun) throw ReproError(name + ": the file is empty: not a repro file");
  if (repro.scenario.empty()) throw ReproError(name + ": no line names the scenario");
  if (repro.signature.kind.empty()) throw ReproError(name + ": no line tells the failure");
  for (const char* key : {"model", "base", "fingerprint"}) {
    if (!told.contains({key})) throw ReproError(fmt::format("{}: no line tells the {}", name, key));
  }
  return repro;
}

std::string repro_file_name(const Scenario& scenario, const Arguments& arguments, std::uint64_t seed) {
  std::string name = scenario.name;
  for (const ArgumentSpec& spec : scenario.arguments) {
    const auto given = arguments.all().find(spec.name);
    if (given == arguments.all().end() || given->second == spec.default_value) continue;
    name += fmt::format("-{}={}", spec.name, given->second);
  }
  return fmt::format("{}-{}.repro", for_file_name(name), seed);
}

Repro read_repro(const std::filesystem::path& file) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(file, error);
  if (error) throw ReproError("cannot read the repro " + file.string() + ": " + error.message());
  if (size > file_size_max) throw ReproError(file.string() + " is too large to be a repro file");
  std::ifstream stream(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  if (!stream.good() && !stream.eof()) throw ReproError("cannot read the repro " + file.string());
  return parse_repro(text, file.string());
}

void write_repro(const Repro& repro, const std::filesystem::path& file) {
  std::ofstream stream(file, std::ios::binary | std::ios::trunc);
  stream << to_text(repro);
  stream.flush();
  if (!stream) throw ReproError("cannot write the repro " + file.string());
}

}  // namespace twinwire::traces
