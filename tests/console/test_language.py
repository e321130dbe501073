"""Every text of the console has its Polish words; times are Polish; sentences of the domain are translated."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.extract import extract
from jinja2.ext import babel_extract

from csire_bridge.console.app import AREAS
from csire_bridge.console.area import Group
from csire_bridge.console.language.act_words import WORDS
from csire_bridge.console.language.catalogs import SENTENCES, catalog, catalogs
from csire_bridge.console.language.labels import SHOWN, english
from csire_bridge.console.language.languages import Language
from csire_bridge.console.language.moments import doubled, moment, offset, span
from csire_bridge.console.language.sentences import translated
from csire_bridge.domain.people.acts import Act

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
        if name.startswith(SENTENCES):
            continue
        for message in part:
            first = message.id if isinstance(message.id, str) else message.id[0]
            assert not first or first in used or (name.startswith("codes") and first in codes), f"{name}.po: {first!r}"


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


def literals() -> Iterator[str]:
    """Every text that the product's code has, with .*? where something is put into it."""
    for file in sorted(CONSOLE.parent.glob("**/*.py")):
        if "lab" in file.relative_to(CONSOLE.parent).parts:
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = [re.escape(str(one.value)) if isinstance(one, ast.Constant) else ".*?" for one in node.values]
                yield "".join(parts)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 400:
                yield ".*?".join(map(re.escape, re.split(r"\{\w+\}", node.value)))


def test_every_translated_sentence_is_said_by_the_code() -> None:
    parts = {part for one in literals() for part in (one, *re.split(r"(?:\\ ->|;)\\ ", one))}
    said = [one for one in parts if len(one.replace(".*?", "")) >= 4]
    whole = re.compile("|".join(f"(?:{one})" for one in said), re.DOTALL)
    gone = []
    for name, part in catalogs(Language.POLISH).items():
        if name.startswith(SENTENCES):
            texts = [str(message.id) for message in part if message.id]
            gone += [f"{name}.po: {text}" for text in texts if not whole.fullmatch(_PLACE.sub("7", text))]
    assert gone == []


@pytest.mark.parametrize(
    ("english", "polish"),
    [
        (
            "waits until 2026-11-30 08:00 Polish time: nothing is sent at this hour, or on this day "
            "(rule for disconnect; rule set 1 by anna of 2026-11-23 10:00)",
            "czeka do 30.11.2026 08:00 czasu polskiego: o tej godzinie albo w tym dniu nic nie jest wysyłane "
            "(reguła: wyłączenie; zestaw reguł 1, anna, 23.11.2026 10:00)",
        ),
        (
            "3 answers are contested by the hub; the oldest for 3 h",
            "odpowiedzi zakwestionowane przez CSIRE: 3; najstarsze od 3 h",
        ),
        (
            "1 order waits for a person; the oldest for 5 min",
            "zlecenia czekające na pracownika: 1; najstarsze od 5 min",
        ),
    ],
)
def test_what_the_domain_says_is_polish_on_a_polish_page(english: str, polish: str) -> None:
    assert translated(english, Language.POLISH) == polish


def test_a_ban_of_the_law_has_the_words_of_the_law_file() -> None:
    told = (
        "forbidden by law, until 2028-04-03: A protected household is not suspended for debt from 1 November to 31 "
        "March (Energy Law art. 6b(3d), Dz.U. 2024 poz. 266; rule suspension-winter of 2024-01-17)"
    )
    found = translated(told, Language.POLISH)
    assert found is not None
    assert found.startswith("zabronione przepisami do 03.04.2028: Gospodarstwu domowemu objętemu ochroną")


_REFUSALS = ("ActionRefused", "NeedsSecondPerson", "NotAllowed", "StaleWrite", "Problem")
_OUTER = ("access", "api", "console", "domain", "pipeline", "store", "xml")


def refusals() -> Iterator[tuple[str, str]]:
    """Each sentence with which an act or a message is refused, with 7 where something is put into it; and its place."""
    for room in _OUTER:
        for file in sorted((CONSOLE.parent / room).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _REFUSALS:
                    for said in filter(None, map(sentence_of, node.args)):
                        yield said, f"{file.relative_to(CONSOLE.parent)}:{node.lineno}"


def sentence_of(node: ast.expr) -> str | None:
    """The sentence that is written there; None for what is no text, or has no word of its own."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value if " " in node.value else None
    if isinstance(node, ast.JoinedStr):
        own = [str(one.value) for one in node.values if isinstance(one, ast.Constant)]
        whole = "".join(str(one.value) if isinstance(one, ast.Constant) else "7" for one in node.values)
        return whole if len(re.findall("[a-z]{2,}", "".join(own))) > 2 else None
    return None


def test_every_refusal_has_its_polish_words() -> None:
    assert [f"{place}: {said}" for said, place in refusals() if translated(said, Language.POLISH) is None] == []


def test_every_act_has_words() -> None:
    assert [act for act in Act if act not in WORDS] == []


@pytest.mark.parametrize(
    ("english", "polish"),
    [
        (
            "olga may not do this: the page /people needs the permission people -> ask somebody who may: supervisor or "
            "administrator",
            "olga nie może tego zrobić (strona /people); potrzebne uprawnienie: konta -> zwróć się do kogoś, kto je "
            "ma: kierownik albo administrator",
        ),
        (
            "rule.agency: Sender is '9', but it must be '305' [line 3 /A/B[2]] -> send the agency code of the "
            "published standard",
            "rule.agency: Sender to '9', a musi być '305' [line 3 /A/B[2]] -> wyślij kod agencji z opublikowanego "
            "standardu",
        ),
        (
            "1 trust.unsigned by webhook from webhook: 127.0.0.1 naming A, 2 trust.wrapped by queue from hub queue: 7",
            "1 × trust.unsigned, kanał webhook, skąd: webhook: 127.0.0.1, podany nadawca: A, 2 × trust.wrapped, kanał "
            "kolejka CSIRE, skąd: hub queue: 7",
        ),
        (
            "the message's timestamp 2198-12-31T23:00:00+00:00 lies in the future",
            "znacznik czasu komunikatu 2198-12-31T23:00:00+00:00 leży w przyszłości",
        ),
        ("more than 2026-11-23 that nobody has written", None),
    ],
)
def test_codes_places_remedies_and_lists_are_polish_too(english: str, polish: str | None) -> None:
    assert translated(english, Language.POLISH) == polish
