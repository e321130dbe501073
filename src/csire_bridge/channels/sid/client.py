"""SID's five operations.

Every failure becomes one of three: ``PartnerUnreachable`` (certainly not accepted, or a call that changes nothing),
``OutcomeUnknown`` (may have been accepted: send the same again) and ``PartnerRefused`` (refused for good).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lxml import etree

from csire_bridge.channels.sid.contract import SID, Operation, local, printable, status_values
from csire_bridge.channels.sid.faults import SidFault
from csire_bridge.channels.sid.profile import SidProfile
from csire_bridge.channels.sid.responses import UnexpectedResponse, point_of, read_body
from csire_bridge.channels.sid.soap_client import EnvelopeSecurity, SidCaller
from csire_bridge.channels.transport.outbound.failures import failure_by_status
from csire_bridge.channels.transport.outbound.http_exchange import AnswerTooLarge, HttpAnswer
from csire_bridge.domain.clock import Clock
from csire_bridge.domain.errors import BridgeError, PartnerRefused, PartnerUnreachable
from csire_bridge.domain.identifiers import MeteringPointCode
from csire_bridge.domain.message.sid import Report, ReportKind, SidNumber
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.domain.order.order import Order
from csire_bridge.telemetry.logs import logger
from csire_bridge.xml.schema.catalogue import SchemaCatalogue

__all__ = ["FetchedOrder", "PickUp", "SidClient"]

_log = logger(__name__)
_OK = 200
_ORDER_BYTES = re.compile(rb"<(?P<name>(?:[A-Za-z_][\w.-]*:)?Order)(?=[\s/>]).*</(?P=name)\s*>", re.DOTALL)
_NUMBER_BYTES = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?Number\s*>\s*([^<>&\s]{1,64})\s*</")
"""Of what can't be read as XML: only to name it to SID as not taken."""
_MOST_UNREADABLE = 5


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class FetchedOrder:
    """An order as SID sent it, not validated yet; ``number`` is None if none can be found in it."""

    number: SidNumber | None
    raw: bytes


class _UnreadableOrder(Exception):
    """One order breaks its answer, and nobody knows its number; ``error`` says what is wrong with the answer."""

    def __init__(self, order: FetchedOrder, error: PartnerUnreachable) -> None:
        super().__init__(error.text)
        self.order, self.error = order, error


@dataclass(frozen=True, slots=True)
class PickUp:
    """Whether an order was accepted, and if not, why."""

    number: SidNumber
    taken: bool
    text: str | None = None


class SidClient:
    """The client of SID's web service. Safe to use from several threads; each gets its own client and connection."""

    def __init__(
        self,
        profile: SidProfile,
        catalogue: SchemaCatalogue,
        wsse: EnvelopeSecurity | None = None,
        clock: Clock = _utc_now,
    ) -> None:
        """Raises ConfigurationError when ``wsse`` and the profile's security don't go together."""
        self._profile = profile
        self._catalogue = catalogue
        self._wsse = wsse
        self._clock = clock
        self._caller = SidCaller(profile, wsse)

    def fetch(self, most: int = 50) -> list[FetchedOrder]:
        """The oldest ``most`` orders whose pick-up was not confirmed, or fewer: a broken one does not hide the others.

        Where the whole answer can't be read, or is too large, half as many are asked for. The last one that is left,
        which breaks an answer by itself, is given back as it is, so that it can be kept, refused and passed over.
        Where nobody knows its number (SID signs its answers, and this one can't be verified), it is given back without
        one, and SID is asked to leave it out. Raises PartnerUnreachable where SID can't do that, or too many
        are broken.
        """
        broken: list[FetchedOrder] = []
        while True:
            try:
                return broken + self._slice(most, len(broken))
            except _UnreadableOrder as unreadable:
                broken.append(unreadable.order)
                if len(broken) > _MOST_UNREADABLE:  # the fault is around the orders
                    raise unreadable.error from unreadable
                _log.error("sid.orders_left_out", left=len(broken))
                why = unreadable.error
            except PartnerRefused as error:
                if not broken:
                    raise
                raise PartnerUnreachable(
                    f"{why.text}; and SID does not leave it out (PassOver): {error.text}",
                    "have SID's operators correct or take back the oldest of its new orders",
                ) from error

    def _slice(self, most: int, passed_over: int) -> list[FetchedOrder]:
        """Orders behind the ``passed_over`` oldest ones; raises _UnreadableOrder for one without a number."""
        while True:
            try:
                answer = self._fetched(most, passed_over)
            except PartnerUnreachable as error:
                if isinstance(error.__cause__, AnswerTooLarge):
                    raise _UnreadableOrder(FetchedOrder(None, str(error.__cause__).encode()), error) from error
                raise
            try:
                response = None if answer is None else self._understood(Operation.FETCH, answer, judged=False)
            except PartnerUnreachable as error:
                broken = answer and self._broken_order(answer)
                if broken:
                    return [broken]
                if answer is None or answer.status != _OK or _is_readable(answer, self._profile.max_bytes):
                    raise
                if most == 1:
                    order = _ORDER_BYTES.search(answer.body)
                    raise _UnreadableOrder(FetchedOrder(None, order[0] if order else answer.body), error) from error
                response = None
            if response is not None:
                orders = [child for child in response if isinstance(child.tag, str)]
                return [FetchedOrder(_number_of(order), _own_bytes(order)) for order in orders]
            _log.error("sid.answer_unreadable", orders=most)
            most //= 2

    def _fetched(self, most: int, passed_over: int) -> HttpAnswer | None:
        """SID's answer; None for one that is too large although fewer orders can be asked for."""
        more = {"PassOver": passed_over} if passed_over else {}
        try:
            return self._caller.ask(Operation.FETCH, self._caller.write(Operation.FETCH, MostOrders=most, **more))
        except PartnerUnreachable as error:
            if most == 1 or not isinstance(error.__cause__, AnswerTooLarge):
                raise
            return None

    def _broken_order(self, answer: HttpAnswer) -> FetchedOrder | None:
        """The one order of an answer that can be read without it, and not with it; None where that is not so.

        Not where SID signs its answers: nobody knows then whose words they are.
        """
        order = _ORDER_BYTES.search(answer.body)
        numbers = set(_NUMBER_BYTES.findall(order[0])) if order else set()
        if order is None or len(numbers) != 1 or answer.status != _OK or self._wsse is not None:
            return None
        try:
            rest = read_body(answer.body[: order.start()] + answer.body[order.end() :], self._profile.max_bytes)
            number = SidNumber.parse(numbers.pop().decode())
        except (UnexpectedResponse, ValueError):
            return None
        if isinstance(rest, SidFault) or rest.tag != f"{SID}{Operation.FETCH}Response" or len(rest):
            return None
        _log.error("sid.order_unreadable", number=number)
        return FetchedOrder(number, order[0])

    def confirm(self, pick_ups: Sequence[PickUp]) -> None:
        """Tell SID which orders were accepted and which were refused; may be repeated."""
        told = [{"Number": p.number, "Taken": p.taken, "Text": printable(p.text) if p.text else None} for p in pick_ups]
        self._ask(Operation.CONFIRM, self._caller.write(Operation.CONFIRM, PickUp=told))

    def write(self, report: Report, order: Order) -> bytes:
        """The bytes of a report, sent unchanged at every attempt."""
        if report.kind is ReportKind.STATUS:
            status = {name: value for name, value in status_values(report).items() if value is not None}
            return self._caller.write(Operation.REPORT, ReportId=report.report_id, OrderStatus=status)
        facts: dict[str, Any] = {
            "ReportId": report.report_id,
            "Number": report.number,
            "Kind": order.kind.value,
            "MeteringPointCode": order.metering_point,
            "MeterNumber": report.meter,
            "RegisteredAt": local(report.registered_at),
            "Text": printable(report.text or order.detail or "people on site are needed"),
        }
        told = {name: value for name, value in facts.items() if value is not None}
        return self._caller.write(Operation.HAND_OVER, **told)

    def deliver(self, report: Report) -> bytes:
        """Send a written report to SID; return SID's whole answer. SID recognises a repeated report."""
        if report.document is None:
            raise ValueError(f"report {report.report_id} was not written yet")
        operation = Operation.REPORT if report.kind is ReportKind.STATUS else Operation.HAND_OVER
        answer = self._caller.ask(operation, report.document)
        response = self._understood(operation, answer)
        if (response.findtext(f"{SID}ReportId") or "").lower() != report.report_id:
            raise self._strange(operation, answer, UnexpectedResponse("it is the answer to another report"))
        return answer.body

    def look_up(self, code: MeteringPointCode) -> MeteringPoint | None:
        """What SID knows of a metering point; None if it does not know the point."""
        answer = self._caller.ask(Operation.LOOK_UP, self._caller.write(Operation.LOOK_UP, MeteringPointCode=code))
        response = self._understood(Operation.LOOK_UP, answer)
        try:
            return point_of(response, code)
        except UnexpectedResponse as error:
            raise self._strange(Operation.LOOK_UP, answer, error) from error

    def close(self) -> None:
        """Close the connections of all threads."""
        self._caller.close()

    def _ask(self, operation: Operation, body: bytes, *, judged: bool = True) -> etree._Element:
        return self._understood(operation, self._caller.ask(operation, body), judged=judged)

    def _understood(self, operation: Operation, answer: HttpAnswer, *, judged: bool = True) -> etree._Element:
        """The response, which its schema has accepted if it is ``judged``."""
        try:
            response = read_body(answer.body, self._profile.max_bytes, self._wsse)
            if isinstance(response, SidFault):
                raise response.error(operation)
            self._check(operation, answer, response, judged)
        except UnexpectedResponse as error:
            raise self._strange(operation, answer, error) from error
        return response

    def _check(self, operation: Operation, answer: HttpAnswer, response: etree._Element, judged: bool) -> None:
        if answer.status != 200 or response.tag != f"{SID}{operation}Response":
            raise UnexpectedResponse(f"it holds {etree.QName(response).localname[:40]!r}")
        if judged and not self._catalogue.decide(response):
            raise UnexpectedResponse(f"it breaks the contract: {self._catalogue.explain(response)[0]}")

    def _strange(self, operation: Operation, answer: HttpAnswer, why: UnexpectedResponse) -> BridgeError:
        return failure_by_status(
            operation,
            answer.status,
            answer.headers.get("retry-after"),
            f"{why}; it says: {answer.excerpt}",
            self._clock(),
            whose="SID",
            harmless=operation.harmless,
        )


def _is_readable(answer: HttpAnswer, max_bytes: int) -> bool:
    try:
        read_body(answer.body, max_bytes)
    except UnexpectedResponse:
        return False
    return True


def _number_of(order: etree._Element) -> SidNumber | None:
    try:
        return SidNumber.parse((order.findtext(f"{SID}Number") or "").strip())
    except ValueError:
        return None


def _own_bytes(order: etree._Element) -> bytes:
    """The bytes of one order, the same each time that SID sends it."""
    return etree.tostring(order, method="c14n", exclusive=True, with_tail=False)
