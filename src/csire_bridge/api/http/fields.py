"""Fields and parameters that several paths have, each checked in one place."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Header, Path
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from csire_bridge.domain.bounds import checked_moment
from csire_bridge.domain.identifiers import Eic, MessageId, MeteringPointCode, MeterNumber, ProcessInstanceId

__all__ = [
    "EicText",
    "IdempotencyKey",
    "Key",
    "MaybeWhy",
    "MessageIdText",
    "MeterText",
    "MomentText",
    "PointText",
    "ProcessText",
    "Short",
    "Strict",
    "Why",
    "Words",
]

LARGEST_KEY = 2**53 - 1


def _one_line(text: str) -> str:
    words = text.strip()
    if not words or not words.isprintable():
        raise ValueError("words in one line are due")
    return words


Words = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_one_line)]
Short = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_one_line)]
Key = Annotated[int, Path(ge=1, le=LARGEST_KEY, description="Its key, as lists show it.")]
PointText = Annotated[str, AfterValidator(MeteringPointCode.parse)]
EicText = Annotated[str, AfterValidator(Eic.parse)]
MessageIdText = Annotated[str, AfterValidator(MessageId.parse)]
MeterText = Annotated[str, AfterValidator(MeterNumber.parse)]
ProcessText = Annotated[str, AfterValidator(ProcessInstanceId.parse)]


def _utc(moment: datetime) -> datetime:
    return checked_moment(moment)


MomentText = Annotated[AwareDatetime, AfterValidator(_utc)]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=100,
        pattern=r"^[A-Za-z0-9._:-]+$",
        description="Any text that you use for this one request, such as a UUID: sent again, it is done only once.",
    ),
]


class Strict(BaseModel):
    """A request: a field that is not known is an error."""

    model_config = ConfigDict(extra="forbid")


class MaybeWhy(Strict):
    """An act that may say why."""

    why: Words | None = None


class Why(Strict):
    """An act says why; histories and the audit keep it."""

    why: Words
