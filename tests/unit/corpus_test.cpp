// Repros that are kept in a folder.
#include "program.hpp"

#include <twinwire/traces/corpus.hpp>

#include <filesystem>
#include <regex>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace twinwire::unit {
namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;

/// A folder "kept" with a failure that is there, one that is gone, and a file that is no repro.
void keep_three(const Program& program) {
  std::filesystem::create_directory(program.directory() / "kept");
  program.run("odd --seeds 1..1 --repros kept");
  const std::string there = program.read("kept/odd-1.repro");
  // A scenario that fails no more: one that does so only when it has run before in the same process.
  const std::string mended =
      std::regex_replace(there, std::regex("scenario odd\nargument [^\n]*\n"), "scenario leaking\n");
  REQUIRE(mended != there);
  program.write("kept/mended-1.repro", mended);
  program.write("kept/broken.repro", "nothing\n");
  program.write("kept/README", "not looked at\n");
}

TEST_CASE("all repros of a folder are replayed, and each is told") {
  const Program program;
  keep_three(program);
  const Ended all = program.run("--replay kept");
  INFO(all.output);
  CHECK(all.code == 1);
  CHECK_THAT(all.output, Contains("kept/broken.repro: NOT REPLAYED: ") &&
                             Contains("kept/mended-1.repro: its failure is gone\n") &&
                             Contains("kept/odd-1.repro: FAILED as before: exception (std::runtime_error)") &&
                             EndsWith("\n1 gone, 1 failed, 1 not replayed\n"));
  const Ended json = program.run("--replay kept --json");
  CHECK(json.code == 1);
  CHECK_THAT(
      json.output,
      Contains("{\"event\":\"not_replayed\",\"repro\":\"kept/broken.repro\",\"error\":") &&
          Contains(",\"same_failure\":true,\"same_fingerprint\":true,\"repro\":\"kept/odd-1.repro\"}"));
}

TEST_CASE("a folder passes when every failure is gone, and not when a repro cannot be replayed") {
  const Program program;
  keep_three(program);
  std::filesystem::remove(program.directory() / "kept" / "odd-1.repro");
  CHECK(program.run("--replay kept").code == 2);
  std::filesystem::remove(program.directory() / "kept" / "broken.repro");
  const Ended passed = program.run("--replay kept");
  CHECK(passed.code == 0);
  CHECK_THAT(passed.output, EndsWith("\n1 gone, 0 failed, 0 not replayed\n"));
}

TEST_CASE("a failure of another kind than the one that was kept is a failure, too") {
  const Program program;
  keep_three(program);
  program.write("kept/mended-1.repro",
                std::regex_replace(program.read("kept/mended-1.repro"), std::regex("leaking"), "restless"));
  CHECK_THAT(program.run("--replay kept").output,
             Contains("kept/mended-1.repro: FAILED in another way: exception on host \"host\""));
}

}  // namespace
}  // namespace twinwire::unit
