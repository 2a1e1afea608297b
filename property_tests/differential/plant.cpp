#include "plant.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>

namespace twinwire::differential {
namespace {

constexpr std::array<PlantInfo, 37> plants{{
    {Plant::lose_byte, "lose-byte", "the last byte of a long write vanishes", Kind::tcp, true},
    {Plant::repeat_byte, "repeat-byte", "the last byte of a write is sent twice", Kind::tcp, true},
    {Plant::flip_bit, "flip-bit", "a bit of a long read is flipped", Kind::tcp, true},
    {Plant::swap_parts, "swap-parts", "gathered buffers are sent in the wrong order", Kind::tcp, true},
    {Plant::lose_eof, "lose-eof", "the end of the stream is not sent", Kind::tcp},
    {Plant::early_eof, "early-eof", "the stream ends after the first read", Kind::tcp},
    {Plant::eof_is_reset, "eof-is-reset", "the end of the stream is told as a reset", Kind::tcp},
    {Plant::reset_is_eof, "reset-is-eof", "a reset is told as the end of the stream", Kind::tcp},
    {Plant::reset_is_timeout, "reset-is-timeout", "a reset is told as a time-out", Kind::tcp},
    {Plant::abort_closes, "abort-closes", "an abort does not reset", Kind::tcp},
    {Plant::close_aborts, "close-aborts", "closing resets", Kind::tcp},
    {Plant::eof_ends_both, "eof-ends-both", "ending one direction ends both", Kind::tcp},
    {Plant::no_half_close, "no-half-close", "one direction cannot be ended alone", Kind::tcp},
    {Plant::write_breaks, "write-breaks", "the third write finds a broken pipe", Kind::tcp},
    {Plant::lose_writable, "lose-writable", "nobody tells that there is room again", Kind::tcp},
    {Plant::lose_readable, "lose-readable", "every second arrival is not told", Kind::tcp},
    {Plant::lose_end, "lose-end", "nobody tells that the other end is gone", Kind::pipe},
    {Plant::takes_nothing, "takes-nothing", "a long write is never taken", Kind::pipe},
    {Plant::lose_datagram, "lose-datagram", "every third datagram vanishes", Kind::udp, true},
    {Plant::repeat_datagram, "repeat-datagram", "every third datagram comes twice", Kind::udp, true},
    {Plant::cut_datagram, "cut-datagram", "a long datagram is cut", Kind::udp, true},
    {Plant::replace_datagram, "replace-datagram", "one is sent twice in place of the next", Kind::udp, true},
    {Plant::forge_sender, "forge-sender", "a datagram comes from another port", Kind::udp, true},
    {Plant::lose_empty_datagram, "lose-empty-datagram", "an empty datagram is not sent", Kind::udp, true},
    {Plant::lose_refusal, "lose-refusal", "that nobody listens is not told", Kind::udp},
    {Plant::swap_outputs, "swap-outputs", "stdout and stderr change places", Kind::subprocess},
    {Plant::signal_is_status, "signal-is-status", "a signal is told as a shell does", Kind::subprocess},
    {Plant::lose_signal, "lose-signal", "SIGINT does not arrive", Kind::subprocess},
    {Plant::kill_terminates, "kill-terminates", "SIGTERM is sent for SIGKILL", Kind::subprocess},
    {Plant::lose_exit, "lose-exit", "nobody tells that the child has ended", Kind::subprocess},
    {Plant::keep_stdin, "keep-stdin", "the child's stdin is not closed", Kind::subprocess},
    {Plant::lose_farewell, "lose-farewell", "closing sends no close_notify", Kind::tls},
    {Plant::truncation_is_end, "truncation-is-end", "a stream that is cut off has ended", Kind::tls},
    {Plant::half_close_of_tls, "half-close-of-tls", "one direction can be ended alone", Kind::tls},
    {Plant::farewell_is_late, "farewell-is-late", "the peer's close_notify is not read", Kind::tls},
    {Plant::lose_record, "lose-record", "the second piece that is read vanishes", Kind::tls},
    {Plant::refuse_handshake, "refuse-handshake", "start_tls fails", Kind::tcp},
}};

/// Of the kind that takes longest.
constexpr PlantInfo no_defect{Plant::nothing, "nothing", "no defect", Kind::subprocess};

}  // namespace

std::span<const PlantInfo> all_plants() {
  return plants;
}

std::vector<PlantInfo> plants_named(std::string_view name) {
  if (name == "all") return {plants.begin(), plants.end()};
  if (name == no_defect.name) return {no_defect};
  const auto named = std::ranges::find(plants, name, &PlantInfo::name);
  if (named != plants.end()) return {*named};
  throw std::invalid_argument("unknown defect \"" + std::string(name) + "\": --list-plants");
}

}  // namespace twinwire::differential
