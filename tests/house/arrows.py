#!/usr/bin/env python3
"""Checks on #include lines that the parts depend on each other as docs/decisions.md says."""
import sys

import sources

# Which parts the files of a part may include, beside their own.
ARROWS = {"net": (), "sim": ("net",), "real": ("net",), "traces": ("net",)}

# The runners: what of traces/ runs scenarios, and so may know the simulation. All else there may not even
# reach it through another header.
RUNNERS = {"child", "child_side", "command_line", "command_options", "corpus", "divergence", "explore",
           "json_report", "outcome_record", "replay", "report", "repro", "run", "scenario", "shrink", "sweep"}

# What carries bytes knows nothing of protocols, water marks or operations: those are written once, in net/.
WIRES = ("net/events/", "net/wire/", "real/", "sim/files/", "sim/names/", "sim/tcp/", "sim/udp/")
ABOVE_WIRES = ("net/state/", "net/operations/")


def is_runner(file):
    return file.parts[0] == "traces" and file.stem in RUNNERS


def allowed(file, target):
    part = file.parts[0]
    return target == part or target in ARROWS[part] or (target == "sim" and is_runner(file))


def reached(root, file):
    """The headers of ours that a file includes, directly or not."""
    found, todo = set(), [file]
    while todo:
        for _, included in sources.includes(root, todo.pop()):
            path = sources.own_include(included)
            if path and path not in found and (root / path).is_file():
                found.add(path)
                todo.append(path)
    return found


def check(root):
    for file in sources.files(root):
        for number, included in sources.includes(root, file):
            path = sources.own_include(included)
            if path is None:
                continue
            if not allowed(file, path.split("/")[0]):
                yield f"{file}:{number}: {file.parts[0]}/ must not include <{included}>"
            elif str(file).startswith(WIRES) and path.startswith(ABOVE_WIRES):
                yield f"{file}:{number}: what carries bytes must not know of <{included}>"
            elif not (root / path).is_file():
                yield f"{file}:{number}: there is no <{included}>"
        if file.parts[0] == "traces" and not is_runner(file):
            for path in sorted(reached(root, file)):
                if path.startswith("sim/"):
                    yield f"{file}: is no runner, and reaches <twinwire/{path}>"


if __name__ == "__main__":
    sys.exit(sources.main(__doc__, check))
