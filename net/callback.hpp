// A move-only callable. The standard's is C++23's std::move_only_function; this one also promises that a
// callable of up to six pointers needs no memory of its own, which keeps the message path free of allocation.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace twinwire {

template <class Signature>
class UniqueFunction;

/// Holds any callable of this signature, copyable or not. Calling an empty one is undefined.
template <class R, class... Args>
class UniqueFunction<R(Args...)> {
 public:
  UniqueFunction() = default;
  UniqueFunction(std::nullptr_t) noexcept {}  // NOLINT(google-explicit-constructor)

  template <class F>
    requires(!std::is_same_v<std::remove_cvref_t<F>, UniqueFunction> &&
             std::is_invocable_r_v<R, std::decay_t<F>&, Args...>)
  UniqueFunction(F&& function) {  // NOLINT(google-explicit-constructor): like std::function
    using Target = std::decay_t<F>;
    if constexpr (fits_inline<Target>) {
      ::new (static_cast<void*>(storage_)) Target(std::forward<F>(function));
      table_ = &inline_table<Target>;
    } else {
      ::new (static_cast<void*>(storage_)) Target*(new Target(std::forward<F>(function)));
      table_ = &heap_table<Target>;
    }
  }

  UniqueFunction(UniqueFunction&& other) noexcept { take(other); }
  UniqueFunction& operator=(UniqueFunction&& other) noexcept {
    if (this != &other) {
      reset();
      take(other);
    }
    return *this;
  }
  ~UniqueFunction() { reset(); }

  R operator()(Args... args) { return table_->call(storage_, std::forward<Args>(args)...); }
  explicit operator bool() const noexcept { return table_ != nullptr; }

  void reset() noexcept {
    if (const Table* table = std::exchange(table_, nullptr)) table->destroy(storage_);
  }

 private:
  struct Table {
    R (*call)(void*, Args&&...);
    void (*move)(void* from, void* to) noexcept;
    void (*destroy)(void*) noexcept;
  };

  static constexpr std::size_t inline_size = 6 * sizeof(void*);
  template <class T>
  static constexpr bool fits_inline =
      sizeof(T) <= inline_size && alignof(T) <= alignof(void*) && std::is_nothrow_move_constructible_v<T>;

  template <class T>
  static constexpr Table inline_table{
      [](void* self, Args&&... args) -> R {
        return static_cast<R>((*static_cast<T*>(self))(std::forward<Args>(args)...));
      },
      [](void* from, void* to) noexcept {
        ::new (to) T(std::move(*static_cast<T*>(from)));
        static_cast<T*>(from)->~T();
      },
      [](void* self) noexcept { static_cast<T*>(self)->~T(); }};

  template <class T>
  static constexpr Table heap_table{
      [](void* self, Args&&... args) -> R {
        return static_cast<R>((**static_cast<T**>(self))(std::forward<Args>(args)...));
      },
      [](void* from, void* to) noexcept { ::new (to) T*(*static_cast<T**>(from)); },
      [](void* self) noexcept { delete *static_cast<T**>(self); }};

  void take(UniqueFunction& other) noexcept {
    table_ = std::exchange(other.table_, nullptr);
    if (table_) table_->move(other.storage_, storage_);
  }

  alignas(void*) std::byte storage_[inline_size];
  const Table* table_ = nullptr;
};

/// What a loop can be asked to call.
using Callback = UniqueFunction<void()>;

}  // namespace twinwire
