// Writes down how each test of the contract ended, for scripts/contract-coverage.
#include <cstdlib>
#include <fstream>

#define CATCH_CONFIG_EXTERNAL_INTERFACES  // listeners
#include <catch2/catch.hpp>

namespace twinwire::contract {
namespace {

/// One line for each test case: how many assertions it made, how many of them failed, its tags and its name,
/// parted by tabs. The last line says that the run came to its end. Each line is flushed: of a run that
/// breaks off, what went before is there.
class ResultsWriter final : public Catch::TestEventListenerBase {
 public:
  using TestEventListenerBase::TestEventListenerBase;

  void testRunStarting(const Catch::TestRunInfo& info) override {
    TestEventListenerBase::testRunStarting(info);
    const char* const path = std::getenv("TWINWIRE_CONTRACT_RESULTS");
    if (path == nullptr) return;
    results_.open(path, std::ios::trunc);
    if (!results_) Catch::cerr() << "TWINWIRE_CONTRACT_RESULTS: cannot write " << path << '\n';
  }

  void testCaseEnded(const Catch::TestCaseStats& stats) override {
    TestEventListenerBase::testCaseEnded(stats);
    const Catch::Counts& assertions = stats.totals.assertions;
    results_ << assertions.total() << '\t' << assertions.total() - assertions.passed << '\t'
             << stats.testInfo.tagsAsString() << '\t' << stats.testInfo.name << std::endl;
  }

  void testRunEnded(const Catch::TestRunStats& stats) override {
    TestEventListenerBase::testRunEnded(stats);
    results_ << "end" << std::endl;
  }

 private:
  std::ofstream results_;
};

CATCH_REGISTER_LISTENER(ResultsWriter)

}  // namespace
}  // namespace twinwire::contract
