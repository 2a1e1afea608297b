// A library context of OpenSSL's whose random bytes come from Choices.
//
// OpenSSL's own generators cannot be made to repeat: they mix in addresses and the time, whatever seeds them.
// So this one brings a provider of its own, in the process, whose generator asks Choices for every byte. The
// default library context, with the keys of the rest of the process, is not touched.
#pragma once

#include <twinwire/net/choices.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

struct ossl_lib_ctx_st;
struct ossl_provider_st;

namespace twinwire::detail {

/// See the top of the file. One loop at a time has it; made once and used again, as making one takes longer
/// than a handshake. One thread at a time.
class SeededLibrary {
 public:
  /// A sequence of random bytes, addressed by its entity and the number of the word.
  struct Stream {
    Site site;
    std::uint64_t next = 0;
  };

  /// Whoever calls OpenSSL while this lives draws from that stream.
  class Use {
   public:
    Use(SeededLibrary* library, Stream& stream) noexcept : library_(library) {
      if (library_) before_ = std::exchange(library_->current_, &stream);
    }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
    ~Use() {
      if (library_) library_->current_ = before_;
    }

   private:
    SeededLibrary* library_;  ///< null: OpenSSL's own bytes will do
    Stream* before_ = nullptr;
  };

  /// One that nobody else has. Calls that no Use covers draw from the stream of `entity`. Throws
  /// std::runtime_error when OpenSSL does not cooperate.
  static std::shared_ptr<SeededLibrary> acquire(Choices& choices, std::string_view entity);

  SeededLibrary();
  SeededLibrary(const SeededLibrary&) = delete;
  SeededLibrary& operator=(const SeededLibrary&) = delete;
  ~SeededLibrary();

  ossl_lib_ctx_st* native() const noexcept { return native_; }
  Stream stream(std::string_view entity) const;
  /// The choices go away: no bytes are given any more.
  void let_go() noexcept { choices_ = nullptr; }

  /// For the generator. False without choices.
  bool fill(unsigned char* out, std::size_t size) noexcept;

 private:
  ossl_lib_ctx_st* native_;
  ossl_provider_st* generator_ = nullptr;
  ossl_provider_st* algorithms_ = nullptr;
  Choices* choices_ = nullptr;
  Stream own_;
  Stream* current_ = &own_;
};

}  // namespace twinwire::detail
