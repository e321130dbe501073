"""Each fact about a metering point knows since when it holds; registered danger has its own word; where meters stand.

Revision 0015, for csire-bridge 0.3.

The flag that was called ``threat`` keeps its value under the meaning that the hub's schema gives it (PL-278): the need
to cut supply because of danger was registered. Connections at such points wait from now on. Where a person's own list
said so, it may have been meant as a protection: such points get a hold of the kind "protection", too.

A fact that was told goes by the newest effective date now; one that nobody told, as of the point's last change.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

from csire_bridge.store import tables

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = tables.Moment(length=26)
_PENDING = sa.text("applied_at IS NULL")
_ALONE = sa.text("known_until IS NULL AND shared_since IS NULL")
_SHARED = sa.text("known_until IS NULL AND shared_since IS NOT NULL")
_DANGER = "danger_registered"
_FACTS = (
    "meter",
    "meter_kind",
    "has_contactor",
    "supplier",
    "tariff_group",
    "contracted_power",
    "prepaid",
    "can_be_suspended",
    _DANGER,
    "connected",
)
_TOLD = {"meter": "meter_number"}
_POINTS = sa.table(
    "metering_points",
    sa.column("code", sa.String),
    sa.column("updated_at", _MOMENT),
    sa.column("since", sa.Text),
    sa.column("connected_effective", sa.Date),
    sa.column("connected_heard", _MOMENT),
    *(sa.column(name) for name in _FACTS if name != "contracted_power"),
    sa.column("contracted_power", sa.Numeric(11, 4, asdecimal=True)),
)
_UPDATES = sa.table(
    "metering_point_updates",
    sa.column("key", _KEY),
    sa.column("metering_point", sa.String),
    sa.column("effective_date", sa.Date),
    sa.column("told_at", _MOMENT),
    sa.column("applied_at", _MOMENT),
    sa.column("source", sa.String),
    *(sa.column(_TOLD.get(name, name)) for name in _FACTS if name != "contracted_power"),
    sa.column("contracted_power", sa.Numeric(11, 4, asdecimal=True)),
)
_HOLDS = sa.table(
    "holds",
    sa.column("metering_point", sa.String),
    sa.column("kind", sa.String),
    sa.column("since", _MOMENT),
    sa.column("by", sa.String),
    sa.column("why", sa.String),
)
_INSTALLATIONS = sa.table(
    "meter_installations",
    sa.column("meter", sa.String),
    sa.column("metering_point", sa.String),
    sa.column("known_since", _MOMENT),
    sa.column("shared_since", _MOMENT),
)
_WARSAW = ZoneInfo("Europe/Warsaw")
_BATCH = 1000
_WHY = "a list told a threat to life, health or environment, which may have been meant as a protection: please check"


def upgrade() -> None:
    for name in ("metering_points", "metering_point_updates"):
        op.execute(sa.text(f"ALTER TABLE {name} RENAME COLUMN threat TO {_DANGER}"))
    op.add_column("metering_points", sa.Column("since", sa.Text(), nullable=False, server_default="{}"))
    op.add_column("metering_points", sa.Column("connected_effective", sa.Date(), nullable=True))
    op.add_column("metering_points", sa.Column("connected_heard", _MOMENT, nullable=True))
    op.add_column("metering_point_updates", sa.Column("why", sa.String(length=1000), nullable=True))
    op.add_column("metering_point_updates", sa.Column("no_meter", sa.Boolean(), nullable=True))
    op.create_index(
        "ix_metering_point_updates_meter",
        "metering_point_updates",
        ["meter_number"],
        sqlite_where=_PENDING,
        postgresql_where=_PENDING,
    )
    _create_installations()
    connection, now = op.get_bind(), datetime.now(UTC)
    for points in _batches(connection):
        _carry_over(connection, points, now)
    _install(connection, now)


def _create_installations() -> None:
    op.create_table(
        "meter_installations",
        sa.Column("key", _KEY, autoincrement=True, nullable=False),
        sa.Column("meter", sa.String(length=20), nullable=False),
        sa.Column("metering_point", sa.String(length=18), nullable=False),
        sa.Column("known_since", _MOMENT, nullable=False),
        sa.Column("known_until", _MOMENT, nullable=True),
        sa.Column("confirmed_at", _MOMENT, nullable=True),
        sa.Column("shared_since", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_meter_installations")),
    )
    op.create_index(op.f("ix_meter_installations_meter"), "meter_installations", ["meter"])
    op.create_index(op.f("ix_meter_installations_metering_point"), "meter_installations", ["metering_point"])
    op.create_index(
        "uq_meter_installations_alone",
        "meter_installations",
        ["meter"],
        unique=True,
        sqlite_where=_ALONE,
        postgresql_where=_ALONE,
    )
    op.create_index(
        "ix_meter_installations_shared",
        "meter_installations",
        ["shared_since"],
        sqlite_where=_SHARED,
        postgresql_where=_SHARED,
    )


def _batches(connection: sa.Connection) -> Iterable[Sequence[sa.Row[Any]]]:
    last = ""
    while True:
        query = sa.select(_POINTS).where(_POINTS.c.code > last).order_by(_POINTS.c.code).limit(_BATCH)
        points = connection.execute(query).all()
        if not points:
            return
        yield points
        last = points[-1].code


def _carry_over(connection: sa.Connection, points: Sequence[sa.Row[Any]], now: datetime) -> None:
    told: Mapping[str, list[sa.Row[Any]]] = defaultdict(list)
    query = sa.select(_UPDATES).where(
        _UPDATES.c.metering_point.in_([point.code for point in points]), _UPDATES.c.applied_at.is_not(None)
    )
    for telling in connection.execute(query.order_by(_UPDATES.c.applied_at, _UPDATES.c.key)):
        told[telling.metering_point].append(telling)
    for point in points:
        facts, since, source = _facts(point, told[point.code])
        on, at = since.pop("connected", (None, None))
        stamps = json.dumps({name: (day.isoformat(), heard.isoformat()) for name, (day, heard) in since.items()})
        values = {**facts, "since": stamps, "connected_effective": on, "connected_heard": at}
        connection.execute(sa.update(_POINTS).where(_POINTS.c.code == point.code).values(values))
        if facts[_DANGER] and source == "import":
            hold = {"metering_point": point.code, "kind": "protection", "since": now, "by": "csire-bridge", "why": _WHY}
            connection.execute(sa.insert(_HOLDS).values(hold))


def _facts(
    point: sa.Row[Any], told: Sequence[sa.Row[Any]]
) -> tuple[dict[str, Any], dict[str, tuple[date, datetime]], str | None]:
    """The facts of a point, since when each of them holds, and who told of danger. ``told``: as it was applied."""
    facts: dict[str, Any] = {}
    since: dict[str, tuple[date, datetime]] = {}
    source = None
    for name in _FACTS:
        value, column = getattr(point, name), _TOLD.get(name, name)
        stamp = (point.updated_at.astimezone(_WARSAW).date(), point.updated_at)
        tellings = [telling for telling in told if getattr(telling, column) is not None]
        if tellings and getattr(tellings[-1], column) == value:  # else it was found out by other means since
            newest = max(tellings, key=lambda telling: (telling.effective_date, telling.told_at, telling.key))
            value, stamp = getattr(newest, column), (newest.effective_date, newest.told_at)
            source = newest.source if name == _DANGER else source
        facts[name] = value
        if value is not None and (name != _DANGER or value):
            since[name] = stamp
    return facts, since, source


def _install(connection: sa.Connection, now: datetime) -> None:
    """Each known meter is at its point; one that is known at several is marked."""
    shared = sa.select(_POINTS.c.meter).group_by(_POINTS.c.meter).having(sa.func.count() > 1)
    mark = sa.case((_POINTS.c.meter.in_(shared), sa.literal(now, _MOMENT)), else_=sa.null())
    rows = sa.select(_POINTS.c.meter, _POINTS.c.code, _POINTS.c.updated_at, sa.cast(mark, _MOMENT))
    names = ["meter", "metering_point", "known_since", "shared_since"]
    connection.execute(sa.insert(_INSTALLATIONS).from_select(names, rows.where(_POINTS.c.meter.is_not(None))))
