"""Where the product's schemas, mappings and samples are.

In an installed wheel they are package data; in a checkout they are the top-level folders.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["folder"]

_PACKAGE = Path(__file__).resolve().parent.parent


def folder(name: str) -> Path:
    """Return the folder ``name`` (``schemas``, ``mappings`` or ``samples``); raise FileNotFoundError if it is gone."""
    for candidate in (_PACKAGE / "data" / name, _PACKAGE.parents[1] / name):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"the folder {name} of csire-bridge is missing: install the package again")
