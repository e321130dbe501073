"""Branch coverage of the product, room by room: ``python -m tests.coverage_by_room`` after a run with ``--cov``.

Ends with 1 where a room is below the least that is allowed.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from coverage import Coverage

LEAST = 85.0
"""Per cent of lines and branches together, in each room."""


def by_room(found: dict[str, dict[str, dict[str, int]]]) -> dict[str, float]:
    """Per cent that was run in each folder, from the files of coverage's JSON report."""
    run: Counter[str] = Counter()
    there: Counter[str] = Counter()
    for file, facts in found.items():
        room = file.partition("csire_bridge/")[2].rpartition("/")[0] or "."
        summary = facts["summary"]
        run[room] += summary["covered_lines"] + summary["covered_branches"]
        there[room] += summary["num_statements"] + summary["num_branches"]
    return {room: 100 * run[room] / count for room, count in sorted(there.items()) if count}


def main() -> int:
    """Print the table."""
    coverage = Coverage()
    coverage.load()
    with TemporaryDirectory() as place:
        file = Path(place) / "coverage.json"
        coverage.json_report(outfile=str(file), show_contexts=False)
        rooms = by_room(json.loads(file.read_text())["files"])
    low = [room for room, percent in rooms.items() if percent < LEAST]
    for room, percent in rooms.items():
        sys.stdout.write(f"{percent:6.1f} %  {room}{'  too low' if room in low else ''}\n")
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main())
