"""Every operator action is permitted to somebody only, and stands in the audit with who did it."""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import pytest

from csire_bridge.access import token_actions, user_actions
from csire_bridge.domain.identifiers import MeteringPointCode
from csire_bridge.domain.metering_point.guards import StopScope
from csire_bridge.domain.metering_point.holds import HoldKind
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.people.actor import Actor, ActorKind, NotAllowed, Origin
from csire_bridge.domain.people.acts import PERMISSION_OF, Act
from csire_bridge.domain.people.audited import act_of_use_case
from csire_bridge.domain.people.roles import PERMISSIONS, Role
from csire_bridge.pipeline import operator
from csire_bridge.pipeline.intake import judge_again
from csire_bridge.pipeline.operator import guard_actions
from csire_bridge.store.database import Database
from tests.support.store import CODE, NOW

SERVE_OTHERS = {"go_on", "known_point", "lift_danger", "record", "revoke_session_of", "statement"}
"""They have an operator action, and are called by use cases only, or call one."""
WRITE_THEIR_OWN = {"read_protection_of", "import_points", "add", "create", "hand_over"}
"""They check the permission and write the entry themselves, because the entry tells less, or the key first."""


def use_cases() -> Iterator[Callable[..., object]]:
    found = pkgutil.walk_packages(operator.__path__, f"{operator.__name__}.")
    names = [one.name for one in found if not one.ispkg]
    for module in (*map(import_module, names), judge_again, user_actions, token_actions):
        for name in module.__all__:
            case = getattr(module, name)
            if inspect.isfunction(case) and "act" in inspect.signature(case).parameters:
                yield case


def test_every_use_case_of_operators_and_administrators_has_its_right_and_its_entry() -> None:
    found = {one.__name__: act_of_use_case(one) for one in use_cases()}
    assert len(found) > 30
    bare = {name for name, what in found.items() if what is None}
    assert bare == SERVE_OTHERS | WRITE_THEIR_OWN


def test_those_that_write_their_own_entry_do_so() -> None:
    for one in use_cases():
        if one.__name__ in WRITE_THEIR_OWN:
            assert "note(tx, act.who, Act." in inspect.getsource(one)


def test_every_act_is_written_somewhere() -> None:
    source = Path(operator.__path__[0]).parents[1]
    text = "".join(file.read_text("utf-8") for file in source.rglob("*.py") if file.name != "acts.py")
    assert [act for act in Act if f"Act.{act.name}" not in text] == []


@pytest.mark.every_database
@pytest.mark.parametrize("role", Role)
def test_what_a_role_may_not_do_is_refused_in_the_use_case_and_changes_nothing(database: Database, role: Role) -> None:
    actor = Actor("anna", ActorKind.ACCOUNT, PERMISSIONS[role], role)
    act = OperatorAction.of(actor, NOW, "a trial")
    asked: dict[Act, Callable[[Database], object]] = {
        Act.STOP_THROW: lambda db: _within(db, lambda tx: guard_actions.throw_stop(tx, StopScope.EVERYTHING, act)),
        Act.HOLD_SET: lambda db: _within(
            db, lambda tx: guard_actions.set_hold(tx, CODE, HoldKind.PROTECTION, None, act)
        ),
        Act.STOP_LIFT: lambda db: _within(db, lambda tx: guard_actions.lift_stop(tx, act)),
        Act.USER_ADD: lambda db: _within(db, lambda tx: user_actions.add(tx, "eve", Role.ADMINISTRATOR, "x", act)),
    }
    done = []
    for what, do in asked.items():
        permission = PERMISSION_OF[what]
        if permission in PERMISSIONS[role]:
            do(database)
            done.append(what.value)
        else:
            with pytest.raises(NotAllowed):
                do(database)
    with database.read_transaction() as tx:
        assert [one.entry.act for one in tx.audit.entries()] == done
        assert bool(tx.guards.holds()) is (Act.HOLD_SET.value in done)


def _within(database: Database, do: Callable[..., object]) -> None:
    with database.transaction() as tx:
        do(tx)


def test_an_entry_tells_who_from_where_why_and_what_was_before_and_after(database: Database) -> None:
    origin = Origin("192.0.2.1", None, "req-1")
    act = OperatorAction.of(
        Actor("anna", ActorKind.ACCOUNT, PERMISSIONS[Role.SUPERVISOR], Role.SUPERVISOR, origin), NOW, "fire"
    )
    with database.transaction() as tx:
        key = guard_actions.set_hold(tx, CODE, HoldKind.EMERGENCY, None, act)
    with database.transaction() as tx:
        guard_actions.release_hold(tx, key, act)
    with database.read_transaction() as tx:
        released, placed = (one.entry for one in tx.audit.page())
    assert (placed.actor, placed.address, placed.request_id, placed.why) == ("anna", "192.0.2.1", "req-1", "fire")
    assert placed.subject == f"point {CODE}"
    assert placed.after is not None
    assert '"kind": "emergency"' in placed.after
    assert released.before is not None
    assert '"released_at": null' in released.before
    assert released.subject == f"hold {key}"


def test_an_act_that_fails_leaves_no_entry(database: Database) -> None:
    act = OperatorAction("Anna", NOW, "a trial")
    with pytest.raises(ZeroDivisionError), database.transaction() as tx:
        guard_actions.throw_stop(tx, StopScope.EVERYTHING, act)
        raise ZeroDivisionError
    with database.read_transaction() as tx:
        assert not tx.audit.days()
        assert MeteringPointCode(CODE) == CODE
