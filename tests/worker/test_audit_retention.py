"""Old days of the audit go into a file, and the rest can still be checked."""

from __future__ import annotations

import json
import stat
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from csire_bridge.domain.people.audit import AuditEntry, first_broken
from csire_bridge.store.database import Database
from csire_bridge.worker.audit_retention import AuditRetention
from tests.support.store import NOW

DAY = timedelta(days=1)


def test_days_that_are_old_are_written_into_a_file_and_taken_out_once(tmp_path: Path) -> None:
    with closing(Database(f"sqlite:///{tmp_path / 'bridge.db'}")) as database:
        database.upgrade()
        for days in range(5):
            with database.transaction() as tx:
                tx.audit.add(AuditEntry(NOW + days * DAY, "anna", "account", "hold.set", f"point {days}"))
        job = AuditRetention(database, lambda: NOW + 40 * DAY, 38, tmp_path / "archive")
        assert job.due() == 2
        taken = job.run()
        assert taken is not None
        file, count = taken
        assert (count, stat.S_IMODE(file.stat().st_mode)) == (2, 0o600)
        subjects = [json.loads(line)["subject"] for line in file.read_text("utf-8").splitlines()]
        assert subjects == ["point 0", "point 1"]
        assert job.run() is None
        with database.read_transaction() as tx:
            assert [one.entry.act for one in tx.audit.entries()] == ["hold.set"] * 3 + ["audit.prune"]
            assert first_broken(tx.audit.days(), tx.audit.entries()) is None
