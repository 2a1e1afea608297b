// Planted defects: ways in which a wire may misbehave, to see that the proof finds each.
#pragma once

#include "program.hpp"
#include "tls_contexts.hpp"

#include <twinwire/net/wire/backend.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace twinwire::differential {

enum class Plant : std::uint8_t {
  none,
  nothing,  ///< the wires are decorated as others are, and behave
  // of streams
  lose_byte,
  repeat_byte,
  flip_bit,
  swap_parts,
  lose_eof,
  early_eof,
  eof_is_reset,
  reset_is_eof,
  reset_is_timeout,
  abort_closes,
  close_aborts,
  eof_ends_both,
  no_half_close,
  write_breaks,
  lose_writable,
  lose_readable,
  lose_end,
  takes_nothing,
  // of datagrams
  lose_datagram,
  repeat_datagram,
  cut_datagram,
  replace_datagram,
  forge_sender,
  lose_empty_datagram,
  lose_refusal,
  // of child processes
  swap_outputs,
  signal_is_status,
  lose_signal,
  kill_terminates,
  lose_exit,
  keep_stdin,
  // of TLS
  lose_farewell,
  truncation_is_end,
  half_close_of_tls,
  farewell_is_late,
  lose_record,
  refuse_handshake,
};

constexpr bool is_of_tls(Plant plant) noexcept {
  return plant >= Plant::lose_farewell;
}

/// One that can be asked for: its name, what it does, and a kind in which it shows. What breaks the contract
/// shows even where both wires have it, so that both sides see the same.
struct PlantInfo {
  Plant plant;
  std::string_view name;
  std::string_view what;
  Kind kind;
  bool breaks_contract = false;
};
std::span<const PlantInfo> all_plants();
/// The one of this name, or all for "all". "nothing" is none of them: it must never be found. Throws
/// std::invalid_argument for what is no defect.
std::vector<PlantInfo> plants_named(std::string_view name);

/// A backend whose wires have the defect: the given one itself if there is none.
std::unique_ptr<detail::Backend> with_plant(std::unique_ptr<detail::Backend> backend, Plant plant);
/// Connections that are made secure with these have the defect, if it is one of TLS.
TlsContexts with_plant(TlsContexts contexts, Plant plant);
/// A wire with the defect.
std::unique_ptr<Wire> with_plant(std::unique_ptr<Wire> wire, Plant plant);
std::unique_ptr<ProcessWire> with_plant(std::unique_ptr<ProcessWire> wire, Plant plant);
std::unique_ptr<DatagramWire> with_plant(std::unique_ptr<DatagramWire> wire, Plant plant);

}  // namespace twinwire::differential
