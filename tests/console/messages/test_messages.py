"""The journal is filtered by links, refusals are grouped by cause, and one message shows its way through the steps."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import replace
from datetime import timedelta

import pytest

from csire_bridge.domain.errors import ProblemCode
from csire_bridge.domain.identifiers import MessageId
from csire_bridge.domain.message.message import Channel, Form, MessageState, SettledMessage
from csire_bridge.domain.people.roles import Role
from csire_bridge.store.database import Database
from csire_bridge.store.queries.messages.refusal_causes import MOST_OF_A_CAUSE, refusal_causes
from tests.support.console import Console
from tests.support.store import CODE, HUB, NOW
from tests.support.story import RAW, played


def refused(database: Database, code: ProblemCode, *, proven: bool = True, count: int = 1, claimed: str = "") -> int:
    """Messages that were refused; the key of the last one."""
    with database.transaction() as tx:
        arrivals = [("127.0.0.1", RAW, hashlib.sha256(RAW).hexdigest(), Form.BARE)] * count
        keys = tx.messages.add(Channel.WEBHOOK, NOW, arrivals)
        facts = SettledMessage(key=0, state=MessageState.REFUSED, receipt=b"<r/>", code=code.value, problem="bad")
        facts = replace(facts, sender=HUB if proven else None, claimed_sender=HUB, claimed_id=claimed or None)
        tx.messages.settle([replace(facts, key=key) for key in keys])
        tx.messages.note([(key, NOW, "schema", "schema.value: bad") for key in keys])
        return keys[-1]


@pytest.mark.every_database
def test_the_journal_shows_messages_and_leads_to_each(console: Console) -> None:
    played(console.database)
    page = console.visitor().get("/messages")
    assert page.status == 200
    assert "8.1.1.5" in page.text
    assert "/messages/1" in page.links


def test_its_views_are_filters_in_links(console: Console) -> None:
    played(console.database)
    bad = refused(console.database, ProblemCode.VALUE)
    stranger = refused(console.database, ProblemCode.UNKNOWN_SIGNER, proven=False)
    visitor = console.visitor()
    page = visitor.get("/messages?state=refused")
    assert f"/messages/{bad}" in page.links
    assert "/messages/1" not in page.links
    not_trusted = next(link for link in page.links if "code=trust" in link)
    found = visitor.get(not_trusted)
    assert f"/messages/{stranger}" in found.links
    assert f"/messages/{bad}" not in found.links
    assert "only claimed" in found.text
    assert "No message meets these filters." in visitor.get("/messages?state=duplicate").text
    assert visitor.get("/messages?sender=nonsense").status == 422


def test_the_journal_goes_on_by_a_cursor_and_offers_what_is_new(console: Console) -> None:
    refused(console.database, ProblemCode.VALUE, count=60)
    visitor = console.visitor()
    first = visitor.get("/messages")
    older = next(link for link in first.links if "after=" in link)
    keys = [
        link for page in (first, visitor.get(older)) for link in page.links if link.removeprefix("/messages/").isdigit()
    ]
    assert len(set(keys)) == 60
    news = first.html.partition('data-from="')[2].partition('"')[0].replace("&amp;", "&")
    refused(console.database, ProblemCode.VALUE, count=2)
    assert "2 newer" in visitor.get(news).text


def test_refusals_are_grouped_by_cause_step_and_partner_and_lead_to_these_messages(console: Console) -> None:
    refused(console.database, ProblemCode.VALUE, count=3)
    refused(console.database, ProblemCode.BAD_SIGNATURE, proven=False)
    page = console.visitor().get("/messages/causes")
    assert page.text.index("schema.value") < page.text.index("trust.bad-signature")
    assert f"{HUB} : 3" in page.text
    assert "signature and sender" in page.text
    assert "/messages?code=schema.value" in page.links
    console.api.now += timedelta(days=20)
    later = console.visitor(Role.VIEWER)
    assert "No message was refused" in later.get("/messages/causes").text
    assert "schema.value" in later.get("/messages/causes?days=30").text
    assert later.get("/messages/causes?days=999").status == 422


def test_of_each_cause_a_bounded_number_is_looked_at(console: Console) -> None:
    refused(console.database, ProblemCode.VALUE, count=MOST_OF_A_CAUSE + 1)
    with console.database.reading() as connection:
        (cause,) = refusal_causes(connection, NOW)
    assert (cause.count.number, cause.count.exact) == (MOST_OF_A_CAUSE, False)


def test_a_message_shows_its_way_its_attempts_and_what_to_do_with_its_bytes(console: Console) -> None:
    known = MessageId.new()
    first = refused(console.database, ProblemCode.VALUE, claimed=str(known))
    second = refused(console.database, ProblemCode.VALUE, claimed=str(known))
    page = console.visitor().get(f"/messages/{second}")
    assert "schema.value" in page.text
    for link in (f"/documents/message/{second}", f"/documents/receipt/{second}", f"/messages/{second}/evidence"):
        assert link in page.links
    assert f"/documents/message/{first}/differences/{second}" in page.links
    assert console.visitor().get("/messages/999").status == 404


def test_a_viewer_sees_the_journal_without_what_tells_of_people(console: Console) -> None:
    played(console.database)
    key = refused(console.database, ProblemCode.VALUE)
    viewer = console.visitor(Role.VIEWER)
    assert viewer.get("/messages").status == 200
    page = viewer.get(f"/messages/{key}")
    assert "schema.value" in page.text
    assert "schema.value: bad" not in page.text
    assert viewer.get(f"/messages/{key}/evidence").status == 403
    assert viewer.get(f"/messages?point={CODE}").status == 403


def test_everything_about_a_message_is_taken_away_as_evidence_that_can_be_checked(console: Console) -> None:
    played(console.database)
    found = console.visitor().get("/messages/1/evidence").response
    with zipfile.ZipFile(io.BytesIO(found.content)) as archive:
        names = set(archive.namelist())
        manifest = json.loads(archive.read("manifest.json"))
    assert {"1-message-1.json", "2-order.json", "4-answer-1.xml", "summary.html"} <= names
    assert manifest["subject"] == "message 1"
    assert set(manifest["sha256"]) == names - {"manifest.json"}
    alone = refused(console.database, ProblemCode.NOT_WELL_FORMED)
    assert console.visitor().get(f"/messages/{alone}/evidence").status == 200
