"""Refused messages by cause, step and partner; read only, and never more rows than it says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Integer, bindparam, func, select

from csire_bridge.domain.errors import ProblemCode
from csire_bridge.store.queries.lists.counted import Counted
from csire_bridge.store.tables import messages

__all__ = ["MOST_OF_A_CAUSE", "Cause", "refusal_causes"]

MOST_OF_A_CAUSE = 1000
"""So many messages of each cause are looked at, the newest ones."""
_PARTNERS = 5
_M = messages.c
_NEWEST = (
    select(_M.key, _M.received_at, func.coalesce(_M.sender, _M.claimed_sender).label("who"), _M.sender, _M.problem)
    .where(_M.code == bindparam("code"), _M.received_at >= bindparam("since", type_=_M.received_at.type))
    .order_by(_M.received_at.desc(), _M.key.desc())
    .limit(bindparam("limit", type_=Integer))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Messages that were refused for one reason since a moment. Moments are UTC.

    ``step`` found it. ``partners`` are those that most of the newest ones are of, as they say, with how many; of
    ``proven`` ones the signature held. ``newest`` is the key of the newest, ``problem`` what was wrong with it.
    """

    code: str
    step: str
    count: Counted
    proven: int
    first_at: datetime
    last_at: datetime
    partners: tuple[tuple[str | None, int], ...]
    newest: int
    problem: str | None


def refusal_causes(connection: Connection, since: datetime) -> Sequence[Cause]:
    """The causes of refusals of messages that were received at ``since`` (UTC) or later, the most frequent first."""
    found = [cause for code in ProblemCode if (cause := _cause(connection, code, since)) is not None]
    return sorted(found, key=lambda cause: (cause.count.number, cause.last_at), reverse=True)


def _cause(connection: Connection, code: ProblemCode, since: datetime) -> Cause | None:
    given = {"code": code.value, "since": since, "limit": MOST_OF_A_CAUSE + 1}
    rows = connection.execute(_NEWEST, given).all()
    if not rows:
        return None
    exact = len(rows) <= MOST_OF_A_CAUSE
    rows = rows[:MOST_OF_A_CAUSE]
    return Cause(
        code=code.value,
        step=code.value.partition(".")[0],
        count=Counted(len(rows), exact),
        proven=sum(row.sender is not None for row in rows),
        first_at=rows[-1].received_at,
        last_at=rows[0].received_at,
        partners=tuple(Counter(row.who for row in rows).most_common(_PARTNERS)),
        newest=rows[0].key,
        problem=rows[0].problem,
    )
