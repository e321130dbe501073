"""What a fault of the hub means for what we asked; a table, not code.

Source: fault codes of the Finnish Datahub, which runs the same product. Other codes are configuration.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from csire_bridge.channels.transport.outbound.failures import Later, failure_by_status
from csire_bridge.domain.errors import BridgeError, OutcomeUnknown, PartnerRefused, PartnerUnreachable

__all__ = ["FAULTS", "FaultRule", "HubFault", "Meaning", "Operation", "failure_of_status"]


class Operation(StrEnum):
    """The contract's operations, under their names in the WSDL, which are their SOAP actions too."""

    SEND = "sendMessage"
    PROCESS = "processMessage"
    PEEK = "peekMessage"
    DEQUEUE = "dequeueMessage"

    @property
    def takes_document(self) -> bool:
        """Whether it carries a business document to the hub."""
        return self in (Operation.SEND, Operation.PROCESS)


class Meaning(StrEnum):
    """What follows from a fault. Every repetition carries the same id and the same bytes."""

    RETRY = "retry"
    RETRY_SLOWLY = "retry-slowly"
    OUTCOME_UNKNOWN = "outcome-unknown"
    ID_KNOWN = "id-known"
    REFERENCE_GONE = "reference-gone"
    FOR_GOOD = "for-good"


@dataclass(frozen=True, slots=True)
class FaultRule:
    """One line of the table: the meaning, in words, and what a person can do."""

    meaning: Meaning
    text: str
    remedy: str


_FOR_GOOD, _AGAIN = Meaning.FOR_GOOD, "it is tried again by itself, with the same bytes"

FAULTS: Mapping[str, FaultRule] = MappingProxyType(
    {
        "MHB.MHD.000": FaultRule(Meaning.RETRY, "unspecified error", _AGAIN),
        "MHB.MHD.001": FaultRule(_FOR_GOOD, "the hub's validation refused it", "compare the schemas with the hub's"),
        "MHB.MHD.002": FaultRule(Meaning.RETRY_SLOWLY, "the hub is not set up for it", "ask the hub's operator"),
        "MHB.MHD.003": FaultRule(
            _FOR_GOOD, "we have no right to do this", "have the right given by the hub's operator"
        ),
        "MHB.MHD.004": FaultRule(
            _FOR_GOOD, "the hub does not recognise it", "check the kind of message and its parties"
        ),
        "MHB.MHD.005": FaultRule(Meaning.OUTCOME_UNKNOWN, "the hub's back end did not answer in time", _AGAIN),
        "MHB.MHD.006": FaultRule(Meaning.ID_KNOWN, "the id was used before", "find out who used the id"),
        "MHB.MHD.007": FaultRule(Meaning.REFERENCE_GONE, "the hub does not know the reference", "look at the queue"),
        "MHB.MHD.008": FaultRule(_FOR_GOOD, "the hub calls the content insecure", "look at what was sent"),
        "MHB.MHD.009": FaultRule(_FOR_GOOD, "we may not act for this organisation", "check organisation and user"),
        "MHB.MHD.010": FaultRule(_FOR_GOOD, "wrong address", "check the hub's url, tenant and our recipient"),
        "MHB.MHD.011": FaultRule(_FOR_GOOD, "the hub does not know this function", "compare the WSDL with the hub's"),
    }
)
_UNLISTED = FaultRule(_FOR_GOOD, "a code that we do not know", "ask the hub's operator, and add it to the fault table")
_NO_CODE = FaultRule(_FOR_GOOD, "a fault without the hub's code blames the request", "look at the gateway's log")
_NO_CODE_THEIRS = FaultRule(Meaning.OUTCOME_UNKNOWN, "a fault without the hub's code blames the hub", _AGAIN)
_THEIR_SIDE = frozenset({"Receiver", "Server"})
_DUE_OPERATIONS: Mapping[Meaning, frozenset[Operation]] = MappingProxyType(
    {
        Meaning.ID_KNOWN: frozenset({Operation.SEND, Operation.PROCESS}),
        Meaning.REFERENCE_GONE: frozenset({Operation.DEQUEUE}),
    }
)


@dataclass(frozen=True, slots=True)
class HubFault:
    """A SOAP fault as received: the hub's ``code`` ("" if there was none) and the SOAP code's local name."""

    code: str
    text: str
    soap_code: str = ""

    def rule(self, table: Mapping[str, FaultRule] = FAULTS) -> FaultRule:
        """The line of the table that applies."""
        if not self.code:
            return _NO_CODE_THEIRS if self.soap_code in _THEIR_SIDE else _NO_CODE
        return table.get(self.code, _UNLISTED)

    def meaning(self, operation: Operation, table: Mapping[str, FaultRule] = FAULTS) -> Meaning:
        """The meaning for ``operation``: "known id" and "reference is gone" apply to some operations only."""
        meaning = self.rule(table).meaning
        return meaning if operation in _DUE_OPERATIONS.get(meaning, frozenset(Operation)) else Meaning.FOR_GOOD

    def error(self, operation: Operation, table: Mapping[str, FaultRule], slow_retry: timedelta) -> BridgeError:
        """The error to raise for it; the client handles known ids and gone references before."""
        rule, meaning = self.rule(table), self.meaning(operation, table)
        code = self.code or self.soap_code or "fault"
        said = f", it said: {self.text}" if self.text else ""
        text = f"the hub answered {operation} with {code}: {rule.text}{said}"
        if meaning is Meaning.RETRY_SLOWLY:
            return Later(text, rule.remedy, slow_retry)
        if meaning is Meaning.RETRY or (meaning is Meaning.OUTCOME_UNKNOWN and operation is Operation.PEEK):
            return PartnerUnreachable(text, rule.remedy)
        if meaning is Meaning.OUTCOME_UNKNOWN:
            return OutcomeUnknown(text, rule.remedy)
        return PartnerRefused(code, text, rule.remedy)


def failure_of_status(
    operation: Operation, status: int, retry_header: str | None, why: str, now: datetime
) -> BridgeError:
    """The error for an answer that is not the hub's own: its HTTP ``status`` says whether the request arrived."""
    harmless = operation is Operation.PEEK
    return failure_by_status(operation, status, retry_header, why, now, whose="the hub", harmless=harmless)
