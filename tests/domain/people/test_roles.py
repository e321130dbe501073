"""Roles and acts: the tables are whole."""

from __future__ import annotations

import pytest

from csire_bridge.domain.people.actor import Actor, ActorKind, NotAllowed
from csire_bridge.domain.people.acts import PERMISSION_OF, Act
from csire_bridge.domain.people.audited import require
from csire_bridge.domain.people.roles import PERMISSIONS, Permission, Role


def actor(role: Role) -> Actor:
    return Actor("anna", ActorKind.ACCOUNT, PERMISSIONS[role], role)


def test_every_act_and_every_role_has_its_line() -> None:
    assert set(PERMISSION_OF) == set(Act)
    assert set(PERMISSIONS) == set(Role)


def test_every_permission_is_held_by_a_role_and_needed_by_an_act_or_for_reading() -> None:
    assert set().union(*PERMISSIONS.values()) == set(Permission)
    assert set(PERMISSION_OF.values()) - {None, Permission.READ} == set(Permission) - {Permission.READ}


def test_an_auditor_and_a_viewer_change_nothing() -> None:
    reading = {Permission.READ, Permission.READ_PERSONAL, Permission.AUDIT}
    assert PERMISSIONS[Role.AUDITOR] <= reading
    assert PERMISSIONS[Role.VIEWER] <= reading


def test_whoever_is_refused_hears_who_may() -> None:
    with pytest.raises(NotAllowed, match=r"anna may not do this: stop.lift needs .* -> .*supervisor or administrator"):
        require(actor(Role.OPERATOR), Act.STOP_LIFT)
    require(actor(Role.SUPERVISOR), Act.STOP_LIFT)
