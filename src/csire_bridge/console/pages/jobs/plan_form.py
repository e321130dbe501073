"""What a form for an act gives: the kind, its details, and which things are meant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, TypeVar

from fastapi import Depends, File, Form, UploadFile

from csire_bridge.console.lists.fields import moment_of
from csire_bridge.domain.bounds import checked_day
from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.jobs.kinds import JobDetails, JobKind
from csire_bridge.domain.metering_point.complaints import Decision
from csire_bridge.domain.metering_point.guards import StopScope
from csire_bridge.domain.metering_point.holds import HoldKind
from csire_bridge.domain.order.order import RejectionReason
from csire_bridge.domain.protection import ProtectedKind

__all__ = ["PlanForm", "detail_form", "plan_form"]

_Line = Annotated[str, Form(max_length=200)]
_E = TypeVar("_E", HoldKind, ProtectedKind, RejectionReason, StopScope, Decision)


@dataclass(frozen=True)
class PlanForm:
    """``details`` are the fields as they were sent. Of the sets one is given: ``items`` (a selection), ``query`` (all
    that match the filters of the list of orders), ``keys`` (pasted) or ``file``.
    """

    kind: JobKind
    why: str
    details: Mapping[str, str]
    items: tuple[str, ...]
    query: str | None
    keys: str
    file: UploadFile | None

    def as_details(self) -> JobDetails:
        """The details as values; raises ActionRefused for one that can't be read."""
        given = self.details
        return JobDetails(
            hold=_choice(HoldKind, given["hold"]),
            until=_moment(given["until"]),
            protected=_choice(ProtectedKind, given["protected"]),
            last_day=_day(given["last_day"]),
            reason=given["reason"].strip() or None,
            code=_choice(RejectionReason, given["code"]),
            unread=bool(given["unread"]),
            executed_at=_moment(given["executed_at"], given["executed_at_hour"]),
            seen_by=given["seen_by"].strip() or None,
            lodged=_moment(given["lodged"]),
            after_cut=bool(given["after_cut"]),
            decision=_choice(Decision, given["decision"]),
            meter=given["meter"].strip() if self.kind is JobKind.SET_METER else None,
            scope=_choice(StopScope, given["scope"]),
            despite_stop=bool(given["despite_stop"]),
        )


def detail_form(
    hold: _Line = "",
    until: _Line = "",
    protected: _Line = "",
    last_day: _Line = "",
    reason: Annotated[str, Form(max_length=1000)] = "",
    code: _Line = "",
    unread: _Line = "",
    executed_at: _Line = "",
    executed_at_hour: _Line = "",
    seen_by: _Line = "",
    lodged: _Line = "",
    after_cut: _Line = "",
    decision: _Line = "",
    meter: _Line = "",
    scope: _Line = "",
    despite_stop: _Line = "",
) -> Mapping[str, str]:
    """The details of an act, as they were sent."""
    return dict(locals())


def plan_form(
    kind: Annotated[JobKind, Form()],
    details: Annotated[Mapping[str, str], Depends(detail_form)],
    why: Annotated[str, Form(max_length=500)],
    item: Annotated[list[str] | None, Form(max_length=1000)] = None,
    query: Annotated[str | None, Form(max_length=2000)] = None,
    keys: Annotated[str, Form(max_length=64 * 1024)] = "",
    file: Annotated[UploadFile | None, File()] = None,
) -> PlanForm:
    """The whole form."""
    words = " ".join(why.split())
    if not words:
        raise ActionRefused("a reason is missing", "say why: histories and the audit keep it")
    given = file if file is not None and file.filename else None
    return PlanForm(kind, words, details, tuple(item or ()), query, keys, given)


def _choice(kind: type[_E], text: str) -> _E | None:
    try:
        return kind(text) if text else None
    except ValueError as error:
        raise ActionRefused(f"{text} is none of {', '.join(kind)}", "choose one") from error


def _moment(text: str, hour: str = "") -> datetime | None:
    """A moment by the Polish clock. In the doubled hour of October ``hour`` says whether it is the first (a) or the
    second (b); nothing is guessed.
    """
    try:
        if not text:
            return None
        first, second = moment_of(text), moment_of(text, end=len(text) != len("2026-11-23"))
    except ValueError as error:
        raise ActionRefused(f"{text} is no moment", "give a day and a time") from error
    if first != second and hour not in ("a", "b"):
        raise ActionRefused(
            f"at {text} clocks are changed: that time comes twice, or never",
            "choose the first or the second hour, or give another time",
        )
    return second if hour == "b" else first


def _day(text: str) -> date | None:
    try:
        return checked_day(date.fromisoformat(text)) if text else None
    except ValueError as error:
        raise ActionRefused(f"{text} is no day", "give a day") from error
