"""Counted words: "1 order waits", "2 orders wait"."""

from __future__ import annotations

__all__ = ["agreed", "counted"]

_FORMS = {
    "s": ("", "s"),
    "es": ("", "es"),
    "is": ("is", "are"),
    "was": ("was", "were"),
    "has": ("has", "have"),
    "it": ("it", "they"),
    "its": ("its", "their"),
    "ends": ("ends", "end"),
    "waits": ("waits", "wait"),
    "sees": ("sees", "see"),
}


def counted(count: int, one: str, many: str | None = None) -> str:
    """The number with its word: ``one`` for exactly 1, else ``many``, which is ``one`` with an s unless given."""
    return f"{count} {one if count == 1 else many or f'{one}s'}"


def agreed(sentence: str, count: int) -> str:
    """The sentence with ``{count}``, the ending ``{s}`` of a noun and verbs such as ``{is}`` in agreement."""
    return sentence.format(count=count, **{name: forms[0 if count == 1 else 1] for name, forms in _FORMS.items()})
