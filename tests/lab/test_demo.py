"""The demo: every sample from its file to its end, and the truth of what it leaves."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import xmlsec
from lxml import etree
from rich.console import Console

from csire_bridge.cli.shared import table
from csire_bridge.config.resources import folder
from csire_bridge.domain.identifiers import MessageId
from csire_bridge.lab.cli.demo import tell_refused
from csire_bridge.xml.schema.catalogue import SchemaCatalogue
from csire_bridge.xml.security.signature import without_signature
from tests.support.command import Command


@pytest.fixture(scope="module")
def summary(demo: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((demo / "summary.json").read_text("utf-8"))
    return loaded


def answers(demo: Path) -> Iterator[Path]:
    files = sorted((demo / "acknowledgements").glob("*.xml"))
    assert len(files) >= 15
    return iter(files)


def text_of(root: etree._Element, name: str) -> str:
    found = root.xpath(f"//*[local-name()='{name}']/text()")
    assert isinstance(found, list)
    assert len(found) == 1, f"{name}: {found}"
    return str(found[0])


def test_given_the_demo_then_every_answer_verifies_with_an_independent_implementation(demo: Path) -> None:
    for file in answers(demo):
        root = etree.parse(file).getroot()
        signature = xmlsec.tree.find_node(root, xmlsec.constants.NodeSignature)
        assert signature is not None
        context = xmlsec.SignatureContext()
        context.key = xmlsec.Key.from_file(
            str(demo / "pki" / "operator.cert.pem"), xmlsec.constants.KeyDataFormatCertPem
        )
        context.verify(signature)


def test_given_the_demo_then_every_answer_is_valid_without_its_signature(demo: Path) -> None:
    catalogue = SchemaCatalogue([folder("schemas")])
    for file in answers(demo):
        root = without_signature(etree.parse(file).getroot())
        assert catalogue.decide(root), (file.name, catalogue.explain(root))


def test_given_done_orders_then_their_answers_tell_the_same_time_of_execution(
    demo: Path, summary: dict[str, Any]
) -> None:
    done = [order for order in summary["orders"] if order["state"] == "done" and order["acknowledgement"]]
    assert len(done) >= 10
    for order in done:
        root = etree.parse(demo / order["acknowledgement"]).getroot()
        told = datetime.fromisoformat(text_of(root, "ExecutionTimestamp"))
        assert told == datetime.fromisoformat(order["executed_at"])
        assert MessageId.parse(text_of(root, "MessageId")) != MessageId(order["message_id"]).derive(
            order["acknowledgement_number"]
        ), "nobody can know the answer's id before it has left"
        assert text_of(root, "SenderMessageId") == order["message_id"]
        assert text_of(root, "MeteringPointCode") == order["metering_point"]
        assert text_of(root, "PhysicalStatus") == {"disconnected": "CK0070", "connected": "CK0069"}[order["outcome"]]


def test_given_done_orders_then_execution_lies_between_registration_and_now(summary: dict[str, Any]) -> None:
    now = datetime.now(UTC)
    for order in summary["orders"]:
        if order["state"] != "done":
            assert order["executed_at"] is None
            continue
        registered, executed = (datetime.fromisoformat(order[name]) for name in ("registered_at", "executed_at"))
        assert registered < executed <= now
        assert order["execution_seconds"] == pytest.approx((executed - registered).total_seconds(), abs=0.01)
        assert now - executed < timedelta(minutes=10), "the meter's real time of switching, not the sample's"


def test_given_the_demo_then_buckets_count_exactly_the_done_orders(summary: dict[str, Any]) -> None:
    done = [order for order in summary["orders"] if order["state"] == "done"]
    assert sum(summary["buckets"].values()) == len(done)
    assert list(summary["buckets"]) == ["up to 15 min", "15-30 min", "30-60 min", "1-3 h", "over 3 h"]


def test_given_bad_samples_then_each_refusal_names_code_and_remedy(summary: dict[str, Any]) -> None:
    assert len(summary["refused"]) >= 30
    for refusal in summary["refused"]:
        assert refusal["code"] in refusal["reason"]
        assert "->" in refusal["reason"], "a remedy is told"
        assert "Traceback" not in refusal["reason"]


def test_given_refused_messages_then_no_order_comes_of_them(summary: dict[str, Any]) -> None:
    ids = [order["message_id"] for order in summary["orders"] if order["message_id"]]  # SID, and steps, have none
    assert len(ids) == len(set(ids))
    assert summary["messages"]["accepted"] >= len(ids)


def test_given_a_folder_with_other_things_when_the_demo_runs_there_then_nothing_is_touched(
    command: Command, tmp_path: Path
) -> None:
    keepsake = tmp_path / "letter.txt"
    keepsake.write_text("mine")
    done = command("demo", "--dir", tmp_path)
    assert done.returncode == 2
    assert keepsake.read_text() == "mine"
    assert [f.name for f in tmp_path.iterdir()] == ["letter.txt"]


def test_given_the_refused_messages_when_told_at_80_columns_then_each_reason_is_a_line_that_fits(
    demo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = io.StringIO()
    console = Console(file=shown, width=80, force_terminal=True, color_system=None, soft_wrap=True)
    monkeypatch.setattr(table, "out", console)
    refused = json.loads((demo / "summary.json").read_text("utf-8"))["refused"]
    tell_refused(refused)
    lines = shown.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    codes = {message["code"] for message in refused}
    assert lines[0].strip() == f"Refused: {len(refused)} messages for {len(codes)} reasons"
    told = {line.split()[0]: int(line.split()[1]) for line in lines if line.split() and line.split()[0] in codes}
    assert told == {code: sum(message["code"] == code for message in refused) for code in codes}
