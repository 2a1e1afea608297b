#include "program.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <ostream>
#include <stdexcept>
#include <utility>

namespace twinwire::differential {
namespace {

constexpr std::array<std::pair<Kind, std::string_view>, 6> kind_names{{{Kind::tcp, "tcp"},
                                                                       {Kind::tls, "tls"},
                                                                       {Kind::unix_socket, "unix"},
                                                                       {Kind::pipe, "pipe"},
                                                                       {Kind::udp, "udp"},
                                                                       {Kind::subprocess, "subprocess"}}};

constexpr std::array<std::pair<Action, std::string_view>, 22> action_names{
    {{Action::write, "write"},
     {Action::writelines, "writelines"},
     {Action::cork, "cork"},
     {Action::uncork, "uncork"},
     {Action::pause, "pause"},
     {Action::resume, "resume"},
     {Action::limits, "limits"},
     {Action::hold, "hold"},
     {Action::switch_protocol, "switch_protocol"},
     {Action::start_tls, "start_tls"},
     {Action::write_eof, "write_eof"},
     {Action::close, "close"},
     {Action::abort, "abort"},
     {Action::terminate, "terminate"},
     {Action::interrupt, "interrupt"},
     {Action::kill, "kill"},
     {Action::write_stderr, "write_stderr"},
     {Action::catch_signals, "catch_signals"},
     {Action::exit, "exit"},
     {Action::close_stdin, "close_stdin"},
     {Action::close_stdout, "close_stdout"},
     {Action::close_stderr, "close_stderr"}}};

[[noreturn]] void reject(std::string_view what, std::string_view text) {
  throw std::invalid_argument(std::string(what) + ": \"" + std::string(text) + "\"");
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

}  // namespace

const std::vector<Kind>& all_kinds() {
  static const std::vector<Kind> kinds = [] {
    std::vector<Kind> all;
    for (const auto& [kind, name] : kind_names) all.push_back(kind);
    return all;
  }();
  return kinds;
}

std::string_view name_of(Kind kind) {
  return kind_names.at(static_cast<std::size_t>(kind)).second;
}

Kind kind_named(std::string_view name) {
  const auto named = std::ranges::find(kind_names, name, &decltype(kind_names)::value_type::second);
  if (named == kind_names.end()) reject("unknown kind", name);
  return named->first;
}

bool takes_size(Action action) {
  return action == Action::write || action == Action::writelines || action == Action::limits ||
         action == Action::write_stderr || action == Action::exit;
}

bool writes_much(const Step& step) {
  const bool writes = step.action == Action::write || step.action == Action::writelines ||
                      step.action == Action::write_stderr;
  return writes && step.size >= large_size;
}

std::string to_text(const Step& step) {
  std::string text = std::to_string(step.side) + ".";
  text += action_names.at(static_cast<std::size_t>(step.action)).second;
  if (takes_size(step.action)) text += "(" + std::to_string(step.size) + ")";
  return text;
}

std::string to_text(const Program& program) {
  std::string text = std::string(name_of(program.kind)) + ":";
  const char* between = " ";
  for (const Step& step : program.steps) {
    text += between + to_text(step);
    between = step.joined ? " & " : "; ";
  }
  return text;
}

Step parse_step(std::string_view text) {
  Step step;
  if (!text.starts_with("0.") && !text.starts_with("1.")) reject("a step begins with its side", text);
  step.side = text.front() - '0';
  const std::string_view call = text.substr(2);
  const std::size_t bracket = call.find('(');
  const auto named =
      std::ranges::find(action_names, call.substr(0, bracket), &decltype(action_names)::value_type::second);
  if (named == action_names.end()) reject("unknown step", text);
  step.action = named->first;
  if (takes_size(step.action) != (bracket != std::string_view::npos))
    reject("a number too many or few", text);
  if (bracket == std::string_view::npos) return step;
  const char* const begin = call.data() + bracket + 1;
  const char* const end = call.data() + call.size();
  const auto [rest, error] = std::from_chars(begin, end, step.size);
  if (error != std::errc{} || std::string_view(rest, end) != ")") reject("no number in brackets", text);
  return step;
}

Program parse_program(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) reject("a program begins with its kind and a colon", text);
  Program program{kind_named(trimmed(text.substr(0, colon))), {}};
  text = trimmed(text.substr(colon + 1));
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of("&;"), text.size());
    Step step = parse_step(trimmed(text.substr(0, end)));
    step.joined = end < text.size() && text[end] == '&';
    program.steps.push_back(step);
    text = end < text.size() ? trimmed(text.substr(end + 1)) : std::string_view{};
  }
  if (!program.steps.empty()) program.steps.back().joined = false;
  return program;
}

void showValue(const Program& program, std::ostream& os) {
  os << to_text(program);
}

}  // namespace twinwire::differential
