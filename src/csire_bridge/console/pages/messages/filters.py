"""The filters of the journal, as they stand in its address."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from csire_bridge.console.http.visit import Visit
from csire_bridge.console.lists.fields import EicField, IdField, MomentField, PointField, WordsField, moment_of
from csire_bridge.console.lists.places import CURSOR
from csire_bridge.domain.message.message import Channel, MessageState
from csire_bridge.domain.people.roles import Permission
from csire_bridge.store.queries.message_search import MessageSearch

__all__ = ["MessageListing"]


class MessageListing(BaseModel):
    """Which messages, and where the page begins. Days and moments are by the Polish clock, days are whole."""

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
    after: Annotated[str | None, Field(pattern=f"^{CURSOR}$")] = None

    def search(self, visit: Visit) -> MessageSearch:
        """The same for the database. Raises NotAllowed where it would tell what the visitor may not read."""
        if self.point is not None:
            visit.actor.require(Permission.READ_PERSONAL, "the filter point")
        return MessageSearch(
            states=tuple(self.state),
            code=self.code,
            sender=self.sender,
            channel=self.channel,
            number=self.number,
            point=self.point,
            message=self.message,
            process=self.process,
            since=moment_of(self.since) if self.since else None,
            until=moment_of(self.until, end=True) if self.until else None,
            again=self.again,
        )
