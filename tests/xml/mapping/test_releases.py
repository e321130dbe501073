# ruff: noqa: E501 - tables with a line for each case
"""Two releases of one message in service at once: each in its days, and answered in the release in which it came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from csire_bridge.config.resources import folder
from csire_bridge.domain.errors import ConfigurationError, ProblemCode, RuleBroken
from csire_bridge.domain.message.message import OrderRequest
from csire_bridge.domain.order.order import Order, OrderState, Outcome
from csire_bridge.pipeline.intake.validate import Validator
from csire_bridge.pipeline.orders.create import new_order
from csire_bridge.xml.mapping.book import MappingBook
from csire_bridge.xml.parser import parse
from csire_bridge.xml.schema.catalogue import SchemaCatalogue
from csire_bridge.xml.security.signature import parse_back
from tests.support.defaults import LIMITS
from tests.xml.mapping.test_mapping_files import OWN, header

MAPPINGS, SCHEMAS = folder("mappings"), folder("schemas")
NUMBERS = ("8.1.1.5", "8.1.1.11", "8.1.1.7")
DAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
V1 = "release: v1\nin_service: {until: 2026-12-31}\n"
V2 = "release: v2\nin_service: {from: 2026-11-01}\n"


def second(text: str, number: str) -> str:
    """The second release of a schema or mapping file: another namespace, and the reference is called otherwise."""
    names = number.replace(".", "_")
    changed = text.replace(f"unk_{names}:v1", f"unk_{names}:v2")
    return changed.replace("RequestDescription", "RequestWords").replace("ExecutionDescription", "ExecutionWords")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("releases")
    (made / "schemas" / "v2").mkdir(parents=True)
    (made / "mappings").mkdir()
    for number in NUMBERS:
        name = f"{number.replace('.', '_')}.xsd"
        schema = (SCHEMAS / "process_8_1" / name).read_text("utf-8")
        (made / "schemas" / "v2" / name).write_text(second(schema, number), "utf-8")
        mapping = (MAPPINGS / f"{number}.yaml").read_text("utf-8")
        (made / "mappings" / f"{number}.yaml").write_text(V1 + mapping, "utf-8")
        (made / "mappings" / f"{number}.v2.yaml").write_text(V2 + second(mapping, number), "utf-8")
    return made


@pytest.fixture(scope="module")
def catalogue(place: Path) -> SchemaCatalogue:
    return SchemaCatalogue([place / "schemas", SCHEMAS])


@pytest.fixture(scope="module")
def book(place: Path, catalogue: SchemaCatalogue) -> MappingBook:
    return MappingBook([place / "mappings"], catalogue)


def sample(release: str) -> etree._Element:
    text = (folder("samples") / "good" / "8.1.1.5-debt.xml").read_text("utf-8")
    return parse((second(text, "8.1.1.5") if release == "v2" else text).encode())


def asked(book: MappingBook, release: str) -> Order:
    root = sample(release)
    request = book.reader(str(root.tag)).read(root)
    assert isinstance(request, OrderRequest)
    return new_order(request, DAY, registered_at=DAY, header=book.header(root))


@pytest.mark.parametrize("release", ["v1", "v2"])
@pytest.mark.parametrize("state", [OrderState.DONE, OrderState.REJECTED])
def test_given_requests_in_two_releases_when_answered_then_each_answer_is_in_the_release_of_its_request(
    book: MappingBook, catalogue: SchemaCatalogue, release: str, state: OrderState
) -> None:
    moved: dict[str, Any] = {"outcome": Outcome.DISCONNECTED, "executed_at": DAY, "verified_at": DAY}
    order = replace(asked(book, release), state=state, **(moved if state is OrderState.DONE else {}))
    due = book.answer_due(order)
    assert due is not None
    number, answer = due
    mapping = book.writer(number, answer)
    root = parse_back(mapping.write(header(number, mapping.facts.message_type), answer))
    assert catalogue.decide(root), catalogue.explain(root)
    assert etree.QName(root).namespace == f"urn:pl:oire:unk_{number.replace('.', '_')}:{release}"


def judge(book: MappingBook, catalogue: SchemaCatalogue, release: str, day: datetime, held: Mapping[str, str]) -> None:
    root = sample(release)
    validator = Validator(catalogue, book, OWN, LIMITS, held)
    validator.check_schema(root, root)
    found = replace(validator.read_header(root), timestamp=day)
    validator.check_envelope(str(root.tag), found, day)


@pytest.mark.parametrize(
    ("release", "day", "words"),
    [
        ("v1", datetime(2026, 12, 31, 22, 59, tzinfo=UTC), None),
        ("v1", datetime(2026, 12, 31, 23, 0, tzinfo=UTC), "release v1 of message 8.1.1.5 is in service until 2026-12-31 only"),
        ("v2", datetime(2026, 10, 31, 22, 59, tzinfo=UTC), "release v2 of message 8.1.1.5 is in service from 2026-11-01 on only"),
        ("v2", datetime(2026, 10, 31, 23, 0, tzinfo=UTC), None),
        ("v2", datetime(2027, 10, 31, tzinfo=UTC), None),
    ],
)  # fmt: skip
def test_given_the_days_of_a_release_when_a_message_comes_then_polish_days_decide(
    book: MappingBook, catalogue: SchemaCatalogue, release: str, day: datetime, words: str | None
) -> None:
    if words is None:
        judge(book, catalogue, release, day, {})
        return
    with pytest.raises(RuleBroken) as caught:
        judge(book, catalogue, release, day, {})
    assert caught.value.code is ProblemCode.UNKNOWN_MESSAGE
    assert words in str(caught.value)


def test_given_a_partner_that_is_held_to_one_release_when_it_sends_the_other_then_it_is_told(
    book: MappingBook, catalogue: SchemaCatalogue
) -> None:
    held = {"10XPL-TSO------P": "v1"}
    judge(book, catalogue, "v1", DAY, held)
    with pytest.raises(RuleBroken, match="the message is of release v2, and its sender is held to release v1"):
        judge(book, catalogue, "v2", DAY, held)
    judge(book, catalogue, "v2", DAY, {"19XPL-RZE-SA---V": "v1"})


def test_given_an_order_that_no_message_asked_for_when_answered_then_the_release_in_service_counts(
    book: MappingBook,
) -> None:
    order = replace(
        asked(book, "v1"), kept=None, source_message=None, source_number=None, state=OrderState.DONE,
        outcome=Outcome.DISCONNECTED, executed_at=DAY, verified_at=DAY,
    )  # fmt: skip
    due = book.answer_due(order)
    assert due is not None
    assert book.writer(*due).facts.release == "v2", "both are in service: the newer one"
    early = replace(due[1], executed_at=DAY - timedelta(days=60))
    assert book.writer(due[0], early).facts.release == "v1"


def test_given_a_release_without_its_answers_when_loaded_then_the_start_is_refused(
    place: Path, catalogue: SchemaCatalogue, tmp_path: Path
) -> None:
    for file in (place / "mappings").iterdir():
        if file.name != "8.1.1.7.v2.yaml":
            (tmp_path / file.name).write_text(file.read_text("utf-8"), "utf-8")
    with pytest.raises(ConfigurationError, match=r"builds message 8\.1\.1\.7 in release v2; there is v1"):
        MappingBook([tmp_path], catalogue)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("release: v1", "release: v 1", "is no name of a release, such as v1"),
        ("until: 2026-12-31", "until: soon", "write a date such as 2026-01-31"),
        (
            "until: 2026-12-31",
            "from: 2027-01-01, until: 2026-12-31",
            "`until` 2026-12-31 lies before `from` 2027-01-01",
        ),
        ("until: 2026-12-31", "til: 2026-12-31", "the key til is not known here; the nearest is until"),
    ],
)
def test_given_a_mistake_about_a_release_when_loaded_then_it_is_told(
    place: Path, catalogue: SchemaCatalogue, tmp_path: Path, old: str, new: str, words: str
) -> None:
    for number in NUMBERS:
        text = (place / "mappings" / f"{number}.yaml").read_text("utf-8")
        (tmp_path / f"{number}.yaml").write_text(text.replace(old, new), "utf-8")
    with pytest.raises(ConfigurationError, match=words):
        MappingBook([tmp_path], catalogue)
