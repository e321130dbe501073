"""Requests in the order of elements that the dialect wants."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from lxml import etree

from csire_bridge.channels.hes.client import HeadEndConnector, HeadEndProfile
from csire_bridge.channels.hes.connection_pool import HeadEndTransport
from csire_bridge.channels.hes.dialect.loader import shipped
from csire_bridge.domain.identifiers import CorrelationId, MeterNumber
from csire_bridge.domain.meter.contactor import ContactorAction, ContactorCommand

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
COMMAND = ContactorCommand(
    CorrelationId.new(), MeterNumber("M-1"), ContactorAction.DISCONNECT, NOW, NOW, "7", "unpaid & <late>"
)
HEADER = "Verb Noun Timestamp Source AsyncReplyFlag ReplyAddress AckRequired User MessageID CorrelationID"
CONTROL = "mRID issuerID issuerTrackingID reason"
PUBLISHED = {
    "Header": HEADER.replace("Noun", "Noun Revision").split(),
    "EndDeviceControl": f"{CONTROL} EndDeviceControlType EndDevices primaryDeviceTiming".split(),
    "interval": ["end", "start"],
}
OURS = {
    "Header": HEADER.split(),
    "EndDeviceControl": f"{CONTROL} primaryDeviceTiming EndDeviceControlType EndDevices".split(),
    "interval": ["start", "end"],
}


@pytest.mark.parametrize(("dialect", "order"), [("iec-61968-9-2011", PUBLISHED), ("csire-bridge", OURS)])
def test_given_a_dialect_then_a_command_has_its_order_of_elements_and_the_same_values(
    monkeypatch: pytest.MonkeyPatch, dialect: str, order: dict[str, list[str]]
) -> None:
    sent: list[bytes] = []

    def keep(self: HeadEndTransport, verb: str, message: dict[str, object]) -> bytes:
        sent.append(self._writer.write(verb, message).body)
        return (
            b'<ResponseMessage xmlns="http://iec.ch/TC57/2011/schema/message"><Header><Verb>reply</Verb><Noun>x</Noun>'
            b"<CorrelationID>%b</CorrelationID></Header><Reply><Result>OK</Result></Reply></ResponseMessage>"
            % COMMAND.correlation_id.encode()
        )

    monkeypatch.setattr(HeadEndTransport, "request", keep)
    profile = HeadEndProfile("http://127.0.0.1/hes", "http://127.0.0.1/e", username="u", dialect=shipped(dialect))
    HeadEndConnector(profile).submit(COMMAND)
    root = etree.fromstring(sent[0])
    for parent, children in order.items():
        (found,) = root.iter(f"{{*}}{parent}")
        assert [etree.QName(child).localname for child in found] == children
    assert root.findtext(".//{*}reason") == "unpaid & <late>"
    assert root.findtext(".//{*}Revision") == ("2.0" if order is PUBLISHED else None)
