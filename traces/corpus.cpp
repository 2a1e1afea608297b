#include <twinwire/traces/corpus.hpp>

#include <algorithm>
#include <stdexcept>
#include <system_error>

#include <fmt/format.h>

namespace twinwire::traces {
namespace {

std::vector<std::filesystem::path> repros_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().extension() == ".repro") files.push_back(entry->path());
  }
  if (error) throw ReproError(fmt::format("cannot read the folder {}: {}", folder.string(), error.message()));
  if (files.empty()) throw ReproError(fmt::format("there is no repro in the folder {}", folder.string()));
  std::ranges::sort(files);
  return files;
}

}  // namespace

CorpusResult replay_corpus(const std::filesystem::path& folder, const std::vector<Scenario>& scenarios,
                           const RunPlace& place, const std::function<void(const KeptRepro&)>& on_repro) {
  CorpusResult all;
  for (const std::filesystem::path& file : repros_in(folder)) {
    KeptRepro kept{file, std::nullopt, {}};
    try {
      kept.result = replay(read_repro(file), scenarios, place);
      ++(kept.result->outcome.failed ? all.failed : all.gone);
    } catch (const std::runtime_error& error) {
      kept.error = error.what();
      ++all.not_replayed;
    }
    on_repro(kept);
  }
  return all;
}

std::string describe_kept(const KeptRepro& kept) {
  const std::string file = kept.file.string();
  if (!kept.result) return fmt::format("{}: NOT REPLAYED: {}\n", file, kept.error);
  const RunOutcome& outcome = kept.result->outcome;
  if (!outcome.failed) return fmt::format("{}: its failure is gone\n", file);
  return fmt::format("{}: FAILED {}: {}\n", file, kept.result->same_failure ? "as before" : "in another way",
                     outcome.signature.in_words());
}

}  // namespace twinwire::traces
