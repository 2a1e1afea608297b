#include <twinwire/net/choices.hpp>

#include <numeric>
#include <stdexcept>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace twinwire {
namespace {

std::uint64_t site_key(std::string_view entity, std::string_view purpose) {
  return XXH3_64bits_withSeed(entity.data(), entity.size(), XXH3_64bits(purpose.data(), purpose.size()));
}

std::string fill_in(std::string_view sentence, const DecisionAddress& address, std::uint64_t outcome) {
  const std::pair<std::string_view, std::string> fields[] = {
      {"{entity}", address.entity},
      {"{ordinal}", std::to_string(address.ordinal)},
      {"{outcome}", std::to_string(outcome)},
      {"{end}", std::to_string(address.ordinal + outcome)},
      {"{major}", std::to_string(address.ordinal >> 16)},
      {"{minor}", std::to_string(address.ordinal & 0xffff)},
  };
  std::string text(sentence);
  for (const auto& [field, value] : fields) {
    for (std::size_t at = text.find(field); at != std::string::npos;
         at = text.find(field, at + value.size())) {
      text.replace(at, field.size(), value);
    }
  }
  return text;
}

}  // namespace

Site Choices::site(std::string_view entity, const Purpose& purpose) {
  const Site site{site_key(entity, purpose.name)};
  if (recording_) names_.try_emplace(site.key, SiteName{std::string(entity), purpose});
  return site;
}

std::uint64_t Choices::draw_weighted(Site site, std::uint64_t ordinal,
                                     std::span<const std::uint32_t> weights) {
  const std::uint64_t total = std::accumulate(weights.begin(), weights.end(), std::uint64_t{0});
  if (total == 0) throw std::invalid_argument("draw_weighted: no weight is above 0");
  std::uint64_t rest = scale(raw(site, ordinal), total);
  std::uint64_t index = 0;
  while (rest >= weights[index]) rest -= weights[index++];
  return plain_ ? index : decide(site, ordinal, index, weights.size());
}

void Choices::override_outcome(const DecisionAddress& address, std::uint64_t outcome) {
  const Key key{site_key(address.entity, address.purpose), address.ordinal};
  overrides_.insert_or_assign(key, Override{outcome, false, address});
  plain_ = false;
}

void Choices::record() {
  recording_ = true;
  plain_ = false;
}

std::uint64_t Choices::decide(Site site, std::uint64_t ordinal, std::uint64_t drawn, std::uint64_t range) {
  const Key key{site.key, ordinal};
  std::uint64_t outcome = base_ == Base::calm ? 0 : drawn;
  if (const auto found = overrides_.find(key); found != overrides_.end()) {
    found->second.reached = true;
    outcome = found->second.outcome < range ? found->second.outcome : 0;
  }
  if (recording_ && outcome != 0) {
    const auto [position, is_new] = recorded_index_.try_emplace(key, recorded_.size());
    if (is_new) {
      recorded_.emplace_back(key, outcome);
    } else {
      recorded_[position->second].second = outcome;
    }
  }
  return outcome;
}

std::vector<Decision> Choices::decisions() const {
  std::vector<Decision> all;
  all.reserve(recorded_.size());
  for (const auto& [key, outcome] : recorded_) {
    const auto name = names_.find(key.first);
    if (name == names_.end()) continue;
    const Purpose& purpose = name->second.purpose;
    DecisionAddress address{name->second.entity, std::string(purpose.name), key.second};
    std::string sentence = fill_in(purpose.sentence, address, outcome);
    all.push_back({std::move(address), outcome, std::move(sentence)});
  }
  return all;
}

std::vector<DecisionAddress> Choices::unreached_overrides() const {
  std::vector<DecisionAddress> missed;
  for (const auto& [key, entry] : overrides_) {
    if (!entry.reached) missed.push_back(entry.address);
  }
  return missed;
}

}  // namespace twinwire
