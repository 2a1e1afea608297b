#include <twinwire/sim/fence/stack_trace.hpp>
#include <twinwire/sim/fence/symbols.hpp>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cxxabi.h>
#include <dlfcn.h>
#include <execinfo.h>
#include <map>
#include <memory>
#include <string_view>
#include <sys/auxv.h>

namespace twinwire::sim::fence {
namespace {

constexpr int frames_max = 64;

std::string demangled(const std::string& name) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> text(
      abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status), &std::free);
  return status == 0 ? text.get() : name;
}

std::string hexadecimal(std::uintptr_t number) {
  std::array<char, 2 * sizeof number + 3> text{};
  std::snprintf(text.data(), text.size(), "0x%lx", static_cast<unsigned long>(number));
  return text.data();
}

/// Where a file of this process can be read, whatever the current directory has become. The executable goes
/// by the name that it was started with.
std::string readable(const Dl_info& info) {
  Dl_info executable{};
  const unsigned long headers = ::getauxval(AT_PHDR);
  const bool known = ::dladdr(reinterpret_cast<void*>(headers), &executable) != 0;
  return known && info.dli_fbase == executable.dli_fbase ? "/proc/self/exe" : info.dli_fname;
}

}  // namespace

std::string stack_trace() {
  std::array<void*, frames_max> frames;
  const int count = ::backtrace(frames.data(), frames_max);
  std::map<std::string, Symbols> files;
  std::string text;
  for (int i = 0; i < count; ++i) {
    // An address of return is that behind the call, which may be another function already.
    const std::uintptr_t address = reinterpret_cast<std::uintptr_t>(frames[static_cast<std::size_t>(i)]) - 1;
    Dl_info info{};
    if (::dladdr(reinterpret_cast<void*>(address), &info) == 0 || info.dli_fname == nullptr) continue;
    const std::string file = info.dli_fname;
    const std::uintptr_t place = address - reinterpret_cast<std::uintptr_t>(info.dli_fbase);
    const auto symbols = files.try_emplace(file, readable(info)).first;
    const std::string name = demangled(symbols->second.function_at(place));
    if (name.starts_with("twinwire::sim::fence::") || name.starts_with("__interceptor_")) continue;
    if (name.starts_with("twinwire::Loop::run_turn") || name.starts_with("twinwire::sim::World::")) break;
    if (!text.empty()) text += "\n";
    text += "    " + (name.empty() ? std::string("?") : name) + " at " + file.substr(file.rfind('/') + 1) +
            "+" + hexadecimal(place);
  }
  return text.empty() ? "    (no stack trace)" : text;
}

}  // namespace twinwire::sim::fence
