"""Lists of messages, a page at a time; read only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from csire_bridge.store.queries.lists.counted import Counted, count_newer, count_up_to
from csire_bridge.store.queries.lists.message_ways import message_way
from csire_bridge.store.queries.lists.ways import Place, moment_at, pages_until, rows_of
from csire_bridge.store.queries.search.message_search import FOUND_COLUMNS, FoundMessage, MessageSearch, found_message
from csire_bridge.store.tables import messages

__all__ = ["MessagePage", "count_messages", "count_new_messages", "find_messages", "message_page"]


@dataclass(frozen=True, slots=True)
class MessagePage:
    """``first``: where it begins. ``next``: where the next page begins; None at the end of the list.

    ``looked_to`` (UTC): this page ended because it had looked through many messages for few that meet all criteria,
    back to those that were received at about that moment.
    """

    messages: tuple[FoundMessage, ...]
    first: Place | None
    next: Place | None
    looked_to: datetime | None


def message_page(connection: Connection, wanted: MessageSearch, limit: int, after: Place | None = None) -> MessagePage:
    """Up to ``limit`` messages behind a place, the newest first.

    They go by key, the order in which they came; by the moment of receipt where a time or a code is given.
    """
    way = message_way(wanted)
    page = rows_of(connection, select(*FOUND_COLUMNS), way, limit, after)
    found = tuple(found_message(row) for row in page.rows)
    first = way.place(page.rows[0]) if page.rows else None
    return MessagePage(found, first, page.next, moment_at(connection, messages.c.received_at, page.looked_to))


def find_messages(connection: Connection, wanted: MessageSearch, limit: int) -> list[FoundMessage]:
    """Up to ``limit`` messages, however far it has to look for them."""

    def page_of(most: int, after: Place | None) -> tuple[Sequence[FoundMessage], Place | None]:
        page = message_page(connection, wanted, most, after)
        return page.messages, page.next

    return pages_until(limit, page_of)


def count_messages(connection: Connection, wanted: MessageSearch) -> Counted:
    """How many there are, counted up to a limit."""
    return count_up_to(connection, message_way(wanted))


def count_new_messages(connection: Connection, wanted: MessageSearch, shown: Place | None) -> Counted:
    """How many have come since a list was shown that begins with ``shown``; None: it was empty."""
    return count_newer(connection, message_way(wanted), shown)
