"""What is wrong in a file that a person wrote, in our own words, whichever library has found it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from difflib import get_close_matches
from typing import Any

__all__ = ["nearest", "said_of_value", "said_of_yaml"]

_MOST_SHOWN = 30


def nearest(wrong: str, known: Iterable[str], likeness: float = 0.5) -> str:
    """The ending of a sentence: "; the nearest is X", or nothing where no name is alike."""
    names = list(known)
    close = get_close_matches(wrong, names, 1, likeness)
    if not close:
        folded = {name.lower(): name for name in names}
        close = [folded[name] for name in get_close_matches(wrong.lower(), folded, 1, likeness)]
    return f"; the nearest is {close[0]}" if close else ""


def said_of_value(error: Mapping[str, Any], key: str, keys: Collection[str] = ()) -> str:
    """What is wrong with the value at ``key``, as pydantic has found it; ``keys`` are those that may stand there."""
    sort, given, context = str(error["type"]), error.get("input"), error.get("ctx", {})
    if sort == "extra_forbidden":
        known = f"; known are {', '.join(keys)}" if keys else ""
        return f"the key {key} is not known here{nearest(key, keys)}{known}"
    if sort == "missing":
        return f"the key {key} is missing: add it"
    if sort in ("literal_error", "enum"):
        return _not_one_of(str(given), str(context.get("expected", "")))
    if sort in _FORMS:
        return _FORMS[sort](context)
    said = str(error["msg"])
    return said.removeprefix("Value error, ")


def _not_one_of(given: str, expected: str) -> str:
    known = re.findall(r"'([^']*)'", expected)
    return f"{given!r} is not one of {', '.join(known)}{nearest(given, known)}"


_DAY = "write a date such as 2026-01-31"
_TEXT, _BLOCK = "a text is needed here, and no block or list", "keys with values are needed here, and no bare text"
_FORMS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "too_short": lambda about: f"at least {about.get('min_length', 1)} is needed here",
    "bool_parsing": lambda _: "write true or false",
    "bool_type": lambda _: "write true or false",
    "int_parsing": lambda _: "write a whole number",
    "int_type": lambda _: "write a whole number",
    "decimal_parsing": lambda _: "write a number such as 12.5",
    "date_from_datetime_parsing": lambda _: _DAY,
    "date_parsing": lambda _: _DAY,
    "greater_than": lambda about: f"the number must be more than {about.get('gt')}",
    "greater_than_equal": lambda about: f"the number must be {about.get('ge')} or more",
    "less_than_equal": lambda about: f"the number must be {about.get('le')} or less",
    "string_type": lambda _: _TEXT,
    "dict_type": lambda _: _BLOCK,
    "model_type": lambda _: _BLOCK,
    "model_attributes_type": lambda _: _BLOCK,
    "list_type": lambda _: "a list is needed here: a line with - for each",
    "tuple_type": lambda _: "a list is needed here: a line with - for each",
    "union_tag_invalid": lambda about: _not_one_of(str(about.get("tag")), str(about.get("expected_tags", ""))),
}
_YAML = (
    (r"\\t.*cannot start any token", "a tab stands at the beginning of the line: indent with spaces"),
    (r"'[@`%&*!|>]' that cannot start any token|cannot start any token", "put a text that begins so in quotes"),
    (r"mapping values are not allowed", "a colon stands where none may: put the text in quotes, or indent the line"),
    (r"unexpected end of stream", "a quote is opened here and not closed"),
    (r"could not find expected ':'", "this line has no colon after its key"),
    (r"expected ',' or '[\]}]'", "a bracket is not closed before here, or a comma is missing"),
    (r"expected <block end>", "the line is indented otherwise than those of its block"),
    (r"undefined alias", "a text that begins with * is taken for an alias: put it in quotes"),
    (r"single document", "the file has several parts (---): make it one"),
)


def said_of_yaml(problem: str) -> str:
    """What is wrong with a text that is no YAML."""
    for pattern, said in _YAML:
        if re.search(pattern, problem):
            return f"the file can't be read: {said}"
    return "the file can't be read: look at the indentation, the quotes and the brackets here"
