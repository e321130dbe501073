"""The audit for people and programs: as CSV, which no spreadsheet takes for formulas, and as JSON lines."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from typing import Any, TextIO

from csire_bridge.domain.people.audit import ChainedEntry

__all__ = ["COLUMNS", "as_facts", "write_csv", "write_json_lines"]

COLUMNS = (
    "day",
    "number",
    "at",
    "actor",
    "actor_kind",
    "act",
    "subject",
    "why",
    "address",
    "host",
    "request_id",
    "before",
    "after",
    "previous",
    "hash",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_facts(one: ChainedEntry) -> dict[str, Any]:
    """Every fact of an entry, with its place in the chain."""
    return {"day": one.day, "number": one.number, **one.entry.facts(), "previous": one.previous, "hash": one.hash}


def write_csv(entries: Iterable[ChainedEntry], file: TextIO) -> int:
    """Write entries as CSV; return how many. A text that a spreadsheet would calculate gets an apostrophe before it."""
    table = csv.writer(file)
    table.writerow(COLUMNS)
    count = 0
    for one in entries:
        facts = as_facts(one)
        table.writerow([_harmless(facts[name]) for name in COLUMNS])
        count += 1
    return count


def write_json_lines(entries: Iterable[ChainedEntry], file: TextIO) -> int:
    """Write entries as JSON, a line each, by which the chain can be checked elsewhere; return how many."""
    count = 0
    for one in entries:
        file.write(json.dumps(as_facts(one), ensure_ascii=False) + "\n")
        count += 1
    return count


def _harmless(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
