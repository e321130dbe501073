"""Sentences that the domain keeps in English, in Polish: by patterns with {names} in ``locale/pl/sentences*.po``.

What a name stands for is translated, too, where it is a sentence. The law's sentences come from the law file. A
sentence that fits no pattern stays as it is: better English than a guess.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache

import yaml

from csire_bridge.config.resources import folder
from csire_bridge.console.language.catalogs import SENTENCES, catalogs
from csire_bridge.console.language.languages import Language

__all__ = ["translated"]

_NAME = re.compile(r"\{(\w+)\}")
_Pattern = tuple[re.Pattern[str], str]


def translated(text: str, language: Language) -> str | None:
    """The sentence in the language; None where there is no translation, and it stays in English.

    Sentences with a remedy (``text -> remedy``) and several ones (``one; other``) are translated part by part, if
    each part can be.
    """
    if language is Language.ENGLISH or not text:
        return text
    whole = _one(text, language)
    if whole is not None:
        return whole
    for between in (" -> ", "; "):
        if between in text:
            parts = [translated(part, language) for part in text.split(between)]
            if all(part is not None for part in parts):
                return between.join(part for part in parts if part is not None)
    return None


def _one(text: str, language: Language) -> str | None:
    exact, patterns = _patterns(language)
    if text in exact:
        return exact[text]
    for pattern, polish in (*patterns[_first(text)], *patterns[""]):
        found = pattern.fullmatch(text)
        if found:
            inner = {name: _one(value, language) or value for name, value in found.groupdict().items()}
            return polish.format(**inner)
    return None


def _first(text: str) -> str:
    return text.split(" ", 1)[0]


@cache
def _patterns(language: Language) -> tuple[dict[str, str], dict[str, list[_Pattern]]]:
    """The sentences without names, and the others by their first word; those that begin with a name under ""."""
    exact: dict[str, str] = dict(_law())
    patterns: dict[str, list[_Pattern]] = defaultdict(list)
    for english, polish in _pairs(language):
        if not _NAME.search(english):
            exact[english] = polish
            continue
        first = _first(english)
        patterns["" if _NAME.search(first) else first].append((re.compile(_expression(english), re.DOTALL), polish))
    return exact, patterns


def _pairs(language: Language) -> Iterator[tuple[str, str]]:
    for name, part in catalogs(language).items():
        if name.startswith(SENTENCES):
            yield from ((str(message.id), str(message.string)) for message in part if message.id and message.string)


def _law() -> Iterator[tuple[str, str]]:
    """The law's rules as sentences, as they are shipped."""
    for file in sorted((folder("mappings") / "law").glob("*.yaml")):
        for rule in yaml.safe_load(file.read_text("utf-8"))["rules"]:
            yield rule["en"], rule["pl"]


def _expression(english: str) -> str:
    parts = re.split(r"\{(\w+)\}", english)
    return "".join(re.escape(part) if place % 2 == 0 else f"(?P<{part}>.+?)" for place, part in enumerate(parts))
