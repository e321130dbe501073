"""Our door for SID: SOAP 1.1 by zeep and by hand, one answer to one order, and faults that say what is wrong."""

from __future__ import annotations

import base64
import http.client
import itertools
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import zeep.exceptions

from csire_bridge.channels.sid.contract import SID
from csire_bridge.config.private_files import write_private
from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.errors import StoreFailure
from csire_bridge.domain.message.message import Channel, Form
from csire_bridge.domain.operations.alerts import AlertKind
from csire_bridge.domain.order.order import OrderState
from csire_bridge.domain.work import WorkStep
from csire_bridge.pipeline.intake.request_reply import RequestReply
from csire_bridge.xml.parser import parse
from tests.support.patience import PATIENCE, wait_until
from tests.support.sid import (
    CREDENTIALS,
    OTHER_POINT,
    Scene,
    day,
    fault_of,
    now,
    plain_http,
    request,
    running,
    submission,
)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A service whose head-end system is never needed: orders of these tests are for tomorrow."""
    with running(tmp_path_factory.mktemp("sid")) as found:
        yield found


_days = itertools.count(1)


def order(scene: Scene, **changes: Any) -> dict[str, Any]:
    """An order for a day of its own, so that none joins another one."""
    return scene.sid.order(
        **{"RequestedDate": (now() + timedelta(days=next(_days))).astimezone(WARSAW).date(), **changes}
    )


def test_given_the_wsdl_that_is_served_when_zeep_calls_then_the_order_is_taken_and_its_status_told(
    scene: Scene,
) -> None:
    caller, before = scene.caller(), len(scene.orders())
    assert caller.address == scene.door
    values = order(scene, Text="unpaid", Supplier="19XPL-RZE-SA---V", TariffGroup="G11", MeterNumber="PROBE0000001")
    answer = caller.submit(values)
    assert answer.Number == values["Number"]
    assert abs(answer.TakenAt - now()) < timedelta(minutes=1)
    status = caller.status(answer.Number)
    assert (status.Status, status.Sequence, status.ExecutedAt) == ("registered", 1, None)
    [*_, registered] = scene.orders()
    assert len(scene.orders()) == before + 1
    assert (registered.description, registered.tariff_group) == ("unpaid", "G11")


def test_given_a_raw_soap_11_request_when_posted_then_the_answer_is_soap_11_by_the_contract(scene: Scene) -> None:
    values = order(scene, Text="by hand & <raw>")
    answer = scene.post(submission(values), SOAPAction='"SubmitOrder"')
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/xml; charset=utf-8")
    response = parse(answer.content)[0][0]
    assert response.tag == f"{SID}SubmitOrderResponse"
    assert scene.bridge.standard.catalogue.decide(response)
    assert response.findtext(f"{SID}Number") == values["Number"]


def test_given_the_same_order_again_then_the_same_bytes_come_and_there_is_one_order(scene: Scene) -> None:
    values, before = order(scene), len(scene.orders())
    first = scene.post(submission(values))
    again = scene.post(submission(values).replace(b"><", b">\n<"))
    assert (again.status_code, again.content) == (200, first.content)
    assert len(scene.orders()) == before + 1
    assert [m.state.value for m in scene.messages()][-2:] == ["accepted", "duplicate"]


def test_given_many_copies_at_the_same_moment_then_there_is_one_order_and_one_answer(scene: Scene) -> None:
    body, before = submission(order(scene)), len(scene.orders())
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: scene.post(body), range(16)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert len(scene.orders()) == before + 1


def test_given_a_used_number_with_other_content_then_a_fault_an_alert_and_the_first_order_stands(scene: Scene) -> None:
    values, before = order(scene), len(scene.orders())
    scene.post(submission(values))
    answer = scene.post(submission({**values, "Text": "something else"}))
    assert answer.status_code == 500
    assert fault_of(answer) == ("soap:Client", "rule.id-reused", ["rule.id-reused"])
    assert len(scene.orders()) == before + 1
    scene.bridge.watch.look()
    with scene.bridge.database.reading() as connection:
        kinds = {row[0] for row in connection.exec_driver_sql("select kind from alerts where closed_at is null")}
    assert AlertKind.IDS_REUSED.value in kinds


BAD = {
    "nonsense": (b"hello", "parser.not-well-formed"),
    "nothing": (b"", "parser.empty"),
    "a DTD": (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "parser.dtd"),
    "no SOAP": (b"<a/>", "schema.other"),
    "another request": (request("FetchOrders", {"MostOrders": 1}), "schema.other"),
    "Latin-1": ("<a>\xf3</a>".encode("latin-1"), "parser.encoding"),
}


@pytest.mark.parametrize("what", BAD)
def test_given_bad_input_then_a_clear_fault_and_the_bytes_stand_in_the_journal(scene: Scene, what: str) -> None:
    body, code = BAD[what]
    answer = scene.post(body)
    assert answer.status_code == 500
    assert fault_of(answer)[:2] == ("soap:Client", code)
    with scene.bridge.database.reading() as connection:
        raw, state, kept, channel = connection.exec_driver_sql(
            "select raw, state, code, channel from messages order by key desc limit 1"
        ).one()
    assert (bytes(raw), state, kept, channel) == (body, "refused", code, "sid")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"MeteringPointCode": "590243856287817707"}, "rule.point-check-digit"),
        ({"MeteringPointCode": OTHER_POINT}, "rule.unknown-point"),
        ({"RequestedDate": lambda: day(now() - timedelta(days=2))}, "rule.date-past"),
        ({"RequestedDate": lambda: day(now() + timedelta(days=900))}, "rule.date-horizon"),
        ({"RegisteredAt": lambda: now() + timedelta(hours=1)}, "rule.future-timestamp"),
        ({"MeterNumber": "ANOTHER"}, "rule.meter-mismatch"),
        ({"Kind": "reconnect"}, "rule.condition"),
        ({"DisconnectionKind": "nonsense"}, "schema.value"),
    ],
)
def test_given_an_order_with_a_wrong_fact_then_zeep_gets_a_fault_that_says_which_and_no_order_is_made(
    scene: Scene, changes: dict[str, Any], code: str
) -> None:
    before = len(scene.orders())
    wrong = {name: value() if callable(value) else value for name, value in changes.items()}
    answer = scene.post(submission(order(scene, **wrong)))
    assert fault_of(answer)[1] == code
    with pytest.raises(zeep.exceptions.Fault) as caught:
        scene.caller().submit(order(scene, **wrong))
    assert caught.value.code == "soap:Client"
    assert caught.value.message
    detail = caught.value.detail
    assert detail.findtext(f"{SID}SidFault/{SID}Problem/{SID}Remedy")
    assert len(scene.orders()) == before


def test_given_an_order_that_was_refused_when_it_is_corrected_then_its_number_is_not_burnt(scene: Scene) -> None:
    values = order(scene)
    assert scene.post(submission({**values, "MeterNumber": "ANOTHER"})).status_code == 500
    assert scene.post(submission(values)).status_code == 200


def test_given_a_number_that_nobody_knows_then_status_and_withdrawal_say_so(scene: Scene) -> None:
    assert fault_of(scene.post(request("OrderStatus", {"Number": "NOBODY"})))[1] == "rule.unknown-order"
    answer = scene.post(request("WithdrawOrder", {"Number": "NOBODY"}))
    assert answer.status_code == 200
    assert b">kept<" in answer.content
    assert b"has not come yet" in answer.content


def test_given_half_a_message_then_nothing_is_taken(scene: Scene) -> None:
    body, before = submission(order(scene)), len(scene.messages())
    host, port = scene.door.split("/")[2].split(":")
    with socket.create_connection((host, int(port))) as connection:
        head = f"POST /sid/soap HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body[:200])
    cut = scene.post(body[: len(body) // 2])
    assert fault_of(cut)[1] == "parser.not-well-formed"
    assert len(scene.messages()) == before + 1, "of the request that broke off nothing was promised"


@pytest.mark.parametrize("kind", ["application/json", "text/plain", ""])
def test_given_another_content_type_then_415_and_a_soap_fault(scene: Scene, kind: str) -> None:
    answer = scene.post(b"<a/>", kind)
    assert answer.status_code == 415
    assert fault_of(answer)[1] == "transport.content-type"


def test_given_a_get_without_wsdl_then_405_and_the_schema_is_served_beside_it(scene: Scene) -> None:
    with plain_http(CREDENTIALS) as client:
        assert client.get(scene.door).status_code == 405
        schema = client.get(scene.door.replace("/soap", "/sid.xsd"))
        address = client.get(f"{scene.door}?wsdl", headers={"Host": 'a"b<c'})
    assert schema.status_code == 200
    assert b"SubmitOrderRequest" in schema.content
    parse(address.content)


def test_given_the_store_fails_then_the_same_request_is_asked_for_again_and_works(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object) -> None:
        raise StoreFailure("the disk is full", "make room")

    body = submission(order(scene))
    with monkeypatch.context() as patch:
        patch.setattr(RequestReply, "_answer", fail)
        answer = scene.post(body)
        assert answer.status_code == 503
        assert fault_of(answer)[:2] == ("soap:Server", "busy")
        assert answer.headers["Retry-After"]
    assert scene.post(body).status_code == 200


def test_given_a_request_whose_process_died_before_it_was_settled_then_it_is_settled_later(scene: Scene) -> None:
    values, before = order(scene), len(scene.orders())
    with scene.bridge.database.transaction() as tx:
        keys = tx.messages.add(Channel.SID, now(), [("sid: test", submission(values), "0" * 64, Form.SOAP)])
        tx.work.add(WorkStep.SID_INTAKE, keys, now())
    wait_until(lambda: len(scene.orders()) == before + 1)
    assert scene.post(submission(values)).status_code == 200
    assert len(scene.orders()) == before + 1


def test_given_user_and_password_then_only_who_names_both_is_let_in(tmp_path: Path) -> None:
    write_private(tmp_path / "password", "zażółć gęślą\n".encode())
    sid = {"caller_user": "sid", "caller_password_file": tmp_path / "password"}
    with running(tmp_path, sid=sid) as scene:
        body, good = submission(order(scene)), ("sid", "zażółć gęślą")
        for wrong in (None, ("sid", "wrong"), ("other", "zażółć gęślą")):
            answer = scene.post(body, auth=wrong)
            assert answer.status_code == 401
            assert fault_of(answer)[1] == "transport.not-authorised"
            assert answer.headers["WWW-Authenticate"].startswith("Basic")
        with plain_http() as client:
            assert client.get(f"{scene.door}?wsdl").status_code == 401
        assert scene.messages() == [], "what a stranger sends is not kept"
        assert scene.post(body, auth=good).status_code == 200


def test_given_an_address_that_may_not_call_then_403(tmp_path: Path) -> None:
    with running(tmp_path, sid={"peers": ["10.0.0.0/8"]}) as scene:
        answer = scene.post(submission(order(scene)))
        assert (answer.status_code, fault_of(answer)[1]) == (403, "transport.not-authorised")
        assert scene.messages() == []


def test_given_too_much_or_too_often_then_413_and_429(tmp_path: Path) -> None:
    with running(tmp_path, sid={"per_minute": 2}, limits={"max_message_bytes": 5000}) as scene:
        large = scene.post(b"<a>" + b"x" * 6000 + b"</a>")
        assert (large.status_code, fault_of(large)[1]) == (413, "transport.too-large")
        assert scene.post(submission(order(scene))).status_code == 200
        often = scene.post(submission(order(scene)))
        assert (often.status_code, fault_of(often)[1]) == (429, "transport.too-often")
        assert int(often.headers["Retry-After"]) > 0


def test_given_the_door_is_not_opened_then_there_is_none(tmp_path: Path) -> None:
    with running(tmp_path, sid={"listen": False}) as scene:
        assert scene.post(b"<a/>").status_code == 404


def test_given_the_service_ends_then_open_requests_of_sid_are_answered(tmp_path: Path) -> None:
    with running(tmp_path) as scene:
        host, port = scene.door.split("/")[2].split(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=PATIENCE)
        body = submission(order(scene))
        basic = base64.b64encode(":".join(CREDENTIALS).encode()).decode()
        connection.request("POST", "/sid/soap", body, {"Content-Type": "text/xml", "Authorization": f"Basic {basic}"})
        scene.service.stop()
        assert connection.getresponse().status == 200


def test_given_an_order_for_tomorrow_then_it_waits(scene: Scene) -> None:
    number = scene.caller().submit(order(scene)).Number
    assert scene.caller().status(number).Status == "registered"
    assert {o.state for o in scene.orders()} == {OrderState.REGISTERED}
