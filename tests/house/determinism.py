#!/usr/bin/env python3
"""Checks that nothing in net/ and sim/ reaches for what makes two runs differ (docs/determinism.md)."""
import re
import sys

import sources

FORBIDDEN = {
    "entropy outside Choices": r"\brandom_device\b|\b(?:s?rand|getrandom|arc4random\w*)\s*\(",
    "differs between standard libraries":
        r"\bshuffle\s*\(|\w+_distribution\b|\bdefault_random_engine\b|\bstd::hash\b",
    "has no order of its own": r"\bunordered_(?:multi)?(?:map|set)\b",
    "a real clock":
        r"\b(?:system|steady|high_resolution)_clock\b|\b(?:clock_gettime|gettimeofday)\s*\(|\bstd::time\s*\(",
    "waits for a real clock": r"\bthis_thread::sleep_\w+|\bu?sleep\s*\(",
    "a thread": r"\bstd::(?:jthread|thread(?!::id)|async)\b",
    "a float in what may be a decision": r"\b(?:float|double)\b",
}


def check(root):
    for file in sources.files(root, ("net", "sim")):
        if file.parts[:2] == ("sim", "fence"):
            continue  # what keeps these out has to name them
        for number, line in enumerate(sources.code(root, file).splitlines(), 1):
            for reason, pattern in FORBIDDEN.items():
                if found := re.search(pattern, line):
                    yield f"{file}:{number}: {found.group(0).strip()}: {reason}"


if __name__ == "__main__":
    sys.exit(sources.main(__doc__, check))
