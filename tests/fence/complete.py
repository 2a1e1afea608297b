#!/usr/bin/env python3
"""Checks that every function for which the fence stands in is called by a probe."""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FENCED = re.compile(r"TWINWIRE_FENCED(?:_AS)?\((?:[\w<>:* ]+, (\w+)|weak, (\w+))")
RAW = re.compile(r"\b(?:case |\{)(SYS_\w+)")
DEFINED_IN = sorted((ROOT / "sim" / "fence").glob("*.cpp"))
PROBED_IN = sorted((ROOT / "tests" / "fence").glob("*.cpp"))


def main():
    fenced = set()
    for file in DEFINED_IN:
        text = file.read_text()
        fenced.update(one or other for one, other in FENCED.findall(text))
        fenced.update(RAW.findall(text))
    if len(fenced) < 50:
        print(f"found only {len(fenced)} functions in {ROOT}/sim/fence: this script is out of date")
        return 1
    probes = "\n".join(file.read_text() for file in PROBED_IN)
    missing = sorted(name for name in fenced if not re.search(rf"\b{name}\b", probes))
    for name in missing:
        print(f"{name}: tests/fence/ has no probe")
    print(f"{len(fenced)} functions, {len(missing)} without a probe")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
