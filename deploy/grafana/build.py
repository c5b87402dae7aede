#!/usr/bin/env python3
"""Writes the dashboards' JSON from `boards/`; with `--check` says whether it is as it should be.

    python3 deploy/grafana/build.py

Needs nothing but Python. Grafana reads the JSON files; nobody edits them.
"""

import json
import pathlib
import sys

import boards.agents
import boards.daemon
import boards.moments
import boards.service

HERE = pathlib.Path(__file__).parent
BOARDS = {
    "service": boards.service, "moments": boards.moments, "agents": boards.agents, "daemon": boards.daemon,
}


def files():
    """Every dashboard as text, by its file."""
    return {
        HERE / f"{name}.json": json.dumps(module.board(), indent=1, ensure_ascii=False) + "\n"
        for name, module in BOARDS.items()
    }


def main():
    stale = [path for path, text in files().items() if not path.exists() or path.read_text() != text]
    if "--check" in sys.argv[1:]:
        sys.exit(f"not as build.py makes them: {', '.join(path.name for path in stale)}" if stale else 0)
    for path, text in files().items():
        path.write_text(text)


if __name__ == "__main__":
    main()
