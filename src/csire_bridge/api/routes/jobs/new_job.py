"""What is given to plan a job: as JSON, or as a form with a file."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import UploadFile
from pydantic import AfterValidator, BeforeValidator, Field

from csire_bridge.api.http.call import Call
from csire_bridge.api.http.fields import LARGEST_KEY, MomentText, Short, Strict, Why, Words
from csire_bridge.api.routes.filters import MessageFilter, OrderFilter, words_of
from csire_bridge.api.sets import ItemSet, checked_text, of_list, of_messages, of_orders, of_stop, text_of
from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.jobs.kinds import ABOUT, JobDetails, JobKind, Subject
from csire_bridge.domain.metering_point.complaints import Decision
from csire_bridge.domain.metering_point.guards import StopScope
from csire_bridge.domain.metering_point.holds import HoldKind
from csire_bridge.domain.order.order import RejectionReason
from csire_bridge.domain.people.roles import Permission
from csire_bridge.domain.protection import ProtectedKind
from csire_bridge.store.queries.search.key_lists import MOST_KEYS
from csire_bridge.store.unit_of_work import UnitOfWork

__all__ = ["Details", "JobForm", "KeyText", "NewJob", "chosen_set"]


def _is_text(text: str) -> str:
    try:
        return checked_text(text)
    except ActionRefused as error:
        raise ValueError(error.text) from error


KeyText = Annotated[
    str,
    Field(
        min_length=1,
        max_length=64 * 1024,
        description=f"A list as it is pasted, or a column of a CSV file: up to {MOST_KEYS} keys.",
        examples=["590243856287817706\n590243856287817713"],
    ),
    AfterValidator(_is_text),
]
Key = Annotated[int, Field(ge=1, le=LARGEST_KEY)]


class Details(Strict):
    """What an act needs besides the reason: `hold` and `until` of a hold, `protected` and `last_day` of a protected
    household, `reason` (THE HUB IS TOLD) and `code` of a report that can't be carried out; `unread`: it counts without
    any reading; `executed_at` and `seen_by` of a report that it was done; `lodged`, `after_cut` and `decision` of a
    complaint; `meter` at a point (empty: none); `scope` of the stop switch; `despite_stop` of a cut because of danger.
    """

    hold: HoldKind | None = None
    until: MomentText | None = None
    protected: ProtectedKind | None = None
    last_day: date | None = None
    reason: Words | None = None
    code: RejectionReason | None = None
    unread: bool = False
    executed_at: MomentText | None = None
    seen_by: Short | None = None
    lodged: MomentText | None = None
    after_cut: bool = False
    decision: Decision | None = None
    meter: Annotated[str | None, Field(max_length=40)] = None
    scope: StopScope | None = None
    despite_stop: bool = False

    def as_details(self) -> JobDetails:
        """The same as a value of the domain."""
        return JobDetails(**{name: getattr(self, name) for name in Details.model_fields})


class NewJob(Details, Why):
    """An act on a set: `keys` (a list), `orders` or `messages` (all that match), nothing for the stop switch."""

    kind: JobKind
    keys: KeyText | None = None
    orders: OrderFilter | None = None
    messages: MessageFilter | None = None


def _given(value: object) -> object:
    """An empty field of a form was not filled in."""
    return None if value == "" else value


_Empty = BeforeValidator(_given)


class JobForm(Strict):
    """The same as a form with a file, which has the list."""

    kind: JobKind
    why: Words
    file: UploadFile
    hold: Annotated[HoldKind | None, _Empty] = None
    until: Annotated[MomentText | None, _Empty] = None
    protected: Annotated[ProtectedKind | None, _Empty] = None
    last_day: Annotated[date | None, _Empty] = None
    reason: Annotated[Words | None, _Empty] = None
    code: Annotated[RejectionReason | None, _Empty] = None
    unread: bool = False

    def as_new(self) -> NewJob:
        """The same with the list as text; raises ActionRefused for a file that is no list."""
        text = text_of(self.file.file.read())
        if not text.strip() or len(text) > 64 * 1024:
            raise ActionRefused("the file has no keys, or more than 64 KiB", "give a list of up to 1,000 keys")
        return NewJob(keys=text, **{name: getattr(self, name) for name in type(self).model_fields if name != "file"})


def chosen_set(call: Call, tx: UnitOfWork, new: NewJob) -> ItemSet:
    """The items that are meant. Raises ActionRefused, and NotAllowed where the set would tell personal data."""
    most = call.needs.jobs.most_items
    if ABOUT[new.kind].subject is Subject.STOP:
        return of_stop()
    if sum(one is not None for one in (new.keys, new.orders, new.messages)) != 1:
        raise ActionRefused("give one of `keys`, `orders` and `messages`", "say which things are meant, and only once")
    if new.orders is not None:
        return of_orders(tx, new.kind, new.orders.search(call), _said(new.orders), most)
    if new.messages is not None:
        return of_messages(tx, new.kind, new.messages.search(call), _said(new.messages), most)
    text = new.keys or ""
    if any(len(word) > 15 or not word.isdigit() for word in text.split()):
        call.actor.require(Permission.READ_PERSONAL, "a list of more than keys")
    return of_list(tx, ABOUT[new.kind].subject, text, call.now)


def _said(wanted: OrderFilter | MessageFilter) -> str:
    words = words_of(wanted)
    if not words:
        raise ActionRefused("a filter without any criterion means everything", "say which ones are meant")
    return words
