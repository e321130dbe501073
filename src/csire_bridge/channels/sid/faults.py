"""What a fault of SID means for our call; a table, not code. The codes are defined by our own contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from csire_bridge.channels.sid.contract import Operation
from csire_bridge.domain.errors import BridgeError, OutcomeUnknown, PartnerRefused, PartnerUnreachable

__all__ = ["FAULTS", "Meaning", "SidFault"]

_AGAIN = "it is tried again by itself, with the same content"


class Meaning(StrEnum):
    """What follows from a fault."""

    RETRY = "retry"
    FOR_GOOD = "for-good"


FAULTS: Mapping[str, tuple[Meaning, str]] = MappingProxyType(
    {
        "busy": (Meaning.RETRY, _AGAIN),
        "not-authorised": (Meaning.RETRY, "check user, password and certificate of SID"),
        "invalid": (Meaning.FOR_GOOD, "compare the contract with SID's"),
        "unknown-order": (Meaning.FOR_GOOD, "ask SID's operators what became of the order"),
        "unknown-point": (Meaning.FOR_GOOD, "have the metering point entered in SID"),
    }
)
_UNLISTED = (Meaning.FOR_GOOD, "ask SID's operators, and add the code to the fault table")


@dataclass(frozen=True, slots=True)
class SidFault:
    """A SOAP fault as received: the contract's ``code`` ("" if there was none), and the SOAP code's local name."""

    code: str
    text: str
    soap_code: str = ""

    def error(self, operation: Operation) -> BridgeError:
        """The error to raise for it. After a fault without a code of the contract the outcome is unknown."""
        said = f", it said: {self.text}" if self.text else ""
        text = f"SID answered {operation} with {self.code or self.soap_code or 'a fault'}{said}"
        if not self.code:
            return PartnerUnreachable(text, _AGAIN) if operation.harmless else OutcomeUnknown(text, _AGAIN)
        meaning, remedy = FAULTS.get(self.code, _UNLISTED)
        if meaning is Meaning.RETRY:
            return PartnerUnreachable(text, remedy)
        return PartnerRefused(self.code, text, remedy)
