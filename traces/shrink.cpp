#include <twinwire/traces/interruption.hpp>
#include <twinwire/traces/shrink.hpp>

#include <algorithm>
#include <optional>
#include <set>

namespace twinwire::traces {
namespace {

using Override = std::pair<DecisionAddress, std::uint64_t>;

/// Delta debugging (Zeller, Hildebrandt: Simplifying and Isolating Failure-Inducing Input, 2002) over the
/// decisions that were not calm.
class Shrinker {
 public:
  Shrinker(const RunOutcome& failing, const Runner& run, const ShrinkOptions& options)
      : run_(run), options_(options), failing_(failing), signature_(failing.signature), seed_(failing.seed) {}

  ShrinkResult go() {
    ShrinkResult result;
    const RunOutcome recorded = run_({seed_, Base::seed, {}, true});
    ++runs_;
    result.decisions_before = recorded.decisions.size();
    result.outcome = recorded.signature == signature_ ? recorded : failing_;
    result.request = {seed_, Base::seed, {}, true};
    for (const Decision& decision : recorded.decisions)
      kept_.emplace_back(decision.address, decision.outcome);
    try {
      if (recorded.signature == signature_ && accept(kept_)) {
        remove_chunks();
        lower_outcomes();
      }
    } catch (const Interrupted&) {
      result.interrupted = true;
    }
    if (best_) {
      result.request = request_for(kept_);
      result.outcome = *best_;
      result.reduced = true;
    }
    result.runs = runs_;
    return result;
  }

 private:
  RunRequest request_for(const std::vector<Override>& overrides) const {
    return {seed_, Base::calm, overrides, true};
  }

  bool exhausted() const { return runs_ >= options_.runs_max; }

  /// If these overrides fail in the same way they become what is kept, without those that were not met.
  bool accept(const std::vector<Override>& candidate) {
    if (exhausted()) return false;
    ++runs_;
    RunOutcome outcome = run_(request_for(candidate));
    if (!outcome.failed || outcome.signature != signature_) return false;
    kept_ = candidate;
    const std::set<DecisionAddress> unreached(outcome.unreached.begin(), outcome.unreached.end());
    std::erase_if(kept_, [&](const Override& override_) { return unreached.contains(override_.first); });
    best_ = std::move(outcome);
    if (options_.progress) options_.progress(runs_, kept_.size());
    return true;
  }

  void remove_chunks() {
    std::size_t chunk = std::max<std::size_t>(1, kept_.size() / 2);
    while (!kept_.empty() && !exhausted()) {
      bool removed = false;
      for (std::size_t start = 0; start < kept_.size() && !exhausted();) {
        std::vector<Override> candidate;
        for (std::size_t i = 0; i < kept_.size(); ++i) {
          if (i < start || i >= start + chunk) candidate.push_back(kept_[i]);
        }
        if (accept(candidate)) {
          removed = true;  // what follows has moved up to `start`
        } else {
          start += chunk;
        }
      }
      if (chunk > 1) {
        chunk = (chunk + 1) / 2;
      } else if (!removed) {
        break;
      }
    }
  }

  /// Smaller outcomes are simpler: 1 first, then halfway.
  void lower_outcomes() {
    for (std::size_t i = 0; i < kept_.size(); ++i) {
      std::uint64_t low = 1;
      while (i < kept_.size() && low < kept_[i].second && !exhausted()) {
        std::vector<Override> candidate = kept_;
        candidate[i].second = low;
        const std::uint64_t before = kept_[i].second;
        if (accept(candidate)) break;
        low = low + (before - low + 1) / 2;
      }
    }
  }

  const Runner& run_;
  const ShrinkOptions& options_;
  const RunOutcome& failing_;
  FailureSignature signature_;
  std::uint64_t seed_;
  std::uint64_t runs_ = 0;
  std::vector<Override> kept_;
  std::optional<RunOutcome> best_;
};

}  // namespace

ShrinkResult shrink(const RunOutcome& failing, const Runner& run, const ShrinkOptions& options) {
  return Shrinker(failing, run, options).go();
}

}  // namespace twinwire::traces
