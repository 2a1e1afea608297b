#include <twinwire/net/tls/openssl_error.hpp>
#include <twinwire/net/tls/seeded_library.hpp>

#include <algorithm>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include <climits>
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <openssl/rand.h>

namespace twinwire::detail {
namespace {

constexpr Purpose random_bits{"tls", "{entity}: random bits for TLS"};
constexpr const char* provider_name = "twinwire";
constexpr const char* generator_name = "TWINWIRE-CHOICES";
constexpr unsigned strength_bits = 256;

/// Whose provider is being loaded: it is told by no argument.
thread_local SeededLibrary* loading = nullptr;

// --- the generator, as provider-rand(7) describes one ---

/// Has no state: it points to the library.
void* new_generator(void* library, void* /*parent*/, const OSSL_DISPATCH* /*parent_calls*/) {
  return library;
}
void free_generator(void* /*library*/) {}

int instantiate(void* /*library*/, unsigned /*strength*/, int /*resistance*/, const unsigned char* /*text*/,
                std::size_t /*text_size*/, const OSSL_PARAM* /*parameters*/) {
  return 1;
}
int uninstantiate(void* /*library*/) {
  return 1;
}

int generate(void* library, unsigned char* out, std::size_t size, unsigned /*strength*/, int /*resistance*/,
             const unsigned char* /*more*/, std::size_t /*more_size*/) {
  return static_cast<SeededLibrary*>(library)->fill(out, size) ? 1 : 0;
}

/// One thread uses a library.
int enable_locking(void* /*library*/) {
  return 1;
}

int get_parameters(void* /*library*/, OSSL_PARAM* parameters) {
  if (OSSL_PARAM* state = OSSL_PARAM_locate(parameters, OSSL_RAND_PARAM_STATE)) {
    if (OSSL_PARAM_set_int(state, EVP_RAND_STATE_READY) == 0) return 0;
  }
  if (OSSL_PARAM* strength = OSSL_PARAM_locate(parameters, OSSL_RAND_PARAM_STRENGTH)) {
    if (OSSL_PARAM_set_uint(strength, strength_bits) == 0) return 0;
  }
  if (OSSL_PARAM* most = OSSL_PARAM_locate(parameters, OSSL_RAND_PARAM_MAX_REQUEST)) {
    if (OSSL_PARAM_set_size_t(most, INT_MAX) == 0) return 0;
  }
  return 1;
}

const OSSL_PARAM* gettable_parameters(void* /*library*/, void* /*provider*/) {
  static const OSSL_PARAM parameters[] = {
      OSSL_PARAM_int(OSSL_RAND_PARAM_STATE, nullptr), OSSL_PARAM_uint(OSSL_RAND_PARAM_STRENGTH, nullptr),
      OSSL_PARAM_size_t(OSSL_RAND_PARAM_MAX_REQUEST, nullptr), OSSL_PARAM_END};
  return parameters;
}

template <class F>
OSSL_DISPATCH entry(int id, F* function) {
  return {id, reinterpret_cast<void (*)()>(function)};
}

const OSSL_ALGORITHM* query(void* /*library*/, int operation, int* no_cache) {
  static const OSSL_DISPATCH functions[] = {entry(OSSL_FUNC_RAND_NEWCTX, new_generator),
                                            entry(OSSL_FUNC_RAND_FREECTX, free_generator),
                                            entry(OSSL_FUNC_RAND_INSTANTIATE, instantiate),
                                            entry(OSSL_FUNC_RAND_UNINSTANTIATE, uninstantiate),
                                            entry(OSSL_FUNC_RAND_GENERATE, generate),
                                            entry(OSSL_FUNC_RAND_ENABLE_LOCKING, enable_locking),
                                            entry(OSSL_FUNC_RAND_GET_CTX_PARAMS, get_parameters),
                                            entry(OSSL_FUNC_RAND_GETTABLE_CTX_PARAMS, gettable_parameters),
                                            {0, nullptr}};
  static const OSSL_ALGORITHM generators[] = {
      {generator_name, "provider=twinwire", functions, "bytes by address"},
      {nullptr, nullptr, nullptr, nullptr}};
  *no_cache = 0;
  return operation == OSSL_OP_RAND ? generators : nullptr;
}

int initialise(const OSSL_CORE_HANDLE* /*core*/, const OSSL_DISPATCH* /*in*/, const OSSL_DISPATCH** out,
               void** context) {
  static const OSSL_DISPATCH functions[] = {entry(OSSL_FUNC_PROVIDER_QUERY_OPERATION, query), {0, nullptr}};
  *out = functions;
  *context = loading;
  return 1;
}

// --- those that are free ---

struct Pool {
  std::mutex mutex;
  std::vector<std::unique_ptr<SeededLibrary>> free;
};

/// Never destroyed: what it holds may be in use until the very end of the process.
Pool& pool() {
  static Pool* const all = new Pool;
  return *all;
}

}  // namespace

SeededLibrary::SeededLibrary() : native_(OSSL_LIB_CTX_new()) {
  loading = this;
  const bool made = native_ && OSSL_PROVIDER_add_builtin(native_, provider_name, initialise) == 1 &&
                    (generator_ = OSSL_PROVIDER_load(native_, provider_name)) != nullptr &&
                    (algorithms_ = OSSL_PROVIDER_load(native_, "default")) != nullptr &&
                    RAND_set_DRBG_type(native_, generator_name, nullptr, nullptr, nullptr) == 1 &&
                    RAND_set_seed_source_type(native_, generator_name, nullptr) == 1;
  loading = nullptr;
  if (!made) throw std::runtime_error("OpenSSL: no library context: " + take_openssl_reason());
}

SeededLibrary::~SeededLibrary() {
  OSSL_PROVIDER_unload(algorithms_);
  OSSL_PROVIDER_unload(generator_);
  OSSL_LIB_CTX_free(native_);
}

std::shared_ptr<SeededLibrary> SeededLibrary::acquire(Choices& choices, std::string_view entity) {
  std::unique_ptr<SeededLibrary> library;
  {
    const std::scoped_lock lock(pool().mutex);
    if (!pool().free.empty()) {
      library = std::move(pool().free.back());
      pool().free.pop_back();
    }
  }
  if (!library) library = std::make_unique<SeededLibrary>();
  library->choices_ = &choices;
  library->own_ = library->stream(entity);
  return {library.release(), [](SeededLibrary* used) {
            used->let_go();
            const std::scoped_lock lock(pool().mutex);
            pool().free.emplace_back(used);
          }};
}

SeededLibrary::Stream SeededLibrary::stream(std::string_view entity) const {
  return {choices_->site(entity, random_bits)};
}

bool SeededLibrary::fill(unsigned char* out, std::size_t size) noexcept {
  if (!choices_) return false;
  while (size != 0) {
    const std::uint64_t word = choices_->entropy(current_->site, current_->next++);
    const std::size_t count = std::min(size, sizeof word);
    // Byte by byte: the same on every machine.
    for (std::size_t i = 0; i < count; ++i) *out++ = static_cast<unsigned char>(word >> (8 * i));
    size -= count;
  }
  return true;
}

}  // namespace twinwire::detail
