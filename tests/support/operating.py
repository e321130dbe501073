"""A database with orders, and the commands on it within this process; no keys are set up."""

from __future__ import annotations

import io
import json
import sys
from contextlib import closing, redirect_stderr, redirect_stdout
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from csire_bridge.cli import main
from csire_bridge.domain.identifiers import MessageId, MessageNumber, MeteringPointCode, MeterNumber, ProcessInstanceId
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.domain.order.order import DisconnectionKind, Order, OrderKind, OrderState
from csire_bridge.domain.protection import NOT_PROTECTED
from csire_bridge.domain.work import Lease, WorkStep
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.store.database import Database

__all__ = ["ANNA", "METER", "POINT", "Place"]

POINT = MeteringPointCode.parse("590243856287817706")
METER = MeterNumber("PROBE0000001")
ANNA = ("--by", "Anna Nowak", "--why", "a drill")


class Place:
    """A database with its settings file, and the command."""

    def __init__(self, folder: Path) -> None:
        self.address = f"sqlite:///{folder / 'bridge.db'}"
        self.config = folder / "bridge.toml"
        self.write()
        with closing(Database(self.address)) as database:
            database.upgrade()

    def write(self, more: str = "") -> None:
        self.config.write_text(f'database = "{self.address}"\n{more}\n', "utf-8")

    def run(self, *words: object, code: int = 0) -> str:
        """Run the command within this process: starting one takes longer than all that is looked at here."""
        said = io.StringIO()
        arguments = ["csire-bridge", *map(str, words), "--config", str(self.config)]
        with patch.object(sys, "argv", arguments), redirect_stdout(said), redirect_stderr(said):
            try:
                main.run()
            except SystemExit as ended:
                assert (ended.code or 0) == code, said.getvalue()
        assert "the bridge itself failed" not in said.getvalue()
        return said.getvalue()

    def json(self, *words: object) -> Any:
        return json.loads(self.run(*words, "--json"))

    def order(self, key: int) -> Order:
        with closing(Database(self.address)) as database, database.transaction() as tx:
            return tx.orders.get(key)

    def enter(self, point: MeteringPointCode = POINT, **facts: object) -> int:
        """A disconnection that was registered an hour ago; a waiting one has its work."""
        now = system_clock()
        values: dict[str, Any] = {"state": OrderState.PARKED, "detail": "no signal", "attempts": 3} | facts
        common: dict[str, Any] = {
            "kind": OrderKind.DISCONNECT,
            "process_instance": ProcessInstanceId.new(),
            "source_message": MessageId.new(),
            "source_number": MessageNumber("8.1.1.5"),
            "registered_at": now - timedelta(hours=1),
            "not_before": now - timedelta(hours=1),
            "disconnection_kind": DisconnectionKind.DEBT,
            "meter": METER,
        }
        order = Order(key=0, metering_point=point, version=1, **common | values)
        with closing(Database(self.address)) as database, database.transaction() as tx:
            (key,) = tx.orders.add([order], now)
            tx.points.put(
                MeteringPoint(code=point, updated_at=now, meter=METER, has_contactor=True, protection=NOT_PROTECTED)
            )
            if order.state is OrderState.REGISTERED:
                tx.work.add(WorkStep.EXECUTE, [key], now + timedelta(hours=1))
        return key

    def work(self) -> list[tuple[WorkStep, int]]:
        """Due pieces."""
        lease = Lease.starting("test", system_clock(), timedelta(0))
        with closing(Database(self.address)) as database, database.transaction() as tx:
            return [(i.step, i.subject) for i in tx.work.lease(list(WorkStep), system_clock(), lease, 100)]
