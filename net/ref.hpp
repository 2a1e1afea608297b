// Counted pointers for objects that stay on one loop's thread: the count is not atomic.
#pragma once

#include <cstdint>
#include <type_traits>
#include <utility>

namespace twinwire::detail {

/// Base of an object that is kept alive by `Ref`s to it. Loop thread only.
class RefCounted {
 public:
  RefCounted() = default;
  RefCounted(const RefCounted&) = delete;
  RefCounted& operator=(const RefCounted&) = delete;

  void add_ref() const noexcept { ++references_; }
  void release_ref() const noexcept {
    if (--references_ == 0) destroy();
  }

 protected:
  virtual ~RefCounted() = default;
  /// Called when the last reference went: an object that comes from a pool goes back there.
  virtual void destroy() const noexcept { delete this; }

 private:
  mutable std::uint32_t references_ = 0;
};

/// An owning pointer to a RefCounted object.
template <class T>
class Ref {
 public:
  Ref() = default;
  Ref(std::nullptr_t) noexcept {}  // NOLINT(google-explicit-constructor): as std::shared_ptr
  explicit Ref(T* object) noexcept : object_(object) {
    if (object_) object_->add_ref();
  }
  Ref(const Ref& other) noexcept : Ref(other.object_) {}
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  template <class U>
    requires std::is_convertible_v<U*, T*>
  Ref(const Ref<U>& other) noexcept : Ref(other.get()) {}  // NOLINT(google-explicit-constructor): likewise
  ~Ref() {
    if (object_) object_->release_ref();
  }
  Ref& operator=(Ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }

  T* get() const noexcept { return object_; }
  T* operator->() const noexcept { return object_; }
  T& operator*() const noexcept { return *object_; }
  explicit operator bool() const noexcept { return object_ != nullptr; }
  bool operator==(const Ref&) const = default;

 private:
  T* object_ = nullptr;
};

template <class T, class... Args>
Ref<T> make_ref(Args&&... args) {
  return Ref<T>(new T(std::forward<Args>(args)...));
}

}  // namespace twinwire::detail
