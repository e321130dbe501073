"""The database itself keeps the audit: entries are never changed, and only whole old days are taken out.

A day's head says first that its entries go (``pruned_at``); then they may be deleted. The newest day's head only grows.

Revision 0031, for csire-bridge 0.6.
"""

from __future__ import annotations

from collections.abc import Iterator

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

_OF_A_DAY_THAT_GOES = "EXISTS (SELECT 1 FROM audit_days d WHERE d.day = OLD.day AND d.pruned_at IS NOT NULL)"
_NEWEST = "(SELECT max(d.day) FROM audit_days d)"
_SAME = "NEW.day = OLD.day AND NEW.previous = OLD.previous AND OLD.pruned_at IS NULL"
_GROWS = f"{_SAME} AND NEW.pruned_at IS NULL AND NEW.entries > OLD.entries AND OLD.day = {_NEWEST}"
_GOES = (
    f"{_SAME} AND NEW.pruned_at IS NOT NULL AND NEW.entries = OLD.entries AND NEW.last = OLD.last "
    f"AND OLD.day < {_NEWEST}"
)
_GUARDS = (
    ("audit_entries_unchanged", "audit_entries", "UPDATE", None, "an entry of the audit is never changed"),
    ("audit_entries_kept", "audit_entries", "DELETE", _OF_A_DAY_THAT_GOES, "only retention takes entries out"),
    ("audit_days_unchanged", "audit_days", "UPDATE", f"({_GROWS}) OR ({_GOES})", "the head of a day is not changed"),
    ("audit_days_kept", "audit_days", "DELETE", None, "the head of a day of the audit stays for ever"),
)
"""Name, table, what is refused, unless what, and the words."""


def upgrade() -> None:
    connection = op.get_bind()
    make = _in_postgresql if connection.dialect.name == "postgresql" else _in_sqlite
    for guard in _GUARDS:
        for statement in make(*guard):
            connection.exec_driver_sql(statement)


def _in_sqlite(name: str, table: str, act: str, unless: str | None, words: str) -> Iterator[str]:
    when = f"WHEN NOT ({unless}) " if unless else ""
    yield f"CREATE TRIGGER {name} BEFORE {act} ON {table} {when}BEGIN SELECT RAISE(ABORT, '{words}'); END"


def _in_postgresql(name: str, table: str, act: str, unless: str | None, words: str) -> Iterator[str]:
    passed = "NEW" if act == "UPDATE" else "OLD"
    permitted = f"IF {unless} THEN RETURN {passed}; END IF; " if unless else ""
    refused = f"RAISE EXCEPTION '{words}' USING ERRCODE = 'restrict_violation';"
    yield f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {permitted}{refused} END $$"
    yield f"CREATE TRIGGER {name} BEFORE {act} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()"
    if act == "DELETE":
        whole = f"{table}_not_emptied"
        yield f"CREATE FUNCTION {whole}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {refused} END $$"
        yield f"CREATE TRIGGER {whole} BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {whole}()"
