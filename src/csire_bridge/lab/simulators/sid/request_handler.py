"""The state of the simulated SID: its orders, the reports that it got, and the points that it knows."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lxml import etree

from csire_bridge.channels.sid.contract import SID, Operation, element

__all__ = ["FieldWorkOrder", "ReceivedReport", "Refused", "RequestHandler"]


class Refused(Exception):
    """SID does not do it: the code of a SidFault, and why."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code, self.text = code, text


@dataclass(frozen=True, slots=True)
class ReceivedReport:
    """A report of status, as it came first. ``facts`` are the texts of its elements by name."""

    report_id: str
    number: str
    sequence: int
    status: str
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FieldWorkOrder:
    """Field work that was handed over, and SID's number of it."""

    report_id: str
    number: str
    facts: Mapping[str, str]


class RequestHandler:
    """Safe to use from several threads. ``name`` gives a fresh name each time."""

    def __init__(self, name: Callable[[], str]) -> None:
        self._name = name
        self._lock = threading.Lock()
        self.waiting: dict[str, etree._Element] = {}
        self.picked_up: dict[str, str | None] = {}
        self.told: list[ReceivedReport] = []
        self.field_work: list[FieldWorkOrder] = []
        self.points: dict[str, Mapping[str, Any]] = {}

    def register(self, order: etree._Element, number: str) -> None:
        """Put an order where it waits to be fetched."""
        with self._lock:
            self.waiting[number] = order

    def serve(self, operation: Operation, request: etree._Element) -> etree._Element:
        """Do what a valid request asks; raise Refused."""
        with self._lock:
            match operation:
                case Operation.FETCH:
                    return self._fetch(int(_text(request, "MostOrders")), int(_text(request, "PassOver") or 0))
                case Operation.CONFIRM:
                    return self._confirm(request)
                case Operation.REPORT:
                    return self._report(request)
                case Operation.HAND_OVER:
                    return self._hand_over(request)
                case Operation.LOOK_UP:
                    return self._look_up(_text(request, "MeteringPointCode"))

    def status_of(self, number: str) -> str | None:
        """The newest status that SID was told of an order."""
        about = [told for told in self.told if told.number == number]
        return max(about, key=lambda told: told.sequence).status if about else None

    def _fetch(self, most: int, passed_over: int) -> etree._Element:
        response = element("FetchOrdersResponse", {})
        for order in list(self.waiting.values())[passed_over : passed_over + most]:
            response.append(etree.fromstring(etree.tostring(order)))
        return response

    def _confirm(self, request: etree._Element) -> etree._Element:
        for pick_up in request:
            number = _text(pick_up, "Number")
            if number not in self.waiting and number not in self.picked_up:
                raise Refused("unknown-order", f"no order {number} waits here")
            self.waiting.pop(number, None)
            taken = _text(pick_up, "Taken") in ("true", "1")
            self.picked_up[number] = None if taken else pick_up.findtext(f"{SID}Text") or "no reason given"
        return element("ConfirmPickUpResponse", {})

    def _report(self, request: etree._Element) -> etree._Element:
        report_id = _text(request, "ReportId")
        status = request.find(f"{SID}OrderStatus")
        if status is None:
            raise Refused("invalid", "a report without a status")
        if all(told.report_id != report_id for told in self.told):
            facts = _facts(status)
            told = ReceivedReport(report_id, facts["Number"], int(facts["Sequence"]), facts["Status"], facts)
            self.told.append(told)
        return element("ReportStatusResponse", {"ReportId": report_id})

    def _hand_over(self, request: etree._Element) -> etree._Element:
        facts = _facts(request)
        known = next((work for work in self.field_work if work.report_id == facts["ReportId"]), None)
        if known is None:
            known = FieldWorkOrder(facts["ReportId"], f"FW-{self._name()[:12]}", facts)
            self.field_work.append(known)
        answer = {"ReportId": known.report_id, "FieldWorkNumber": known.number}
        return element("HandOverFieldWorkResponse", answer)

    def _look_up(self, code: str) -> etree._Element:
        facts = self.points.get(code)
        return element("LookUpPointResponse", {"Point": {"MeteringPointCode": code, **facts} if facts else None})


def _text(parent: etree._Element, name: str) -> str:
    return (parent.findtext(SID + name) or "").strip()


def _facts(parent: etree._Element) -> dict[str, str]:
    return {etree.QName(child).localname: child.text or "" for child in parent if isinstance(child.tag, str)}
