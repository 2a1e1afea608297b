#include <twinwire/sim/processes/shell.hpp>
#include <twinwire/sim/programs.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace twinwire::sim {

Programs::Programs() {
  add("sh", run_shell);
}

void Programs::add(const std::string& name, Program program) {
  programs_.insert_or_assign(name, std::move(program));
}

const Program* Programs::find(std::string_view path) const {
  constexpr std::array<std::string_view, 3> folders{"/bin/", "/usr/bin/", "/usr/local/bin/"};
  const auto folder =
      std::ranges::find_if(folders, [&](std::string_view candidate) { return path.starts_with(candidate); });
  if (folder != folders.end() && !programs_.contains(path)) path.remove_prefix(folder->size());
  const auto found = programs_.find(path);
  return found == programs_.end() ? nullptr : &found->second;
}

}  // namespace twinwire::sim
