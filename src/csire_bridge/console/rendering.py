"""Templates in the visitor's language. What a filter needs to know of the visitor is there while a page is made."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from functools import cache
from typing import Any, Protocol

from jinja2 import Environment, PackageLoader, StrictUndefined
from jinja2_fragments import render_block
from markupsafe import Markup, escape

from csire_bridge.console.language import labels, moments
from csire_bridge.console.language.catalogs import translations
from csire_bridge.console.language.languages import Language
from csire_bridge.console.language.sentences import translated
from csire_bridge.domain.people.personal_data import masked_text

__all__ = ["Reader", "Stranger", "render"]

_MASKED = "•••"


class Reader(Protocol):
    """Who reads a page: the language, and whether personal data are shown."""

    @property
    def language(self) -> Language: ...
    @property
    def may_read_personal(self) -> bool: ...


@dataclass(frozen=True)
class Stranger:
    """A reader of whom nothing is known but the language of the browser: nothing of anybody is shown."""

    language: Language
    may_read_personal: bool = False


_reader: ContextVar[Reader] = ContextVar("reader")


def render(reader: Reader, template: str, facts: Mapping[str, Any], part: str | None = None) -> str:
    """The page, or only the block ``part`` of it, for a reader."""
    token = _reader.set(reader)
    try:
        environment = _environment(reader.language)
        if part is None:
            return environment.get_template(template).render(facts)
        return str(render_block(environment, template, part, dict(facts)))
    finally:
        _reader.reset(token)


@cache
def _environment(language: Language) -> Environment:
    environment = Environment(
        loader=PackageLoader("csire_bridge.console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    environment.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    environment.filters.update(_FILTERS)
    environment.globals["language"] = language
    environment.globals["came_twice_lately"] = moments.came_twice_lately
    return environment


def _time(at: datetime | None, *, seconds: bool = True) -> Markup:
    """A moment in Polish time with its offset; in UTC when the pointer is above it."""
    if at is None:
        return Markup('<span class="none">–</span>')
    text = moments.moment(at) if seconds else moments.moment(at)[:-3]
    twice = moments.doubled(at)
    mark = Markup(' <abbr class="twice" title="{}">{}</abbr>').format(_TWICE[_reader.get().language], twice)
    return Markup('<time datetime="{utc}" title="{utc}">{text}{mark} <small>{offset}</small></time>').format(
        utc=moments.utc(at), text=text, mark=mark if twice else "", offset=moments.offset(at)
    )


_TWICE = {
    Language.POLISH: "tej nocy ta godzina była dwa razy: a – pierwszy raz, b – drugi",
    Language.ENGLISH: "this hour came twice that night: a is the first, b the second",
}


def _day(at: date | datetime | None) -> Markup:
    if at is None:
        return Markup('<span class="none">–</span>')
    return Markup('<time datetime="{}">{}</time>').format(at.isoformat(), moments.day(at))


def _label(value: Enum | None) -> str:
    return "–" if value is None else labels.label(value, _reader.get().language)


def _point(code: object) -> str:
    """The code of a metering point; of others' points a stranger sees the last four digits only."""
    if code is None:
        return "–"
    return str(code) if _reader.get().may_read_personal else masked_text(str(code), "…")


def _personal(value: object) -> str:
    """Something that tells of a person; masked for whoever may not read it."""
    if value is None or value == "":
        return "–"
    return str(value) if _reader.get().may_read_personal else _MASKED


def _told(text: str | None) -> Markup:
    """A sentence of the domain in the reader's language; marked as English where there is no translation."""
    if not text:
        return Markup("–")
    reader = _reader.get()
    shown = text if reader.may_read_personal else masked_text(text, "…")
    found = translated(shown, reader.language)
    return escape(found) if found is not None else Markup('<span lang="en">{}</span>').format(shown)


def _subject(text: str) -> Markup:
    """What an act is about, in words where there are some; else the name by which the audit finds it."""
    reader = _reader.get()
    shown = text if reader.may_read_personal else masked_text(text, "…")
    found = translated(shown, reader.language)
    return escape(found) if found is not None else Markup("<code>{}</code>").format(shown)


def _linked(text: str | None) -> Markup:
    """The same, with the way to each order and rule set that it names."""
    told = str(_told(text))
    return Markup(_NAMED.sub(lambda found: f'<a href="{_ways(found)}">{found[0]}</a>', told))  # noqa: S704 - was escaped


def _ways(found: re.Match[str]) -> str:
    return f"/orders/{found['order']}" if found["order"] else f"/rules/{found['rules']}"


_NAMED = re.compile(
    r"\b(?:(?:rule set|zestaw reguł) (?P<rules>[0-9]{1,9})|(?:order|zleceni[aeu]) (?P<order>[0-9]{1,15}))\b"
)


def _number(value: float | None, digits: int = 0) -> str:
    """A number with narrow spaces between thousands, and the comma or point of the language."""
    if value is None:
        return "–"
    text = f"{value:,.{digits}f}".replace(",", "\u202f")
    return text.replace(".", ",") if _reader.get().language is Language.POLISH else text


def _span(length: timedelta | None) -> str:
    return "–" if length is None else moments.span(length)


_FILTERS = {
    "time": _time,
    "day": _day,
    "label": _label,
    "point": _point,
    "personal": _personal,
    "told": _told,
    "linked": _linked,
    "subject": _subject,
    "number": _number,
    "span": _span,
    "clock_time": moments.clock_time,
    "utc": moments.utc,
}
