"""The head-end system's replies: ids are compared as values, and what the standard has beyond our profile is taken."""

from __future__ import annotations

import uuid

import pytest

from csire_bridge.channels.hes.client import HeadEndCodes, HeadEndProfile
from csire_bridge.channels.hes.reply_reader import contactor_of, judge, parse_reply
from csire_bridge.domain.errors import (
    BridgeError,
    HeadEndBusy,
    HeadEndRefused,
    HeadEndScope,
    HeadEndUnreachable,
    OutcomeUnknown,
)
from csire_bridge.domain.identifiers import MeterNumber

PROFILE = HeadEndProfile(endpoint="http://127.0.0.1/hes", reply_address="http://127.0.0.1/hes/events")
OURS = str(uuid.UUID(int=0xABCDEF))
METER = MeterNumber("PROBE0000001")
STATE = """<Payload><ContactorState xmlns="urn:csire-bridge:hes:contactor:v1"><meter> probe0000001 </meter>
<outputState>false</outputState><controlState>0</controlState><readAt>2026-11-28T09:00:00Z</readAt></ContactorState>
</Payload>"""


def reply(
    *, head: str = "", correlation: str = OURS, result: str = "OK", errors: str = "", payload: str = "", tail: str = ""
) -> bytes:
    return f"""<ResponseMessage xmlns="http://iec.ch/TC57/2011/schema/message"><Header><Verb>reply</Verb>
<Noun>EndDeviceControls</Noun>{head}<MessageID>r-1</MessageID><CorrelationID>{correlation}</CorrelationID></Header>
<Reply><Result>{result}</Result>{errors}{tail}</Reply>{payload}</ResponseMessage>""".encode()


@pytest.mark.parametrize("spelled", [OURS.upper(), f" {OURS} ", f"{{{OURS}}}", f"urn:uuid:{OURS.upper()}"])
def test_given_our_id_in_another_spelling_when_judged_then_the_reply_is_ours(spelled: str) -> None:
    judge(parse_reply(reply(correlation=spelled), PROFILE), OURS, PROFILE.codes)


def test_given_another_id_when_judged_then_the_reply_is_not_ours() -> None:
    with pytest.raises(OutcomeUnknown, match="a reply to"):
        judge(parse_reply(reply(correlation=str(uuid.UUID(int=7))), PROFILE), OURS, PROFILE.codes)


def test_given_the_meter_in_another_spelling_when_its_contactor_is_read_then_it_is_that_meter() -> None:
    assert contactor_of(METER, parse_reply(reply(payload=STATE), PROFILE)).meter == METER
    with pytest.raises(OutcomeUnknown, match="no contactor state of meter"):
        contactor_of(MeterNumber("PROBE0000002"), parse_reply(reply(payload=STATE), PROFILE))


INFORM = "<Error><code>0.0</code><level>INFORM</level><reason>No errors</reason><details>accepted</details></Error>"


@pytest.mark.parametrize(
    "more",
    [
        {"head": "<Revision>2.0</Revision>"},
        {"errors": INFORM},
        {"errors": INFORM.replace("</Error>", "<xpath>/a</xpath><stackTrace>s</stackTrace><ID>7</ID></Error>")},
        {"tail": "<ID>4711</ID><operationId>1</operationId>"},
        {"head": "<Revision>2.0</Revision><Context>TESTING</Context>", "errors": INFORM, "payload": STATE},
    ],
    ids=str,
)
def test_given_parts_that_the_standard_has_and_we_do_not_read_when_judged_then_they_are_left_out(
    more: dict[str, str],
) -> None:
    judge(parse_reply(reply(**more), PROFILE), OURS, PROFILE.codes)


def test_given_a_refusal_with_details_when_judged_then_it_is_still_a_refusal() -> None:
    fatal = INFORM.replace("0.0", "2.4").replace("INFORM", "FATAL").replace("No errors", "no such meter")
    with pytest.raises(HeadEndRefused, match="no such meter") as refused:
        judge(parse_reply(reply(result="FAILED", errors=fatal), PROFILE), OURS, PROFILE.codes)
    assert refused.value.permanent


def test_given_a_result_that_is_none_when_parsed_then_nothing_is_concluded() -> None:
    with pytest.raises(OutcomeUnknown):
        parse_reply(reply(result="MAYBE"), PROFILE)


CODES = HeadEndCodes(try_later=frozenset({"5.8"}), out_of_order=frozenset({"7.7"}), permanent=frozenset({"2.4"}))
LEVELS = ("INFORM", "WARNING", "FATAL", "CATASTROPHIC")
FATAL = LEVELS[2:]


def what_it_proves(raw: bytes, *, question: bool) -> BridgeError | None:
    try:
        judge(parse_reply(raw, PROFILE), OURS, CODES, question=question)
    except BridgeError as error:
        return error
    return None


def error_of(code: str, level: str) -> str:
    return f"<Error><code>{code}</code><level>{level}</level><reason>any</reason></Error>"


@pytest.mark.parametrize("question", [False, True])
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("code", ["5.8", "7.7", "2.4", "9.9"])
@pytest.mark.parametrize("result", ["OK", "PARTIAL", "FAILED"])
def test_given_any_reply_then_none_proves_that_a_command_was_not_taken(
    result: str, code: str, level: str, question: bool
) -> None:
    proved = what_it_proves(reply(result=result, errors=error_of(code, level)), question=question)
    if result == "OK":
        expected: type[BridgeError] | None = None
    elif result == "PARTIAL":
        expected = OutcomeUnknown
    elif code in ("5.8", "7.7"):
        expected = HeadEndUnreachable if question else HeadEndBusy
    else:
        expected = HeadEndRefused if code == "2.4" or level in FATAL else OutcomeUnknown
    assert (type(proved) if proved else None) is expected
    if isinstance(proved, HeadEndBusy | HeadEndUnreachable):
        assert proved.scope is (HeadEndScope.SYSTEM if code == "7.7" else HeadEndScope.METER)
    assert question or not isinstance(proved, HeadEndUnreachable)


_FAULT = """<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode>s:Server
</faultcode><faultstring>busy</faultstring></s:Fault></s:Body></s:Envelope>"""


@pytest.mark.parametrize("body", ["", "<html><body>503 Service Unavailable</body></html>", "busy", _FAULT], ids=len)
def test_given_an_answer_that_is_no_reply_then_it_proves_nothing(body: str) -> None:
    assert type(what_it_proves(body.encode(), question=False)) is OutcomeUnknown


def test_given_a_failure_without_an_error_then_it_proves_nothing() -> None:
    assert type(what_it_proves(reply(result="FAILED"), question=False)) is OutcomeUnknown
