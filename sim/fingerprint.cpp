#include <twinwire/sim/fingerprint.hpp>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace twinwire::sim {

void Fingerprint::add(Bytes payload) noexcept {
  add(XXH3_64bits(payload.data(), payload.size()), payload.size());
}

}  // namespace twinwire::sim
