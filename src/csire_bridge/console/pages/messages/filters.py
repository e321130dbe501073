"""The filters of the journal, as they stand in its address."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from csire_bridge.console.http.visit import Visit
from csire_bridge.console.lists.fields import EicField, IdField, MomentField, PointField, WordsField, moments_of
from csire_bridge.console.lists.places import CURSOR
from csire_bridge.domain.message.message import Channel, MessageState
from csire_bridge.store.queries.search.message_search import MessageSearch

__all__ = ["MessageListing"]


class MessageFilters(BaseModel):
    """Which messages; what is not given does not matter. Days and moments are by the Polish clock, days are whole."""

    model_config = ConfigDict(extra="ignore")

    state: Annotated[list[MessageState], Field(max_length=10)] = []
    code: WordsField | None = None
    sender: EicField | None = None
    channel: Channel | None = None
    number: WordsField | None = None
    point: PointField | None = None
    message: IdField | None = None
    process: IdField | None = None
    since: MomentField | None = None
    until: MomentField | None = None
    again: bool = False

    def search(self, visit: Visit) -> MessageSearch:
        """The same for the database. Raises NotAllowed where it would tell what the visitor may not read."""
        given = {name: getattr(self, name) for name in MessageFilters.model_fields}
        wanted = MessageSearch.of(given | moments_of(given))
        wanted.require_permitted(visit.actor)
        return wanted


class MessageListing(MessageFilters):
    """The filters, and where the page begins."""

    after: Annotated[str | None, Field(pattern=f"^{CURSOR}$")] = None
