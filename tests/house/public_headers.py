#!/usr/bin/env python3
"""Checks that headers show no third-party library that their users did not ask for."""
import sys

import sources

# Only .cpp files may know these.
PRIVATE = ("openssl/", "zstd", "fmt/", "CLI/", "xxh", "catch2/", "rapidcheck", "gtest/", "benchmark/", "uv.h")

# Headers whose point is to work together with Asio, or that belong to the code that does.
ASIO = {
    "net/asio/datagram_socket.hpp",
    "net/asio/io_buffers.hpp",
    "net/asio/io_initiation.hpp",
    "net/asio/ssl_context.hpp",
    "net/asio/stream_socket.hpp",
    "net/asio/teardown.hpp",
    "net/async.hpp",
    "net/completion.hpp",
    "net/executor.hpp",
    "net/loop_executor.hpp",
    "net/sleep.hpp",
    "net/timeout.hpp",
    "real/asio_bridge.hpp",
    "sim/asio/shadow/boost/asio/detail/deadline_timer_service.hpp",
    "sim/asio/timer_service.hpp",
    "sim/asio_context.hpp",
}


def check(root):
    for file in sources.files(root, suffixes=(".hpp",)):
        for number, included in sources.includes(root, file):
            if included.startswith(PRIVATE):
                yield f"{file}:{number}: <{included}> belongs into a .cpp file"
            elif included.startswith("boost/asio") and str(file) not in ASIO:
                yield f"{file}:{number}: <{included}> is for those only whose point is Asio"
            elif not included.startswith("twinwire/") and (root / file.parts[0] / included).is_file():
                yield f"{file}:{number}: is <twinwire/{file.parts[0]}/{included}> once installed"
    for file in sorted(ASIO):
        if (root / file.split("/")[0]).is_dir() and not (root / file).is_file():
            yield f"{file}: is allowed to include Asio, but is not there"


if __name__ == "__main__":
    sys.exit(sources.main(__doc__, check))
