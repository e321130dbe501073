"""Sentences that the domain keeps in English, in Polish: by patterns with {names} in ``locale/pl/sentences*.po``.

What a name stands for is translated, too, where it is a sentence, or a code that has words. Days are written as in
Poland. The law's sentences come from the law file. A sentence that fits no pattern stays as it is: better English than
a guess.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from enum import Enum
from functools import cache, lru_cache

import yaml

from csire_bridge.config.resources import folder
from csire_bridge.console.language.act_words import WORDS
from csire_bridge.console.language.catalogs import SENTENCES, catalogs, translations
from csire_bridge.console.language.labels import label
from csire_bridge.console.language.languages import Language
from csire_bridge.domain.jobs.job import JobState
from csire_bridge.domain.jobs.kinds import JobKind, Subject
from csire_bridge.domain.message.documents import DocumentState
from csire_bridge.domain.message.message import Channel, MessageState
from csire_bridge.domain.metering_point.guards import StopScope
from csire_bridge.domain.metering_point.holds import HoldKind
from csire_bridge.domain.order.order import OrderKind, OrderState, Outcome
from csire_bridge.domain.order.steps import StepKind
from csire_bridge.domain.people.roles import Permission, Role

__all__ = ["translated"]

_NAME = re.compile(r"\{(\w+)\}")
_REMEMBERED = 4096
"""Sentences; the same ones stand on many pages."""
_BETWEEN = {", ": ", ", " or ": " albo "}
_DAY = re.compile(r"\b(2[0-9]{3})-([01][0-9])-([0-3][0-9])(?![-T0-9])")
_PROBLEM = re.compile(
    r"(?P<code>[a-z]+\.[a-z-]+: )?(?P<said>.+?)(?P<place> \[[^\[\]]*(?:\[[0-9]+\][^\[\]]*)*\])?", re.DOTALL
)
_KINDS: tuple[type[Enum], ...] = (
    OrderKind,
    OrderState,
    StepKind,
    HoldKind,
    StopScope,
    MessageState,
    DocumentState,
    Channel,
    JobState,
    JobKind,
    Subject,
    Outcome,
    Role,
    Permission,
)
_Pattern = tuple[re.Pattern[str], str]


def translated(text: str, language: Language) -> str | None:
    """The sentence in the language; None where there is no translation, and it stays in English.

    Sentences with a remedy (``text -> remedy``) and several ones (``one; other``) are translated part by part, if
    each part can be; of a problem (``code: text [place]``) the text.
    """
    if language is Language.ENGLISH or not text:
        return text
    found = _whole(text, language)
    return None if found is None else _DAY.sub(r"\3.\2.\1", found)


@lru_cache(maxsize=_REMEMBERED)
def _whole(text: str, language: Language) -> str | None:
    return (
        _split(text, (" -> ",), language)
        or _problem(text, language)
        or _one(text, language)
        or _split(text, ("; ", ", "), language)
    )


def _split(text: str, signs: tuple[str, ...], language: Language) -> str | None:
    for between in signs:
        if between in text:
            found: list[str] = []
            for part in text.split(between):
                said = _whole(part, language)
                if said is None:
                    break
                found.append(said)
            else:
                return between.join(found)
    return None


def _problem(text: str, language: Language) -> str | None:
    found = _PROBLEM.fullmatch(text)
    if found is None or not (found["code"] or found["place"]):
        return None
    said = _whole(found["said"], language)
    return None if said is None else f"{found['code'] or ''}{said}{found['place'] or ''}"


def _one(text: str, language: Language) -> str | None:
    exact, patterns = _patterns(language)
    if text in exact:
        return exact[text]
    for pattern, polish in (*patterns[_first(text)], *patterns[""]):
        found = pattern.fullmatch(text)
        if found:
            inner = {name: _inner(value, language) for name, value in found.groupdict().items()}
            return polish.format(**inner)
    return None


def _inner(value: str, language: Language) -> str:
    return _whole(value, language) or _coded(value, language)


def _coded(value: str, language: Language) -> str:
    """Codes with their words, also several: ``supervisor or administrator``; anything else as it is."""
    codes = _codes(language)
    parts = re.split(r"(, | or )", value)
    if not all(part in codes for part in parts[::2]):
        return value
    return "".join(codes[part] if place % 2 == 0 else _BETWEEN[part] for place, part in enumerate(parts))


@cache
def _codes(language: Language) -> dict[str, str]:
    """Codes that sentences name, with their words; a code of several kinds has those of the kind that comes first."""
    told = translations(language).gettext
    codes = {str(one.value): label(one, language) for kind in reversed(_KINDS) for one in kind}
    return codes | {str(act): told(words) for act, words in WORDS.items()}


def _first(text: str) -> str:
    return text.split(" ", 1)[0]


@cache
def _patterns(language: Language) -> tuple[dict[str, str], dict[str, list[_Pattern]]]:
    """The sentences without names, and the others by their first word; those that begin with a name under ""."""
    exact: dict[str, str] = dict(_law())
    patterns: dict[str, list[_Pattern]] = defaultdict(list)
    for english, polish in sorted(_pairs(language), key=_own_letters, reverse=True):
        if not _NAME.search(english):
            exact[english] = polish
            continue
        first = _first(english)
        patterns["" if _NAME.search(first) else first].append((re.compile(_expression(english), re.DOTALL), polish))
    return exact, patterns


def _own_letters(pair: tuple[str, str]) -> int:
    """How many letters a pattern has beside its names: what says more is tried before what fits more."""
    return len(_NAME.sub("", pair[0]))


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
    return "".join(re.escape(part) if place % 2 == 0 else _group(part) for place, part in enumerate(parts))


def _group(name: str) -> str:
    """What a name may stand for: anything; one word, a part without commas, or without semicolons, as the name says."""
    shape = {"word": r"\S+", "part": "[^,]+", "line": "[^;]+"}.get(name.rpartition("_")[2], ".+?")
    return f"(?P<{name}>{shape})"
