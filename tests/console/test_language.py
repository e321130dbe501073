"""Every text of the console has its Polish words; times are Polish; sentences of the domain are translated."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.extract import extract
from jinja2.ext import babel_extract

from csire_bridge.console.app import AREAS
from csire_bridge.console.area import Group
from csire_bridge.console.language.catalogs import catalog, catalogs
from csire_bridge.console.language.labels import SHOWN, english
from csire_bridge.console.language.languages import Language
from csire_bridge.console.language.moments import doubled, moment, offset, span
from csire_bridge.console.language.sentences import translated

CONSOLE = Path(str(files("csire_bridge.console")))
_PLACE = re.compile(r"%\((\w+)\)[sd]|\{(\w+)\}")


def texts() -> dict[object, str]:
    """Each text of templates, code and menu, with the file where it stands."""
    found: dict[object, str] = {}
    for file in sorted(CONSOLE.glob("templates/**/*.html")):
        with file.open("rb") as source:
            for _, _, message, _ in babel_extract(source, ("_", "gettext", "ngettext"), (), {"silent": "false"}):
                found[message] = str(file.relative_to(CONSOLE))
    for file in sorted(CONSOLE.glob("**/*.py")):
        for _, message, _, _ in extract(
            "python", BytesIO(file.read_bytes()), {"_": None, "N_": None, "ngettext": (1, 2)}
        ):
            found[message] = str(file.relative_to(CONSOLE))
    for area in AREAS:
        for entry in area.menu:
            found[entry.text] = "menu"
    found |= dict.fromkeys(map(str, Group), "menu")
    return {text: place for text, place in found.items() if text is not None}


def test_every_text_has_its_polish_words() -> None:
    polish = catalog(Language.POLISH)
    missing = []
    for text, place in texts().items():
        message = polish.get(text if isinstance(text, str) else text[0])  # type: ignore[index]
        if message is None or not message.string or (isinstance(message.string, tuple) and not all(message.string)):
            missing.append(f"{place}: {text!r}")
    assert missing == []


def test_a_translation_names_what_the_text_names() -> None:
    for name, part in catalogs(Language.POLISH).items():
        for message in part:
            if not message.id:
                continue
            forms = message.string if isinstance(message.string, tuple | list) else [message.string]
            wanted = message.id[1] if isinstance(message.id, tuple | list) else message.id
            for form in forms:
                places = {a or b for a, b in _PLACE.findall(str(form))}
                assert places <= {a or b for a, b in _PLACE.findall(str(wanted))}, f"{name}.po: {message.id}"


def test_every_code_has_its_polish_words() -> None:
    polish = catalog(Language.POLISH)
    missing = [
        f"{kind.__name__}: {english(one)}"
        for kind in SHOWN
        for one in kind
        if polish.get(english(one), kind.__name__) is None
    ]
    assert missing == []


def test_no_translation_is_of_a_text_that_is_gone() -> None:
    used = {one if isinstance(one, str) else one[0] for one in texts()}  # type: ignore[index]
    codes = {english(one) for kind in SHOWN for one in kind}
    for name, part in catalogs(Language.POLISH).items():
        if name == "sentences":
            continue
        for message in part:
            first = message.id if isinstance(message.id, str) else message.id[0]
            assert not first or first in used or (name == "codes" and first in codes), f"{name}.po: {first!r}"


def test_times_are_polish_and_the_doubled_hour_is_marked() -> None:
    first, second = datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert moment(first) == moment(second) == "25.10.2026 02:30:00"
    assert (doubled(first), offset(first)) == ("a", "+02:00")
    assert (doubled(second), offset(second)) == ("b", "+01:00")
    assert doubled(datetime(2026, 10, 25, 2, 30, tzinfo=UTC)) is None
    assert doubled(datetime(2026, 3, 29, 1, 30, tzinfo=UTC)) is None


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59, "59 s"), (60, "1 min"), (3661, "1 h 1 min"), (90000, "1 d 1 h"), (-75, "-1 min 15 s")],
)
def test_a_length_of_time_has_its_two_largest_units(seconds: int, text: str) -> None:
    assert span(timedelta(seconds=seconds)) == text


def test_a_sentence_of_the_domain_is_translated_with_what_it_names_and_an_unknown_one_is_not() -> None:
    told = "too many wrong passwords: try again in 12 s"
    assert translated(told, Language.POLISH) == "zbyt wiele błędnych haseł: spróbuj ponownie za 12 s"
    assert translated(told, Language.ENGLISH) == told
    assert translated("nobody has written this", Language.POLISH) is None
    both = "name or password is wrong -> ask somebody who may: operator"
    assert (
        translated(both, Language.POLISH)
        == "nazwa albo hasło jest nieprawidłowe -> zwróć się do kogoś, kto je ma: operator"
    )
