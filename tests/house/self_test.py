#!/usr/bin/env python3
"""Checks the checkers: each finds what was planted for it, and nothing in a tree that is in order."""
import sys
import tempfile
import unittest
from pathlib import Path

import arrows
import determinism
import file_size
import public_headers

IN_ORDER = {
    "net/loop.hpp": "#pragma once\n#include <vector>\n// std::shuffle(unordered_map) in a comment\n",
    "net/loop.cpp": '#include <twinwire/net/loop.hpp>\nconst char* text = "steady_clock::now()";\n',
    "net/executor.hpp": "#include <boost/asio/any_io_executor.hpp>\n",
    "sim/world.hpp": "#include <twinwire/net/loop.hpp>\n",
    "sim/fence/clocks.cpp": "auto t = std::chrono::system_clock::now();",
    "sim/fingerprint.cpp": "#include <xxhash.h>\n",
    "real/event_loop.hpp": "#include <twinwire/net/loop.hpp>\n",
    "traces/log.hpp": "#include <twinwire/net/loop.hpp>\n",
    "traces/scenario.hpp": "#include <twinwire/sim/world.hpp>\n",
    "traces/report.cpp": "#include <twinwire/traces/scenario.hpp>\n#include <fmt/format.h>\n",
}

# checker, file, its text, what the finding must say
PLANTED = [
    (arrows, "net/bad.hpp", "#include <twinwire/sim/world.hpp>", "net/bad.hpp:1: net/ must not include"),
    (arrows, "net/bad.cpp", "\n #  include <twinwire/real/event_loop.hpp>", "net/bad.cpp:2: net/ must not"),
    (arrows, "sim/bad.cpp", "#include <twinwire/real/event_loop.hpp>", "sim/ must not include"),
    (arrows, "real/bad.cpp", "#include <twinwire/sim/world.hpp>", "real/ must not include"),
    (arrows, "real/bad.cpp", "#if 0\n#include <twinwire/traces/log.hpp>\n#endif", "bad.cpp:2: real/ must"),
    (arrows, "traces/bad.cpp", "#include <twinwire/real/event_loop.hpp>", "traces/ must not include"),
    (arrows, "traces/log.cpp", "#include <twinwire/sim/world.hpp>", "traces/log.cpp:1: traces/ must not"),
    (arrows, "traces/log.cpp", "#include <twinwire/traces/scenario.hpp>", "log.cpp: is no runner, and reaches"),
    (arrows, "sim/tcp/bad.cpp", "#include <twinwire/net/state/flow_control.hpp>", "bytes must not know of"),
    (arrows, "real/bad.cpp", "#include <twinwire/net/operations/operation.hpp>", "bytes must not know of"),
    (arrows, "net/bad.hpp", "#include <twinwire/net/gone.hpp>", "there is no <twinwire/net/gone.hpp>"),
    (arrows, "net/bad.hpp", "#include <twinwire/world.hpp>", "must not include <twinwire/world.hpp>"),
    (public_headers, "traces/bad.hpp", "#include <fmt/format.h>", "belongs into a .cpp file"),
    (public_headers, "sim/bad.hpp", '#include "xxhash.h"', "belongs into a .cpp file"),
    (public_headers, "net/bad.hpp", "#include <boost/asio/ip/tcp.hpp>", "whose point is Asio"),
    (public_headers, "net/bad.hpp", '#include "loop.hpp"', "is <twinwire/net/loop.hpp> once installed"),
    (determinism, "sim/bad.cpp", "std::random_device device;", "random_device"),
    (determinism, "sim/bad.cpp", "std::shuffle(a, b, c);", "shuffle"),
    (determinism, "net/bad.cpp", "std::uniform_int_distribution<int> d;", "uniform_int_distribution"),
    (determinism, "net/bad.cpp", "\n\nstd::unordered_map<int, int> m;", "net/bad.cpp:3: unordered_map"),
    (determinism, "net/bad.cpp", "/* a\n b */ std::unordered_set<int> m;", "net/bad.cpp:2: unordered_set"),
    (determinism, "sim/bad.cpp", "auto t = std::chrono::system_clock::now();", "system_clock"),
    (determinism, "sim/bad.cpp", "auto t = std::chrono::steady_clock::now();", "steady_clock"),
    (determinism, "sim/bad.cpp", "std::this_thread::sleep_for(1s);", "sleep_for"),
    (determinism, "sim/bad.cpp", "std::thread helper(work);", "a thread"),
    (determinism, "sim/bad.cpp", "double share = 0.5;", "a float"),
    (file_size, "net/bad.cpp", "// line\n" * 401, "401 lines"),
]


class Checkers(unittest.TestCase):
    def findings(self, checker, extra):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            for name in public_headers.ASIO:
                self.write(root, name, "")
            for name, text in {**IN_ORDER, **extra}.items():
                self.write(root, name, text)
            return list(checker.check(root))

    @staticmethod
    def write(root, name, text):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)

    def test_nothing_is_found_where_all_is_in_order(self):
        for checker in (arrows, public_headers, determinism, file_size):
            with self.subTest(checker.__name__):
                self.assertEqual(self.findings(checker, {}), [])

    def test_each_planted_violation_is_found(self):
        for checker, name, text, expected in PLANTED:
            with self.subTest(checker=checker.__name__, text=text[:60]):
                found = self.findings(checker, {name: text + "\n" if not text.endswith("\n") else text})
                self.assertTrue(any(expected in finding for finding in found), found)


if __name__ == "__main__":
    sys.exit(not unittest.main(exit=False).result.wasSuccessful())
