"""Answers of our endpoint to SID: responses of the contract, and faults that say what is wrong; all in SOAP 1.1.

They are stored like that; the endpoint brings them into the version of SOAP of the request.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lxml import etree

from csire_bridge.channels.sid.contract import Asked, element, in_envelope, local, printable, status_values
from csire_bridge.channels.sid.request_reader import SidReader
from csire_bridge.domain.errors import Problem
from csire_bridge.domain.message.sid import Report, SidNumber, SidOrder, WithdrawalResult
from csire_bridge.xml.soap import Blame, Fault, Soap, fault_body, serialised

__all__ = ["SidResponseWriter", "client_fault", "server_fault"]


class SidResponseWriter(SidReader):
    """Reads SID's requests to our endpoint, and writes its answers."""

    def taken(self, known: SidOrder) -> bytes:
        """The order was accepted; always the same answer for the same number."""
        return _response(Asked.SUBMIT, {"Number": known.number, "TakenAt": local(known.taken_at)})

    def standing(self, report: Report) -> bytes:
        """The state of an order."""
        return _response(Asked.STATUS, {"OrderStatus": status_values(report)})

    def withdrawal(self, number: SidNumber, result: WithdrawalResult, text: str | None) -> bytes:
        """The result of a withdrawal."""
        values = {"Number": number, "Result": result.value, "Text": printable(text) if text else None}
        return _response(Asked.WITHDRAW, values)

    def refused(self, problems: Sequence[Problem]) -> bytes:
        """A fault with everything that is wrong."""
        return client_fault(problems[0].code, "; ".join(p.text for p in problems), problems)


def _response(asked: Asked, values: dict[str, Any]) -> bytes:
    return in_envelope(etree.tostring(element(f"{asked}Response", values)))


def client_fault(code: str, text: str, problems: Sequence[Problem] = ()) -> bytes:
    """A fault because of the request: sending it again does not help, unless the problem is our own failure."""
    return _fault(Blame.of(problems[0].code) if problems else Blame.CLIENT, code, text, problems)


def server_fault(code: str, text: str) -> bytes:
    """A fault of ours: we can't answer now, and the same request may be sent again."""
    return _fault(Blame.SERVER, code, text, ())


def _fault(blame: Blame, code: str, text: str, problems: Sequence[Problem]) -> bytes:
    told = [
        {
            "Code": problem.code.value,
            "Text": printable(problem.text),
            "Remedy": printable(problem.remedy),
            "Line": problem.line,
            "Path": printable(problem.path) if problem.path else None,
        }
        for problem in problems
    ]
    detail = element("SidFault", {"Code": str(code), "Text": printable(text), "Problem": told})
    return serialised(fault_body(Soap.V11, Fault(blame, printable(text), detail)))
