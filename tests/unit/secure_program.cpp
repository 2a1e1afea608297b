// Prints what went over the wire in some conversations over TLS, as fingerprints. Every process prints the
// same.
#include "secure_run.hpp"

#include <cinttypes>
#include <cstdio>

int main() {
  using twinwire::TlsVersion;
  using twinwire::certificates::Key;
  for (const TlsVersion version : {TlsVersion::tls1_2, TlsVersion::tls1_3}) {
    for (const Key key : {Key::ecdsa, Key::ed25519, Key::rsa}) {
      const auto setting = twinwire::unit::secure_setting(version, key);
      for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        std::printf("%d %d %" PRIu64 " %016" PRIx64 "\n", static_cast<int>(version), static_cast<int>(key),
                    seed, twinwire::unit::fingerprint_of(seed, setting));
      }
    }
  }
}
