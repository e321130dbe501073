"""Stored bytes are explained, shown as text, given as they are, and compared; who may, and noted in the audit."""

from __future__ import annotations

import hashlib

import pytest

from csire_bridge.config.resources import folder
from csire_bridge.domain.message.message import Channel, Form
from csire_bridge.domain.operations.retention import Kept
from csire_bridge.domain.people.roles import Role
from csire_bridge.store.tables import messages
from tests.support.api import Api, Caller
from tests.support.store import NOW, add_order, document

SAMPLE = (folder("samples") / "good" / "8.1.1.5-minimal.xml").read_bytes()


def received(api: Api, raw: bytes) -> int:
    with api.database.transaction() as tx:
        sha = hashlib.sha256(raw).hexdigest()
        (key,) = tx.messages.add(Channel.WEBHOOK, NOW, [("127.0.0.1", raw, sha, Form.BARE)])
        return key


@pytest.mark.every_database
def test_a_message_is_explained_with_names_in_both_languages(api: Api, caller: Caller) -> None:
    key = received(api, SAMPLE)
    body = caller.get(f"/documents/message/{key}", limit=5).json()
    assert body["root"] == {"pl": "Żądanie realizacji wyłączenia", "en": "Request for a disconnection"}
    assert len(body["elements"]) == 5
    assert body["next"] == 5
    assert body["sha256"] == hashlib.sha256(SAMPLE).hexdigest()
    assert "raw" not in body
    read = caller.get("/audit", act="message.read").json()["items"]
    assert read[0]["subject"] == f"message {key}"


def test_bytes_that_are_no_xml_say_why_and_are_shown_as_text(api: Api, caller: Caller) -> None:
    key = received(api, b"GET / HTTP/1.1\xff")
    body = caller.get(f"/documents/message/{key}").json()
    assert "not UTF-8" in body["problem"]
    piece = caller.get(f"/documents/message/{key}/text", size=3).json()
    assert (piece["text"], piece["next"], piece["total"]) == ("GET", 3, 15)
    assert caller.get(f"/documents/message/{key}/bytes").content == b"GET / HTTP/1.1\xff"


def test_two_attempts_are_compared(api: Api, caller: Caller) -> None:
    one, other = received(api, SAMPLE), received(api, SAMPLE.replace(b"CK0345", b"CK0999"))
    body = caller.get(f"/documents/message/{one}/differences/{other}").json()
    assert [(d["before"], d["after"]) for d in body["differences"]] == [("CK0345", "CK0999")]
    broken = received(api, b"<a")
    assert caller.get(f"/documents/message/{one}/differences/{broken}").status_code == 409


def test_bytes_that_went_into_an_archive_say_which_when_and_with_which_hash(api: Api, caller: Caller) -> None:
    key = received(api, SAMPLE)
    with api.database.transaction() as tx:
        archive = tx.archives.begin(Kept.MESSAGES, NOW)
        tx.archives.written(archive, "ef" * 32, 1)
        tx.connection.execute(messages.update().values(raw=b"", archive=archive.name))
    body = caller.get(f"/documents/message/{key}").json()
    assert (body["archive"], body["archive_sha256"]) == (archive.name, "ef" * 32)
    assert body["archived_at"] == "2026-11-23T09:00:00.123456Z"
    missing = caller.get(f"/documents/message/{key}/bytes")
    assert missing.status_code == 404
    assert archive.name in missing.json()["detail"]


def test_only_who_may_read_personal_data_reads_documents(api: Api, caller: Caller) -> None:
    key = received(api, SAMPLE)
    viewer = Caller(api, api.token(Role.VIEWER))
    paths = ("", "/text", "/bytes", f"/differences/{key}")
    assert [viewer.get(f"/documents/message/{key}{path}").status_code for path in paths] == [403] * 4


def test_an_answer_is_a_document_too_and_a_kind_that_a_row_does_not_have_is_not_there(api: Api, caller: Caller) -> None:
    order = add_order(api.database).key
    with api.database.transaction() as tx:
        answer = tx.outbox.add(document(order, document=SAMPLE))
    assert caller.get(f"/documents/answer/{answer}").json()["order"] == order
    assert caller.get(f"/documents/partner-answer/{answer}").status_code == 404
    assert caller.get("/documents/event/1").status_code == 404
    assert caller.get("/documents/nothing/1").status_code == 422
