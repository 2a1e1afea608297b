// The simulated wire: one end of a TcpConnection, of TCP or Unix, behind the interface that transports know.
#pragma once

#include <twinwire/net/ref.hpp>
#include <twinwire/net/wire/wire.hpp>
#include <twinwire/sim/member_event.hpp>
#include <twinwire/sim/tcp/tcp_connection.hpp>

#include <cstdint>

namespace twinwire::sim {

class Host;

/// Holds a descriptor of its host while it is open.
class TcpWire final : public Wire {
 public:
  TcpWire(detail::Ref<TcpConnection> connection, int side, NativeHandle handle);
  ~TcpWire() override;

  // --- for the connection; each may end in anything that user code does ---
  void tell_readable();
  void tell_writable();
  void tell_hang_up();

  void set_sink(WireSink* sink) override;
  IoResult read_some(MutableBytes buffer) override;
  IoResult write_some(std::span<const Bytes> buffers) override;
  bool can_send_file() const override { return true; }
  IoResult send_file(FileSource& file, std::uint64_t offset, std::size_t count) override;
  error_code finish_connect() override { return connection_->connect_result(); }
  error_code take_error() override { return connection_->take_error(side_); }
  error_code shutdown_write() override;
  void close() override;
  void abort() override;
  NativeHandle release() override;
  std::optional<Address> local_address() const override { return connection_->address(side_); }
  std::optional<Address> remote_address() const override { return connection_->address(1 - side_); }
  NativeHandle native_handle() const override { return open_ ? handle_ : NativeHandle{}; }
  bool can_shutdown_write() const override { return true; }
  error_code set_option(Option option, std::int64_t value) override;
  std::variant<std::int64_t, error_code> get_option(Option option) const override;

 private:
  void tell_again();
  bool has_news() const;
  void set_keep_alive(Option option, std::int32_t value);

  detail::Ref<TcpConnection> connection_;
  WireSink* sink_ = nullptr;
  NativeHandle handle_;
  int side_;
  bool open_ = true;
  bool no_delay_ = true;
  std::int32_t linger_s_ = -1;
  MemberEvent<TcpWire, &TcpWire::tell_again> again_{*this};
};

}  // namespace twinwire::sim
