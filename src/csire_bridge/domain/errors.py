"""Every error of the bridge, as one tree.

    BridgeError
    ├── PartnerFault              the message is wrong: refused, its sender told, never retried
    │   ├── Unreadable            it is no XML, or XML that our parser refuses
    │   ├── NotTrusted            the signature, or who signed, is wrong
    │   ├── NotValid              it breaks the schema
    │   └── RuleBroken            it breaks a business rule beyond the schema
    ├── TransientFailure          it may work later: tried again
    │   ├── HeadEndUnreachable    the head-end system took nothing
    │   └── PartnerUnreachable    nothing reached the partner
    ├── OutcomeUnknown            it may or may not have happened: asked about, never repeated blindly
    │   └── HeadEndBusy           the head-end system said that it can't take it now, which proves nothing
    ├── PermanentFailure          it will not change by itself: parked, a person is told
    │   ├── HeadEndRefused        the head-end system said no, for good
    │   └── PartnerRefused        the partner said no, for good
    ├── ActionRefused             an operator action is not possible in the present state
    └── OurFault                  the bridge or its surroundings are wrong
        ├── ConfigurationError    settings, schemas or mapping files
        ├── StoreFailure          disk full, read-only, broken database
        └── StaleWrite            somebody else changed the row first

A person never sees a traceback: each error has a sentence that says what happened, and a remedy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

__all__ = [
    "ActionRefused",
    "BridgeError",
    "ConfigurationError",
    "HeadEndBusy",
    "HeadEndRefused",
    "HeadEndScope",
    "HeadEndUnreachable",
    "NotTrusted",
    "NotValid",
    "OurFault",
    "OutcomeUnknown",
    "PartnerFault",
    "PartnerRefused",
    "PartnerUnreachable",
    "PermanentFailure",
    "Problem",
    "ProblemCode",
    "RuleBroken",
    "StaleWrite",
    "StoreFailure",
    "TransientFailure",
    "Unreadable",
]


class ProblemCode(StrEnum):
    """What can be wrong with a message; the part before the dot names the step that found it."""

    EMPTY = "parser.empty"
    TOO_LARGE = "parser.too-large"
    ENCODING = "parser.encoding"
    DTD = "parser.dtd"
    NOT_WELL_FORMED = "parser.not-well-formed"

    UNSIGNED = "trust.unsigned"
    BAD_SIGNATURE = "trust.bad-signature"
    WRAPPED = "trust.wrapped"
    ALGORITHM = "trust.algorithm"
    UNKNOWN_SIGNER = "trust.unknown-signer"
    WRONG_SIGNER = "trust.wrong-signer"
    CERTIFICATE_EXPIRED = "trust.certificate-expired"
    REVOKED = "trust.revoked"
    TIMESTAMP = "trust.timestamp"
    PROFILE = "trust.profile"
    NUMBER_NOT_ALLOWED = "trust.number-not-allowed"

    UNKNOWN_MESSAGE = "schema.unknown-message"
    MISSING = "schema.missing"
    UNEXPECTED = "schema.unexpected"
    VALUE = "schema.value"
    OTHER_SCHEMA = "schema.other"
    SOAP_VERSION = "schema.soap-version"
    NOT_UNDERSTOOD = "schema.not-understood"

    POINT_CHECK_DIGIT = "rule.point-check-digit"
    EIC_CHECK_CHARACTER = "rule.eic-check-character"
    WRONG_RECIPIENT = "rule.wrong-recipient"
    FUTURE_TIMESTAMP = "rule.future-timestamp"
    STALE_TIMESTAMP = "rule.stale-timestamp"
    NUMBER_MISMATCH = "rule.number-mismatch"
    AGENCY = "rule.agency"
    WRONG_DIRECTION = "rule.wrong-direction"
    ID_REUSED = "rule.id-reused"
    PROCESS_ANSWERED = "rule.process-answered"
    PROCESS_REUSED = "rule.process-reused"
    RESULT_SENDER = "rule.result-sender"
    RESULT_MISMATCH = "rule.result-mismatch"
    DATE_HORIZON = "rule.date-horizon"
    DATE_PAST = "rule.date-past"
    UNKNOWN_POINT = "rule.unknown-point"
    METER_MISMATCH = "rule.meter-mismatch"
    UNKNOWN_ORDER = "rule.unknown-order"
    CONDITION = "rule.condition"

    BRIDGE_FAILED = "bridge.failed"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a message: what, where, and what its sender can do.

    ``line`` is the line in the bytes as received (from 1), ``path`` the place in the document.
    """

    code: ProblemCode
    text: str
    remedy: str
    line: int | None = None
    path: str | None = None

    def __str__(self) -> str:
        place = " ".join(p for p in (f"line {self.line}" if self.line else "", self.path or "") if p)
        return f"{self.code}: {self.text}" + (f" [{place}]" if place else "") + f" -> {self.remedy}"


class BridgeError(Exception):
    """Root of the tree. ``remedy`` is what a person can do about it."""

    def __init__(self, text: str, remedy: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.text} -> {self.remedy}" if self.remedy else self.text


class PartnerFault(BridgeError):
    """The message is wrong; ``problems`` lists everything that was found, at least one."""

    signer: str | None = None
    """The EIC code of the message's signer, if proven."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        if not problems:
            raise ValueError("a partner's fault needs at least one problem")
        super().__init__("; ".join(str(p) for p in problems))
        self.problems = tuple(problems)

    @property
    def code(self) -> ProblemCode:
        """The code of the first problem, by which the message is filed."""
        return self.problems[0].code


class Unreadable(PartnerFault):
    """Not XML of the kind that we read: encoding, DTD, size, well-formedness."""


class NotTrusted(PartnerFault):
    """The signature is missing or wrong, or does not belong to the sender."""


class NotValid(PartnerFault):
    """The document breaks the schema of its namespace."""


class RuleBroken(PartnerFault):
    """The document breaks a business rule beyond the schema."""


class TransientFailure(BridgeError):
    """It may work later. ``wait`` is the shortest pause before the next try, if the partner named one."""

    wait: timedelta | None = None


class HeadEndScope(StrEnum):
    """What can't be reached: the head-end system itself, or only this meter."""

    SYSTEM = "system"
    METER = "meter"


class HeadEndUnreachable(TransientFailure):
    """Certain: the head-end system did not get the request, or did not accept it.

    ``scope`` distinguishes a system that is down, which stops everything, from a meter that can't be reached now.
    """

    def __init__(self, text: str, remedy: str = "", scope: HeadEndScope = HeadEndScope.SYSTEM) -> None:
        super().__init__(text, remedy)
        self.scope = scope


class PartnerUnreachable(TransientFailure):
    """Certain: the partner did not get the document, or said that it could not take it now."""


class OutcomeUnknown(BridgeError):
    """A request may or may not have been carried out: ask for the state before anything else."""


class HeadEndBusy(OutcomeUnknown):
    """The head-end system answered a command that it can't take it now. That is its word, and no proof: a front-end
    that says so may have passed the command on. ``scope`` is as for HeadEndUnreachable.
    """

    def __init__(self, text: str, remedy: str = "", scope: HeadEndScope = HeadEndScope.METER) -> None:
        super().__init__(text, remedy)
        self.scope = scope


class PermanentFailure(BridgeError):
    """It will not change by itself."""


class HeadEndRefused(PermanentFailure):
    """The head-end system refused; ``code`` is its own code.

    ``permanent``: by its code, the reason can't change by trying again (no such meter, not authorised). If False, we
    only know that the system called it fatal.
    """

    def __init__(self, code: str, text: str, remedy: str = "", *, permanent: bool = False) -> None:
        super().__init__(text, remedy)
        self.code = code
        self.permanent = permanent


class PartnerRefused(PermanentFailure):
    """The partner refused our document; ``code`` is its own code."""

    def __init__(self, code: str, text: str, remedy: str = "") -> None:
        super().__init__(text, remedy)
        self.code = code


class ActionRefused(BridgeError):
    """An operator action is not possible in the present state; nothing was changed."""


class OurFault(BridgeError):
    """The bridge or its surroundings are wrong; the partner is not to blame."""


class ConfigurationError(OurFault):
    """Settings, schemas or mapping files are wrong; the text names file, line and key."""


class StoreFailure(OurFault):
    """The database or a folder can't be written or read."""


class StaleWrite(OurFault):
    """Compare-and-set lost: the row changed since it was read."""
