"""``mapping try`` of a head-end system's dialect: what is read from a sample, before anything starts."""

from __future__ import annotations

import json
from pathlib import Path

from csire_bridge.config.resources import folder
from tests.cli.messages.test_mapping import tried

OURS = folder("mappings") / "head-end" / "csire-bridge.yaml"
EVENT = """<EventMessage xmlns="http://iec.ch/TC57/2011/schema/message"><Header><Verb>created</Verb><Noun>x</Noun>
<Revision>2</Revision><CorrelationID>c-1</CorrelationID></Header><Payload>
<EndDeviceEvents xmlns="http://iec.ch/TC57/2011/EndDeviceEvents#"><EndDeviceEvent>
<createdDateTime>2026-03-01T12:00:00Z</createdDateTime><EndDeviceEventType ref="3.31.0.68"/>
<Assets><Names><name>M-1</name></Names></Assets></EndDeviceEvent></EndDeviceEvents></Payload></EventMessage>"""
REPLY = """<ResponseMessage xmlns="http://iec.ch/TC57/2011/schema/message"><Header><Verb>reply</Verb><Noun>x</Noun>
<CorrelationID>c-1</CorrelationID></Header><Reply><Result>FAILED</Result><Error><code>2.4</code></Error></Reply>
</ResponseMessage>"""


def test_given_a_dialect_when_tried_on_an_event_then_what_is_read_is_shown(tmp_path: Path) -> None:
    message = tmp_path / "event.xml"
    message.write_text(EVENT)
    code, said = tried(OURS, message)
    assert code == 0
    for line in ("an event", "kind = disconnected", "code = 3.31.0.68", "correlation = c-1", "meter = M-1"):
        assert line in said


def test_given_a_dialect_when_tried_on_a_reply_then_both_its_ways_are_shown(tmp_path: Path) -> None:
    message = tmp_path / "reply.xml"
    message.write_text(REPLY)
    code, said = tried(OURS, message, "--json")
    assert code == 0
    reply, later = json.loads(said)
    assert (reply["is"], reply["result"], reply["errors"]) == ("a reply", "FAILED", "2.4")
    assert (later["kind"], later["text"]) == ("answered", "FAILED; 2.4")


def test_given_a_message_that_the_dialect_does_not_have_when_tried_then_its_problem_is_told(tmp_path: Path) -> None:
    message = tmp_path / "other.xml"
    message.write_text("<other/>")
    code, said = tried(OURS, message)
    assert code != 0
    assert "other.xml" in said
