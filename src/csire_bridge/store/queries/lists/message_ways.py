"""Which index serves which criteria of a search for messages."""

from __future__ import annotations

from sqlalchemy import ColumnElement

from csire_bridge.domain.message.message import MessageState
from csire_bridge.store.queries.lists.ways import Way
from csire_bridge.store.queries.search.message_search import MessageSearch
from csire_bridge.store.sql.array_parameter import by_index, by_row
from csire_bridge.store.tables import NOT_ACCEPTED, messages

__all__ = ["message_way"]

_FEW = ("message", "process", "point", "again")
_Conditions = tuple[ColumnElement[bool], ...]


def message_way(wanted: MessageSearch) -> Way:
    """The best way to the messages that are wanted."""
    given = dict(wanted.named(by_index))
    few = next((name for name in _FEW if name in given), None)
    if few:
        return _way(wanted, {few}, (given[few],), few=True)
    if "code" in given:
        of_codes = tuple((messages.c.code == code,) for code in wanted.codes)
        return _way(wanted, {"code"}, (given["code"],), branches=of_codes, by_time=True)
    times = {"since", "until"} & given.keys()
    if times:
        return _way(wanted, times, tuple(given[name] for name in sorted(times)), by_time=True)
    if wanted.states and MessageState.ACCEPTED not in wanted.states:
        branches = tuple((NOT_ACCEPTED, messages.c.state == state.value) for state in wanted.states)
        return _way(wanted, {"states"}, (NOT_ACCEPTED, given["states"]), branches=branches)
    return _way(wanted, set(), ())


def _way(
    wanted: MessageSearch,
    served: set[str],
    whole: _Conditions,
    *,
    branches: tuple[_Conditions, ...] = (),
    by_time: bool = False,
    few: bool = False,
) -> Way:
    others = tuple(condition for name, condition in wanted.named(by_row) if name not in served)
    moment = messages.c.received_at if by_time else None
    return Way(table=messages, whole=whole, branches=branches, by_row=others, moment=moment, few=few)
