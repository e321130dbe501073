"""Code, catalogue and page name the same events, with the same levels and fields."""

from __future__ import annotations

import ast
import logging
import re
from collections.abc import Iterator
from functools import cache

from csire_bridge.telemetry.log_events import EVENTS, RESERVED
from tests.support.repository import REPOSITORY

SOURCE = REPOSITORY / "src" / "csire_bridge"
PRODUCT = [file for file in sorted(SOURCE.rglob("*.py")) if not file.is_relative_to(SOURCE / "lab")]
OURS = {"telemetry/logs.py", "telemetry/log_output.py", "telemetry/log_storms.py", "telemetry/log_events.py"}
SETS_LEVELS = {"cli/main.py", "cli/system/serve.py", "config/sections/running/logging.py"}
_ROW = re.compile(r"\| `([a-z_.]+)` \| (\w+) \| (.*?) \| (.*?) \| (.*?) \| (.*?) \|\Z")


def log_calls(tree: ast.AST) -> Iterator[ast.Call]:
    """Calls of what ``logger(__name__)`` gave."""
    names = {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
        if isinstance(node.value.func, ast.Name) and node.value.func.id == "logger"
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name))) if name in names:
                yield node


@cache
def calls() -> list[tuple[str, ast.Call]]:
    trees = [(file, ast.parse(file.read_bytes())) for file in PRODUCT]
    return [(f"{file.relative_to(SOURCE)}:{call.lineno}", call) for file, tree in trees for call in log_calls(tree)]


def event_of(call: ast.Call) -> str | None:
    match call.args:
        case [ast.Constant(value=str(name))]:
            return name
    return None


def test_every_log_call_names_an_event_of_the_catalogue_with_its_level_and_its_fields() -> None:
    assert len(calls()) > 50
    for place, call in calls():
        name = event_of(call)
        assert name is not None, f"{place}: {ast.unparse(call)} must name its event"
        assert name in EVENTS, f"{place}: {ast.unparse(call)} is no event of telemetry/log_events.py"
        event = EVENTS[name]
        assert isinstance(call.func, ast.Attribute)
        assert call.func.attr == logging.getLevelName(event.level).lower(), f"{place}: {name} has another level"
        given = {keyword.arg for keyword in call.keywords} - {"exc_info"}
        assert given <= {*event.fields}, f"{place}: {name} has no field {given - {*event.fields}}"


def test_every_event_of_the_catalogue_is_logged_somewhere_and_has_each_of_its_fields_somewhere() -> None:
    given: dict[str, set[str | None]] = {name: set() for name in EVENTS}
    for _, call in calls():
        given.setdefault(event_of(call) or "", set()).update(keyword.arg for keyword in call.keywords)
    logged = {event_of(call) for _, call in calls()}
    assert set(EVENTS) - logged == set()
    assert {
        name: {*event.fields} - given[name] for name, event in EVENTS.items() if {*event.fields} - given[name]
    } == {}


def test_no_event_takes_a_field_that_every_line_has_and_same_names_fields_of_its_own() -> None:
    for name, event in EVENTS.items():
        assert not RESERVED & {*event.fields}, name
        assert {*(event.same or ())} <= {*event.fields}, name
    assert list(EVENTS) == sorted(EVENTS), "by name, so that two who add an event do not meet at the end"


def test_the_page_has_a_line_for_every_event_with_its_level_fields_and_what_makes_two_the_same() -> None:
    rows = [found.groups() for line in page().splitlines() if (found := _ROW.match(line))]
    told = {name: (level, fields, same) for name, level, fields, same, _, _ in rows}
    assert told == {
        name: (logging.getLevelName(event.level).lower(), _names(event.fields) or "-", _same(event.same))
        for name, event in EVENTS.items()
    }
    assert [name for name, *_ in rows] == sorted(EVENTS)
    assert all(meaning and remedy for *_, meaning, remedy in rows)


def page() -> str:
    return (REPOSITORY / "docs" / "logs.md").read_text("utf-8")


def _names(fields: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in fields)


def _same(same: tuple[str, ...] | None) -> str:
    return "all" if same is None else _names(same) or "the event"


def test_no_module_of_the_product_has_a_logger_of_its_own() -> None:
    texts = {str(file.relative_to(SOURCE)): file.read_text("utf-8") for file in PRODUCT}
    own = re.compile(r"^\s*(?:import logging|from logging)\b", re.MULTILINE)
    assert {name for name, text in texts.items() if own.search(text)} == OURS | SETS_LEVELS
    assert not [name for name in SETS_LEVELS if re.search(r"logging\.(getLogger\(\w|error|warning|info)", texts[name])]
