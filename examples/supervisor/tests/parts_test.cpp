// Settings, the policy of restarts, lines.
#include "lines.hpp"
#include "restart_policy.hpp"
#include "settings.hpp"

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace supervisor {
namespace {

using namespace std::chrono_literals;
using twinwire::Duration;
using twinwire::TimePoint;

TEST_CASE("a configuration has keys for all children, and for each") {
  const auto children = parse_settings(R"(
# a comment
stop_timeout = 2s
restart = never
[ a ]
command = sh -c 'echo "x  y"' ""
[b]
command=/bin/true
restart = on-failure
restarts_max = 0
backoff_min = 1ms
backoff_max = 2ms
period = 3s
)");
  REQUIRE(children.size() == 2);
  CHECK(children[0].name == "a");
  CHECK(children[0].program == "sh");
  CHECK(children[0].arguments == std::vector<std::string>{"-c", "echo \"x  y\"", ""});
  CHECK(children[0].restart == Restart::never);
  CHECK(children[0].stop_timeout == 2s);
  CHECK(children[0].restarts_max == 5);
  CHECK(children[1].program == "/bin/true");
  CHECK(children[1].arguments.empty());
  CHECK(children[1].restart == Restart::on_failure);
  CHECK(children[1].restarts_max == 0);
  CHECK(children[1].backoff_min == 1ms);
  CHECK(children[1].backoff_max == 2ms);
  CHECK(children[1].period == 3s);
  CHECK(children[1].stop_timeout == 2s);
}

TEST_CASE("a configuration that is wrong is refused, with the line") {
  const auto refusal = [](const std::string& text) -> std::string {
    try {
      parse_settings(text);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "none";
  };
  CHECK(refusal("[a]\ncommand = x\n") == "none");
  CHECK(refusal("") == "there is no [child]");
  CHECK(refusal("command = x") == "line 1: a command belongs to a [NAME]");
  CHECK(refusal("[a]\nnonsense") == "line 2: neither KEY = VALUE nor [NAME]");
  CHECK(refusal("[a]\nnonsense = 1") == "line 2: there is no key \"nonsense\"");
  CHECK(refusal("[a") == "line 1: a name is [NAME]");
  CHECK(refusal("[]") == "line 1: a name is [NAME]");
  CHECK(refusal("[") == "line 1: a name is [NAME]");
  CHECK(refusal("[a]\n[b]\ncommand = x") == "line 2: [a] has no command");
  CHECK(refusal("[a]\ncommand =") == "line 2: the command is empty");
  CHECK(refusal("[a]\ncommand = ''") == "line 2: the command is empty");
  CHECK(refusal("[a]\ncommand = x 'y") == "line 2: a quotation does not end");
  CHECK(refusal("[a]\ncommand = x '") == "line 2: a quotation does not end");
  CHECK(refusal("[a]\ncommand = x\n[a]") == "line 3: there is a [a] already");
  CHECK(refusal("restart = often") == "line 1: restart is always, on-failure or never");
  CHECK(refusal("restarts_max = -1") == "line 1: restarts_max is a number");
  CHECK(refusal("restarts_max = 99999999999") == "line 1: restarts_max is a number");
  CHECK(refusal("period = 5") == "line 1: period is a time such as 250ms or 5s");
  CHECK(refusal("period = -5s") == "line 1: period is a time such as 250ms or 5s");
  CHECK(refusal("[a]\ncommand = x\nbackoff_min = 2s\nbackoff_max = 1s") ==
        "line 4: backoff_min of [a] is above backoff_max");
}

/// The policy of a child that runs for so long each time, beginning at 0.
std::vector<std::optional<Duration>> pauses(const ChildSettings& settings, Duration runs, int count) {
  RestartPolicy policy(settings);
  std::vector<std::optional<Duration>> pauses;
  TimePoint now{};
  for (int i = 0; i < count; ++i) {
    const TimePoint started = now;
    now += runs;
    pauses.push_back(policy.after_end(true, started, now));
    if (pauses.back()) now += *pauses.back();
  }
  return pauses;
}

using Pauses = std::vector<std::optional<Duration>>;

TEST_CASE("each pause is twice as long as the one before, up to the maximum") {
  ChildSettings settings;
  settings.backoff_min = 100ms;
  settings.backoff_max = 500ms;
  settings.restarts_max = 10;
  CHECK(pauses(settings, 10ms, 5) == Pauses{100ms, 200ms, 400ms, 500ms, 500ms});
  // One that ran well begins anew.
  CHECK(pauses(settings, 500ms, 3) == Pauses{100ms, 100ms, 100ms});
}

TEST_CASE("too many restarts within the period are the end, and those before it do not count") {
  ChildSettings settings;
  settings.backoff_min = settings.backoff_max = 1s;
  settings.restarts_max = 2;
  settings.period = 10s;
  CHECK(pauses(settings, 0s, 3) == Pauses{1s, 1s, std::nullopt});
  CHECK(pauses(settings, 4s, 4) == Pauses{1s, 1s, 1s, 1s});
  settings.restarts_max = 0;
  CHECK(pauses(settings, 0s, 1) == Pauses{std::nullopt});
}

TEST_CASE("whether a child is restarted depends on how it ended") {
  const auto restarts = [](Restart restart, bool failed) {
    ChildSettings settings;
    settings.restart = restart;
    RestartPolicy policy(settings);
    const bool again = policy.after_end(failed, {}, {}).has_value();
    CHECK_FALSE(policy.gave_up());
    return again;
  };
  CHECK(restarts(Restart::always, false));
  CHECK(restarts(Restart::on_failure, true));
  CHECK_FALSE(restarts(Restart::on_failure, false));
  CHECK_FALSE(restarts(Restart::never, true));
}

TEST_CASE("lines are put together from pieces") {
  std::vector<std::string> seen;
  const auto each = [&](std::string_view line) { seen.emplace_back(line); };
  Lines lines;
  for (const char* piece : {"a", "b\nc\n", "\n", "d\ne"}) lines.feed(twinwire::as_bytes(piece), each);
  CHECK(seen == std::vector<std::string>{"ab", "c", "", "d"});
  lines.finish(each);
  lines.finish(each);
  CHECK(seen.back() == "e");
  CHECK(seen.size() == 5);
}

TEST_CASE("lines are the same wherever they are cut into pieces") {
  const std::string most(Lines::size_max, 'x');
  const std::string all = "a\n\n" + most + "\n" + most + "yz\n\nb";
  for (std::size_t cut = 0; cut <= all.size(); ++cut) {
    std::vector<std::string> seen;
    const auto each = [&](std::string_view line) { seen.emplace_back(line); };
    Lines lines;
    lines.feed(twinwire::as_bytes(all.substr(0, cut)), each);
    lines.feed(twinwire::as_bytes(all.substr(cut)), each);
    lines.finish(each);
    REQUIRE(seen == std::vector<std::string>{"a", "", most, most, "yz", "", "b"});
  }
}

}  // namespace
}  // namespace supervisor
