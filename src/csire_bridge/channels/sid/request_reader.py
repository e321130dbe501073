"""Reads messages of SID strictly: first the schema, then the business rules; every problem is reported."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TypeVar

from lxml import etree

from csire_bridge.channels.sid.contract import SID, Asked
from csire_bridge.domain.bounds import out_of_bounds
from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.errors import NotValid, Problem, ProblemCode, RuleBroken
from csire_bridge.domain.identifiers import Eic, MeteringPointCode, MeterNumber, ProcessInstanceId
from csire_bridge.domain.message.envelope_rules import Limits
from csire_bridge.domain.message.message import OrderRequest
from csire_bridge.domain.message.sid import SidNumber, SidQuestion, SidReading, SidRequest, SidWithdrawal
from csire_bridge.domain.order.order import DisconnectionKind, OrderKind, ReconnectionReason
from csire_bridge.domain.protection import read_protection
from csire_bridge.xml.parser import parse
from csire_bridge.xml.schema.catalogue import SchemaCatalogue
from csire_bridge.xml.schema.lexical import SPACE, parse_boolean, parse_date, parse_decimal, parse_moment
from csire_bridge.xml.security.ws_security.soap_envelope import body_of
from csire_bridge.xml.soap import check_headers, version_of

__all__ = ["SidReader"]

_T = TypeVar("_T")
_ORDER = f"{SID}Order"
_AGREEMENTS = (OrderKind.AGREEMENT_START, OrderKind.AGREEMENT_END)


class SidReader:
    """Reads messages of SID. Safe to use from several threads."""

    def __init__(self, catalogue: SchemaCatalogue, limits: Limits, max_bytes: int) -> None:
        self._catalogue = catalogue
        self._limits = limits
        self._max_bytes = max_bytes

    def read(self, raw: bytes, received_at: datetime) -> SidReading:
        """The request, in an envelope or as a bare order; raises Unreadable, NotValid or RuleBroken."""
        root = parse(raw, self._max_bytes)
        message = root if root.tag == _ORDER else _asked(root)
        if not self._catalogue.decide(message):
            raise NotValid(self._catalogue.explain(message))
        name = etree.QName(message).localname
        if name == f"{Asked.STATUS}Request":
            return SidQuestion(_number(message))
        if name == f"{Asked.WITHDRAW}Request":
            return SidWithdrawal(_number(message), message.findtext(f"{SID}Text"))
        order = message if message.tag == _ORDER else message[0]
        return self._order(order, received_at)

    def _order(self, order: etree._Element, now: datetime) -> SidRequest:
        found = _Facts(order)
        disconnection, reconnection = found.text("DisconnectionKind"), found.text("ReconnectionReason")
        registered_at = found.value("RegisteredAt", parse_moment, ProblemCode.VALUE)
        point = found.value("MeteringPointCode", MeteringPointCode.parse, ProblemCode.POINT_CHECK_DIGIT)
        request = {
            "kind": OrderKind(found.text("Kind") or ""),
            "process_instance": found.value("ProcessInstanceId", ProcessInstanceId.parse, ProblemCode.VALUE),
            "disconnection_kind": DisconnectionKind(disconnection) if disconnection else None,
            "reconnection_reason": ReconnectionReason(reconnection) if reconnection else None,
            "requested_date": found.value("RequestedDate", parse_date, ProblemCode.VALUE),
            "effective_date": found.value("EffectiveDate", parse_date, ProblemCode.VALUE),
            "supplier": found.value("Supplier", Eic.parse, ProblemCode.EIC_CHECK_CHARACTER),
            "description": found.text("Text"),
            "tariff_group": found.text("TariffGroup"),
            "contracted_power": found.value("ContractedPower", parse_decimal, ProblemCode.VALUE),
            "prepaid": found.value("Prepaid", parse_boolean, ProblemCode.VALUE),
            "end_reason": found.text("EndReason"),
        }
        meter = found.value("MeterNumber", MeterNumber.parse, ProblemCode.VALUE)
        until = found.text("ProtectedUntil")
        protection = found.value("ProtectedKind", lambda kind: read_protection(kind, until), ProblemCode.VALUE)
        if point is None or registered_at is None or found.problems:
            raise RuleBroken(found.problems)
        asked = OrderRequest(metering_point=point, **request)  # type: ignore[arg-type]
        problems = [*_incomplete(asked), *self._dates(asked, registered_at, now)]
        if until is not None and protection is None:
            problems.append(
                _problem(ProblemCode.VALUE, "ProtectedUntil stands without ProtectedKind", "ProtectedUntil")
            )
        problems += [_problem(ProblemCode.VALUE, text, name) for name, text in out_of_bounds(asked)]
        if problems:
            raise RuleBroken(problems)
        return SidRequest(_number(order), registered_at, asked, meter, protection)

    def _dates(self, asked: OrderRequest, registered_at: datetime, now: datetime) -> Iterator[Problem]:
        """Check dates: registered neither in the future nor too long ago, for a day not before it and not far ahead."""
        if registered_at > now + self._limits.clock_skew:
            yield _problem(
                ProblemCode.FUTURE_TIMESTAMP,
                f"the moment of registration {registered_at.isoformat()} lies in the future",
                "RegisteredAt",
            )
        if registered_at < now - self._limits.horizon:
            yield _problem(
                ProblemCode.STALE_TIMESTAMP,
                f"the moment of registration {registered_at.isoformat()} lies too far back",
                "RegisteredAt",
            )
        registered_on = registered_at.astimezone(WARSAW).date()
        last = (now + self._limits.horizon).astimezone(WARSAW).date()
        if asked.requested_date is not None and asked.requested_date < registered_on:
            text = f"the requested date {asked.requested_date} lies before the registration on {registered_on}"
            yield _problem(ProblemCode.DATE_PAST, text, "RequestedDate")
        for name, day in (("RequestedDate", asked.requested_date), ("EffectiveDate", asked.effective_date)):
            if day is not None and day > last:
                text = f"the date {day} lies beyond {last}, the last day for which orders are taken"
                yield _problem(ProblemCode.DATE_HORIZON, text, name)


class _Facts:
    """Reads an order's child elements; invalid values are collected in ``problems``."""

    def __init__(self, order: etree._Element) -> None:
        self._order = order
        self.problems: list[Problem] = []

    def text(self, name: str) -> str | None:
        return (self._order.findtext(SID + name) or "").strip(SPACE) or None

    def value(self, name: str, read: Callable[[str], _T], code: ProblemCode) -> _T | None:
        text = self.text(name)
        if text is None:
            return None
        try:
            return read(text)
        except ValueError as error:
            self.problems.append(_problem(code, str(error), name))
            return None


def _asked(root: etree._Element) -> etree._Element:
    """The one request in a SOAP envelope of either version."""
    version = version_of(root)
    if version is None:
        raise _wrong(f"{etree.QName(root).localname[:40]!r} is no SOAP envelope", "send SOAP 1.1 by the WSDL")
    check_headers(root, version)
    body = [child for child in body_of(root) if isinstance(child.tag, str)]
    if len(body) != 1 or body[0].tag not in {f"{SID}{asked}Request" for asked in Asked}:
        known = ", ".join(f"{asked}Request" for asked in Asked)
        raise _wrong(f"the SOAP Body does not hold exactly one of {known}", "send one request of the WSDL")
    return body[0]


def _incomplete(asked: OrderRequest) -> Iterator[Problem]:
    """Problems for missing fields that an order of this kind must have."""
    if asked.kind is OrderKind.DISCONNECT and asked.disconnection_kind is None:
        yield _needed("a disconnection", "DisconnectionKind")
    if asked.kind is OrderKind.RECONNECT and asked.reconnection_reason is None:
        yield _needed("a reconnection", "ReconnectionReason")
    if asked.kind in (*_AGREEMENTS, OrderKind.PARAMETRISATION) and asked.effective_date is None:
        yield _needed(f"an order of the kind {asked.kind}", "EffectiveDate")
    if asked.kind is OrderKind.PARAMETRISATION and asked.tariff_group is None and asked.contracted_power is None:
        yield _needed("a parametrisation", "TariffGroup or ContractedPower")


def _needed(what: str, name: str) -> Problem:
    return Problem(ProblemCode.CONDITION, f"{what} needs {name}", f"add {name}", path=f"Order/{name}")


def _problem(code: ProblemCode, text: str, name: str) -> Problem:
    return Problem(code, text, f"correct {name}", path=f"Order/{name}")


def _wrong(text: str, remedy: str) -> NotValid:
    return NotValid([Problem(ProblemCode.OTHER_SCHEMA, text, remedy)])


def _number(parent: etree._Element) -> SidNumber:
    return SidNumber((parent.findtext(f"{SID}Number") or "").strip(SPACE))
