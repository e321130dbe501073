"""Personal data in facts by name: what is kept from whoever may not read them.

Codes of metering points are told by their last four digits, wherever they stand. Meters, and every text that a person
may have written, are not told: a reason can name a household, its illness, or a telephone number. Histories and
details count as such texts, because they repeat the reasons of acts.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

__all__ = ["MASK", "is_personal", "masked_facts", "masked_text"]

MASK = "(masked)"
"""Stands where something is kept back."""

_POINT = re.compile(r"(?<![0-9])[0-9]{14}([0-9]{4})(?![0-9])")
_PERSONAL = frozenset({"meter", "description", "receipt", "raw", "told_by"})
_FREE_TEXTS = frozenset(
    {"detail", "text", "problem", "refused", "last_error", "result_text", "told", "chosen", "foreseen"}
)
_REASON = "why"
_CODES = frozenset({"undelivered_why", "needs_why"})


def is_personal(name: str) -> bool:
    """Whether a fact of this name may be personal data: a meter, a free text, a reason (``why``, ``lifted_why``)."""
    reason = name == _REASON or (name.endswith(f"_{_REASON}") and name not in _CODES)
    return reason or name in _PERSONAL or name in _FREE_TEXTS


def masked_text(text: str, left_out: str = "...") -> str:
    """The text with the codes of metering points cut to their last four digits, behind ``left_out``."""
    return _POINT.sub(rf"{left_out}\1", text)


def masked_facts(facts: object, harmless: Collection[str] = ()) -> object:
    """Facts as JSON knows them, without personal data. Texts named in ``harmless`` were written by the bridge alone."""
    if isinstance(facts, Mapping):
        return {name: _masked(str(name), inner, harmless) for name, inner in facts.items()}
    if isinstance(facts, list):
        return [masked_facts(inner, harmless) for inner in facts]
    return masked_text(facts) if isinstance(facts, str) else facts


def _masked(name: str, value: object, harmless: Collection[str]) -> object:
    kept_back = value is not None and name not in harmless and is_personal(name)
    return MASK if kept_back else masked_facts(value, harmless)
