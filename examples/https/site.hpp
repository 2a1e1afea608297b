// What is served: pages, by their paths.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace https {

/// A file as it is sent.
struct Page {
  std::string type;  ///< as Content-Type names it
  std::string body;
};

/// All of it lies in memory, so that no request can reach for a file that is not meant to be seen. It is not
/// changed while it is served.
class Site {
 public:
  /// `path` begins with a slash. The type follows from what it ends with.
  void add(std::string path, std::string body);
  /// What a request asks for: "/" at the end stands for an index.html, and what follows a question mark does
  /// not matter. Null if there is none. The page lives as long as the site.
  const Page* find(std::string_view target) const;
  std::size_t size() const noexcept { return pages_.size(); }

 private:
  std::map<std::string, Page, std::less<>> pages_;
};

/// The regular files of a folder and of the folders in it, without those whose names begin with a dot. Throws
/// std::runtime_error if it is no folder, a file cannot be read, or all of them have more than 100 MB.
Site read_folder(const std::string& folder);

}  // namespace https
