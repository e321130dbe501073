"""Stored documents are explained, shown as text and compared on pages that no document can hang or take over."""

from __future__ import annotations

import hashlib

import pytest

from csire_bridge.config.resources import folder
from csire_bridge.domain.message.message import Channel, Form
from csire_bridge.domain.operations.retention import Kept
from csire_bridge.domain.people.roles import Role
from csire_bridge.store.tables import messages
from tests.support.console import Console
from tests.support.store import NOW

SAMPLE = (folder("samples") / "good" / "8.1.1.5-minimal.xml").read_bytes()


def received(console: Console, raw: bytes) -> int:
    with console.database.transaction() as tx:
        sha = hashlib.sha256(raw).hexdigest()
        (key,) = tx.messages.add(Channel.WEBHOOK, NOW, [("127.0.0.1", raw, sha, Form.BARE)])
        return key


@pytest.mark.every_database
def test_a_message_is_explained_in_the_language_of_the_page(console: Console) -> None:
    key = received(console, SAMPLE)
    polish = console.visitor(language="pl").get(f"/documents/message/{key}").text
    assert "Żądanie realizacji wyłączenia" in polish
    assert "Kod punktu pomiarowego" in polish
    assert hashlib.sha256(SAMPLE).hexdigest() in polish
    assert "Kind of disconnection" in console.visitor().get(f"/documents/message/{key}").text


def test_a_long_message_is_read_in_slices_by_links(console: Console) -> None:
    key = received(console, b"<a>" + b"<b>z</b>" * 450 + b"</a>")
    visitor = console.visitor()
    first = visitor.get(f"/documents/message/{key}")
    assert "Elements 1 to 200 of 451" in first.text
    assert "?after=200" in first.links
    last = visitor.get(f"/documents/message/{key}?after=400")
    assert "Elements 401 to 451 of 451" in last.text
    assert "?after=" not in "".join(last.links)


def test_hostile_content_is_shown_as_what_it_is_and_does_nothing(console: Console) -> None:
    evil = b'<a onclick="x()">&lt;script&gt;alert(1)&lt;/script&gt;<b>"&gt;&lt;img src=x&gt;</b></a>'
    key = received(console, evil)
    visitor = console.visitor()
    for path in ("", "/text"):
        html = visitor.get(f"/documents/message/{key}{path}").html
        assert "<script>alert" not in html
        assert "<img" not in html
    broken = received(console, b"<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>")
    page = visitor.get(f"/documents/message/{broken}")
    assert page.status == 200
    assert "DOCTYPE" in page.text
    assert f"/documents/message/{broken}/text" in page.links


def test_two_attempts_are_compared_and_what_can_not_be_says_why(console: Console) -> None:
    one, other = received(console, SAMPLE), received(console, SAMPLE.replace(b"CK0345", b"CK0999"))
    visitor = console.visitor()
    chosen = visitor.get(f"/documents/message/{one}/differences", other=other)
    assert chosen.leads_to == f"/documents/message/{one}/differences/{other}"
    page = visitor.get(chosen.leads_to)
    assert "CK0345" in page.text
    assert "CK0999" in page.text
    assert visitor.get(f"/documents/message/{one}/differences/{received(console, b'<a')}").status == 409
    assert "They say the same" in visitor.get(f"/documents/message/{one}/differences/{one}").text


def test_bytes_in_an_archive_are_said_to_be_there_with_its_name_and_hash(console: Console) -> None:
    key = received(console, SAMPLE)
    with console.database.transaction() as tx:
        archive = tx.archives.begin(Kept.MESSAGES, NOW)
        tx.archives.written(archive, "ef" * 32, 1)
        tx.connection.execute(messages.update().values(raw=b"", archive=archive.name))
    page = console.visitor().get(f"/documents/message/{key}")
    assert archive.name in page.text
    assert "ef" * 32 in page.text
    assert console.visitor().get(f"/documents/message/{key}/bytes").status == 404


def test_a_viewer_reads_no_documents_and_is_told_who_may(console: Console) -> None:
    key = received(console, SAMPLE)
    for path in ("", "/text", "/bytes", f"/differences/{key}"):
        refused = console.visitor(Role.VIEWER).get(f"/documents/message/{key}{path}")
        assert refused.status == 403
        assert "auditor" in refused.text
