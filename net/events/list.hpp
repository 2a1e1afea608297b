// A list whose links live in its members: joining and leaving are free of allocation.
#pragma once

#include <cstddef>

namespace twinwire::detail {

/// Base of what can be in one List<Tag>. Destroying it leaves the list.
template <class Tag>
class ListLink {
 public:
  ListLink() = default;
  ListLink(const ListLink&) = delete;
  ListLink& operator=(const ListLink&) = delete;
  ~ListLink() { leave(); }

  bool linked() const noexcept { return next_ != nullptr; }
  void leave() noexcept {
    if (!next_) return;
    previous_->next_ = next_;
    next_->previous_ = previous_;
    next_ = previous_ = nullptr;
  }

 private:
  template <class T, class OtherTag>
  friend class List;
  ListLink* next_ = nullptr;
  ListLink* previous_ = nullptr;
};

/// Members in the order of joining. It does not own them.
template <class T, class Tag>
class List {
 public:
  List() noexcept { end_.next_ = end_.previous_ = &end_; }
  ~List() {
    while (!empty()) front().ListLink<Tag>::leave();
    end_.next_ = nullptr;  // the end is linked to itself, and must not leave
  }
  List(const List&) = delete;
  List& operator=(const List&) = delete;

  bool empty() const noexcept { return end_.next_ == &end_; }
  T& front() const noexcept { return static_cast<T&>(*end_.next_); }
  void push_back(T& member) noexcept {
    ListLink<Tag>& link = member;
    link.previous_ = end_.previous_;
    link.next_ = &end_;
    end_.previous_->next_ = &link;
    end_.previous_ = &link;
  }
  /// Calls `visit` for each. It must not make any member leave: collect first, act later.
  template <class F>
  void for_each(F visit) const {
    for (ListLink<Tag>* link = end_.next_; link != &end_; link = link->next_) visit(static_cast<T&>(*link));
  }

 private:
  ListLink<Tag> end_;
};

/// One that knows how many it has. Members leave by remove(), before they are destroyed.
template <class T, class Tag>
class CountedList : private List<T, Tag> {
 public:
  using List<T, Tag>::empty;
  using List<T, Tag>::front;
  using List<T, Tag>::for_each;

  std::size_t size() const noexcept { return size_; }
  void push_back(T& member) noexcept {
    List<T, Tag>::push_back(member);
    ++size_;
  }
  void remove(T& member) noexcept {
    static_cast<ListLink<Tag>&>(member).leave();
    --size_;
  }

 private:
  std::size_t size_ = 0;
};

}  // namespace twinwire::detail
