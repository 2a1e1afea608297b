#!/usr/bin/env python3
"""Checks that no source file has grown beyond what can be read in one go."""
import sys

import sources

LINES_MAX = 400


def check(root):
    for file in sources.files(root):
        lines = len((root / file).read_text().splitlines())
        if lines > LINES_MAX:
            yield f"{file}: {lines} lines, {LINES_MAX} at most"


if __name__ == "__main__":
    sys.exit(sources.main(__doc__, check))
