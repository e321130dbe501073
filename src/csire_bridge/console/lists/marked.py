"""Texts that are translated later, marked for the catalogs."""

from __future__ import annotations

__all__ = ["N_"]


def N_(text: str) -> str:  # noqa: N802 - the usual name
    """The text."""
    return text
