#include "site.hpp"

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <utility>

namespace https {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t folder_bytes_max = 100'000'000;

constexpr std::array<std::pair<std::string_view, std::string_view>, 10> types{{
    {".html", "text/html; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".json", "application/json"},
    {".txt", "text/plain; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".jpg", "image/jpeg"},
    {".ico", "image/x-icon"},
    {".wasm", "application/wasm"},
}};

std::string type_of(std::string_view path) {
  for (const auto& [ending, type] : types) {
    if (path.ends_with(ending)) return std::string(type);
  }
  return "application/octet-stream";
}

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string content{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file.is_open() || file.bad()) throw std::runtime_error("cannot read " + path.string());
  return content;
}

}  // namespace

void Site::add(std::string path, std::string body) {
  Page page{type_of(path), std::move(body)};
  pages_.insert_or_assign(std::move(path), std::move(page));
}

const Page* Site::find(std::string_view target) const {
  std::string path(target.substr(0, target.find('?')));
  if (path.ends_with('/')) path += "index.html";
  const auto found = pages_.find(path);
  return found == pages_.end() ? nullptr : &found->second;
}

Site read_folder(const std::string& folder) {
  Site site;
  std::size_t bytes = 0;
  for (auto entry = fs::recursive_directory_iterator(folder); entry != fs::end(entry); ++entry) {
    if (entry->path().filename().string().starts_with('.')) {
      entry.disable_recursion_pending();
    } else if (entry->is_regular_file()) {
      std::string content = read_file(entry->path());
      bytes += content.size();
      if (bytes > folder_bytes_max) throw std::runtime_error(folder + " has more than 100 MB");
      site.add('/' + fs::relative(entry->path(), folder).generic_string(), std::move(content));
    }
  }
  return site;
}

}  // namespace https
