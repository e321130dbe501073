"""The expected result of each sample message: ``samples/expected.yaml``, read into typed values."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

import yaml
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from csire_bridge.domain.errors import ConfigurationError, ProblemCode
from csire_bridge.domain.message.message import MessageState
from csire_bridge.domain.order.order import OrderKind, OrderState

__all__ = ["Ends", "Expectations", "Expected", "SignKind", "Verdict", "load_expected"]

_FILE = "expected.yaml"


class SignKind(StrEnum):
    """How a sample is signed before it is fed to the bridge.

    ``HUB`` is right; ``NONE`` is not signed at all (or can't be, because it is no XML). The others are attacks:
    a certificate that nobody pinned, a partner who is not the sender, a change after signing, the signed document
    wrapped into a forged one, a certificate whose time is over.
    """

    HUB = "hub"
    NONE = "none"
    STRANGER = "stranger"
    NOT_SENDER = "not-sender"
    ALTERED = "altered"
    WRAPPED = "wrapped"
    EXPIRED = "expired"


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Verdict(_Strict):
    """What the command ``validate`` says about the one file; ``codes`` is every kind of problem it finds."""

    valid: bool
    codes: tuple[ProblemCode, ...] = ()

    @model_validator(mode="after")
    def _agrees(self) -> Verdict:
        if self.valid == bool(self.codes):
            raise ValueError("a valid file has no codes, an invalid one at least one")
        return self


class Ends(_Strict):
    """How a fed sample ends, once everything has come to rest after the last round.

    ``code`` is the problem a refused message is filed by. ``kind`` and ``order`` are there when it became an order,
    ``answer`` is the number of our message that answers it, ``answer_code`` its code when it says "cannot".
    """

    message: MessageState
    code: ProblemCode | None = None
    kind: OrderKind | None = None
    order: OrderState | None = None
    answer: str | None = None
    answer_code: str | None = None

    @model_validator(mode="after")
    def _agrees(self) -> Ends:
        if (self.message is MessageState.REFUSED) != (self.code is not None):
            raise ValueError("a refused message has a code, no other has one")
        if (self.kind is None) != (self.order is None):
            raise ValueError("kind and order stand together")
        if self.answer is not None and self.order is None:
            raise ValueError("only an order is answered")
        return self


class Expected(_Strict):
    """One sample. ``file`` is relative to the folder of samples, with forward slashes.

    ``number`` is the message's number as its header names it, None when nothing can read it. ``round`` tells when
    it is fed: a round starts when the one before has come to rest. ``ends`` is None for a file that is not fed.
    """

    file: str
    number: str | None
    sign: SignKind = SignKind.HUB
    feed: bool = True
    round: int = Field(default=1, ge=1)
    validate_: Verdict = Field(alias="validate")
    ends: Ends | None = None

    @model_validator(mode="after")
    def _agrees(self) -> Expected:
        if self.feed != (self.ends is not None):
            raise ValueError("a sample that is fed has ends, one that is not has none")
        return self

    @property
    def verdict(self) -> Verdict:
        """What ``validate`` says about it."""
        return self.validate_


class Expectations(_Strict):
    """All samples, in feeding order; their dates are meant around ``reference_time`` (aware)."""

    reference_time: AwareDatetime
    samples: tuple[Expected, ...]

    @model_validator(mode="after")
    def _agrees(self) -> Expectations:
        files = [sample.file for sample in self.samples]
        if len(set(files)) != len(files):
            raise ValueError("a file is named twice")
        return self

    @property
    def rounds(self) -> tuple[tuple[Expected, ...], ...]:
        """The samples that are fed, round by round, each in feeding order."""
        fed = [sample for sample in self.samples if sample.feed]
        return tuple(tuple(s for s in fed if s.round == number) for number in sorted({s.round for s in fed}))

    def offset_to(self, now: datetime) -> timedelta:
        """From the reference time to ``now`` (aware): by this the samples' dates are moved."""
        return now - self.reference_time


def load_expected(folder: Path) -> Expectations:
    """Read ``expected.yaml`` of the samples' ``folder``; raise ConfigurationError with file and key."""
    file = folder / _FILE
    try:
        return Expectations.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file} can't be read: {error}", "install the samples again") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(
            f"{file}, {place}: {first['msg']}", "correct this entry; README.md explains it"
        ) from error
