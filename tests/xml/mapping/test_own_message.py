"""A message that files alone bring, as docs/mappings.md shows it, becomes an order, and what becomes of it is told."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from unittest.mock import patch

import pytest

from csire_bridge.cli import main
from csire_bridge.config.settings import load_settings
from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.identifiers import MessageId, ProcessInstanceId
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.order.order import OrderState, RejectionReason
from csire_bridge.domain.protection import NOT_PROTECTED
from csire_bridge.lab.demo.stage import stage
from csire_bridge.pipeline.operator.orders import order_actions
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.xml.parser import parse
from csire_bridge.xml.security.signature import sign_enveloped
from tests.support.bridge import METER, POINT, Play
from tests.support.repository import REPOSITORY

pytestmark = pytest.mark.slow

DOCUMENT = REPOSITORY / "docs" / "mappings.md"
ACT = ("--by", "Anna Nowak", "--why", "a drill")


def files() -> dict[str, str]:
    """The files of the example, by their names."""
    text = DOCUMENT.read_text("utf-8")
    found = re.findall(r"^`(own/[^`]+)`[^`\n]*:\n\n```\w+\n(.*?)```", text, re.MULTILINE | re.DOTALL)
    message = re.search(r"`(own/8.5.1.4.xml)`;.*?```xml\n(.*?)```", text, re.DOTALL)
    assert message is not None
    return {**dict(found), message[1]: message[2]}


def rejection_schema(texts: dict[str, str]) -> str:
    """``8_5_1_5.xsd``, which the document describes by what is other in it."""
    name = '<xs:complexType name="PowerLimitRejectionData">'
    part = re.search(f"```xml\n(  {name}.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    assert part is not None
    text = texts["own/schemas/process_8_5/8_5_1_4.xsd"].replace("8_5_1_4", "8_5_1_5")
    text = text.replace("PowerLimitChangeRequest", "PowerLimitChangeRejectionNotification")
    text = text.replace("PowerLimitData", "PowerLimitRejectionData")
    return re.sub(f"  {name}.*?</xs:complexType>\n", lambda _: part[1], text, flags=re.DOTALL)


@contextmanager
def playing(place: Path) -> Iterator[Play]:
    texts = files()
    texts["own/schemas/process_8_5/8_5_1_5.xsd"] = rejection_schema(texts)
    for name, text in texts.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text, "utf-8")
    settings = load_settings(place / "own" / "own.toml", environment=False, head_end={"poll_seconds": 0.05})
    point = MeteringPoint(
        code=POINT, updated_at=system_clock(), meter=METER, has_contactor=True, protection=NOT_PROTECTED, connected=True
    )
    with stage(place, system_clock, points=[point], settings=settings) as scene:
        root = parse((place / "own" / "8.5.1.4.xml").read_bytes())
        changes = {
            "MessageId": MessageId.new(),
            "ProcessInstanceId": ProcessInstanceId.new(),
            "MessageTimestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
        }
        for name, text in changes.items():
            for element in root.iter(f"{{*}}{name}"):
                element.text = text
        play = Play(scene)
        play.take_in(sign_enveloped(root, scene.pki.hub.signing))
        yield play


def test_given_the_example_of_the_document_when_reported_as_not_done_then_the_hub_gets_its_answer(
    tmp_path: Path,
) -> None:
    with playing(tmp_path) as play:
        order = play.work_until_state(OrderState.PARKED, OrderState.FIELD_WORK)
        database = play.scene.bridge.database
        seen = order_actions.look(database, None, order.key, system_clock)
        act = OperatorAction("Anna Nowak", system_clock(), "a drill")
        with database.transaction() as tx, pytest.raises(ActionRefused, match="debt-both-sides is no reason"):
            order_actions.report_not_done(tx, seen, act, RejectionReason.DEBT_BOTH_SIDES, "debts")
        with database.transaction() as tx:
            order_actions.report_not_done(tx, seen, act, RejectionReason.NOT_POSSIBLE, "the meter has no limiter")
        play.work_until(lambda: play.answers() == ["8.5.1.5"])
        (answer,) = (tmp_path / "acknowledgements").iterdir()
        assert "the meter has no limiter" in answer.read_text("utf-8")
        assert "CL012" in answer.read_text("utf-8")


@pytest.mark.parametrize(
    ("words", "number", "said"),
    [
        (("report", "--not-done", "--reason", "no limiter"), "8.5.1.5", "the hub is told, with message 8.5.1.5"),
        (("withdraw",), "8.5.1.5", "the hub is told, with message 8.5.1.5"),
        (
            ("report", "--done", "--at", "now"),
            None,
            "the hub is NOT told: no mapping file names the answer 'done' to message 8.5.1.4",
        ),
    ],
)
def test_given_a_person_who_ends_the_order_then_it_is_said_truly_whether_the_hub_is_told(
    tmp_path: Path, words: tuple[str, ...], number: str | None, said: str
) -> None:
    with playing(tmp_path) as play:
        order = play.work_until_state(OrderState.PARKED, OrderState.FIELD_WORK)
        settings = tmp_path / "own.toml"
        own = tmp_path / "own"
        settings.write_text(
            f'database = "{play.scene.bridge.database.url}"\n'
            f'schemas = ["{own}/schemas"]\nmappings = ["{own}/mappings"]\n',
            "utf-8",
        )
        out = StringIO()
        command = ["csire-bridge", "orders", words[0], str(order.key), *words[1:], *ACT, "--config", str(settings)]
        with patch.object(sys, "argv", command), redirect_stdout(out), pytest.raises(SystemExit) as ended:
            main.run()
        assert not ended.value.code, out.getvalue()
        assert said in " ".join(out.getvalue().split())
        if number is not None:
            play.work_until(lambda: play.answers() == [number])
        else:
            play.work_until(lambda: not play.scene.bridge.worker.turn())
            assert play.answers() == []
