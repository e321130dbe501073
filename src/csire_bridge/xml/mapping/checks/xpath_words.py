"""Why a text is no XPath, in our own words."""

from __future__ import annotations

import re

from csire_bridge.config.files.own_words import nearest

__all__ = ["why_no_xpath"]

_FUNCTIONS = (
    *("boolean", "ceiling", "concat", "contains", "count", "false", "floor", "last", "name", "normalize-space", "not"),
    *("number", "position", "round", "starts-with", "string", "string-length", "substring", "substring-after"),
    *("substring-before", "sum", "text", "translate", "true"),
)
_LITERALS = re.compile(r"'[^']*'|\"[^\"]*\"")
_CALLED = re.compile(r"([A-Za-z][\w-]*)\s*\(")


def why_no_xpath(text: str) -> str:
    """What is wrong with a path, value or condition that can't be read."""
    bare = _LITERALS.sub("''", text)
    if bare.replace("''", "").count("'") or '"' in bare:
        return "a quote is not closed"
    for opened, closed in ("()", "[]"):
        if bare.count(opened) != bare.count(closed):
            missing = closed if bare.count(opened) > bare.count(closed) else opened
            return f"a bracket {missing} is missing"
    strange = next((name for name in _CALLED.findall(bare) if name not in (*_FUNCTIONS, "and", "or", "div", "mod")), "")
    if strange:
        return f"there is no function {strange}{nearest(strange, _FUNCTIONS)}; known are {', '.join(_FUNCTIONS)}"
    if bare.rstrip().endswith("/") or not bare.strip():
        return "the path ends without a name"
    return "it can't be read: write names from the root on with / between them, and conditions in [ ]"
