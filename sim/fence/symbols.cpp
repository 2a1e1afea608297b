#include <twinwire/sim/fence/symbols.hpp>

#include <cstring>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <span>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace twinwire::sim::fence {
namespace {

using Header = ElfW(Ehdr);
using Segment = ElfW(Phdr);
using Section = ElfW(Shdr);
using Symbol = ElfW(Sym);

/// The tables of an ELF file are aligned as what they hold is. Empty if they are not all there.
template <class T>
std::span<const T> table(std::span<const char> content, std::size_t offset, std::size_t count) {
  const bool fits = offset <= content.size() && count <= (content.size() - offset) / sizeof(T);
  if (!fits || offset % alignof(T) != 0) return {};
  return {reinterpret_cast<const T*>(content.data() + offset), count};
}

/// The address for which the first byte of the file was linked: 0 unless its place is fixed.
std::uintptr_t base_of(std::span<const char> content, const Header& header) {
  for (const Segment& segment : table<Segment>(content, header.e_phoff, header.e_phnum)) {
    if (segment.p_type == PT_LOAD) return segment.p_vaddr - segment.p_offset;
  }
  return 0;
}

bool has_code_at(const Symbol& symbol, std::uintptr_t address) {
  const bool is_function = ELF64_ST_TYPE(symbol.st_info) == STT_FUNC && symbol.st_shndx != SHN_UNDEF;
  return is_function && address >= symbol.st_value && address - symbol.st_value < symbol.st_size;
}

}  // namespace

Symbols::Symbols(const std::string& file) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return;
  struct stat status{};
  if (::fstat(descriptor, &status) == 0 && status.st_size > 0) {
    const auto size = static_cast<std::size_t>(status.st_size);
    void* const mapped = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (mapped != MAP_FAILED) {
      data_ = static_cast<const char*>(mapped);
      size_ = size;
    }
  }
  ::close(descriptor);
}

Symbols::~Symbols() {
  if (data_) ::munmap(const_cast<char*>(data_), size_);
}

std::string Symbols::function_at(std::uintptr_t offset) const {
  const std::span<const char> content(data_, size_);
  const auto headers = table<Header>(content, 0, 1);
  if (headers.empty() || std::memcmp(headers[0].e_ident, ELFMAG, SELFMAG) != 0) return {};
  const Header& header = headers[0];
  const std::uintptr_t address = base_of(content, header) + offset;
  const auto sections = table<Section>(content, header.e_shoff, header.e_shnum);
  for (const Section& section : sections) {
    const bool has_symbols = section.sh_type == SHT_SYMTAB || section.sh_type == SHT_DYNSYM;
    if (!has_symbols || section.sh_link >= sections.size()) continue;
    const Section& names = sections[section.sh_link];
    const auto text = table<char>(content, names.sh_offset, names.sh_size);
    if (text.empty() || text.back() != '\0') continue;
    for (const Symbol& symbol : table<Symbol>(content, section.sh_offset, section.sh_size / sizeof(Symbol))) {
      if (has_code_at(symbol, address) && symbol.st_name < text.size()) return &text[symbol.st_name];
    }
  }
  return {};
}

}  // namespace twinwire::sim::fence
