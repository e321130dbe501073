"""How the bridge is and how it is set, for administrators only; secrets are never shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from csire_bridge.config.settings import load_settings
from csire_bridge.domain.people.roles import PERMISSIONS, Permission, Role
from csire_bridge.worker.certificate_job import NamedCertificate
from tests.support.console import Console


@pytest.mark.every_database
def test_health_certificates_versions_and_doors_are_on_one_page(console: Console) -> None:
    now = console.api.now
    console.api.certificates[:] = [
        NamedCertificate("our signature", "ab" * 32, now + timedelta(days=400)),
        NamedCertificate("partner X", "cd" * 32, now + timedelta(days=12)),
        NamedCertificate("partner Y", "ef" * 32, now - timedelta(days=2)),
    ]
    with console.database.transaction() as tx:
        tx.ticks.meet("retention", now)
        tx.ticks.done("retention", now)
    visitor = console.visitor(Role.ADMINISTRATOR)
    page = visitor.get("/system")
    assert "It is ready" in page.text
    assert "csire-bridge test" in page.text
    assert "http://127.0.0.1:8081" in page.text
    assert page.text.index("partner Y") < page.text.index("partner X") < page.text.index("our signature")
    assert "12 replace it" in page.text
    assert "-2 ended" in page.text
    assert "retention" in page.text
    console.reasons.append("the disk is full -> make room")
    assert "the disk is full" in visitor.part("/system", "health").text


def test_each_setting_is_told_with_where_it_comes_from_and_no_secret(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CSIRE_BRIDGE_DATABASE", "postgresql://bridge:geheim@db/bridge")
    installation = replace(console.needs.api.installation, settings=load_settings(worker={"lease_seconds": 77}))
    object.__setattr__(console.needs.api, "installation", installation)
    visitor = console.visitor(Role.ADMINISTRATOR)
    page = visitor.get("/system/settings", changed=True)
    assert "CSIRE_BRIDGE_DATABASE" in page.text
    assert "geheim" not in page.html
    assert "worker.lease_seconds" in page.text
    assert "web.port" not in page.text
    assert "web.port" in visitor.get("/system/settings", name="web.port").text
    assert "No setting fits." in visitor.get("/system/settings", name="nosuch").text


@pytest.mark.parametrize("role", Role)
def test_only_administrators_see_the_system(console: Console, role: Role) -> None:
    visitor = console.visitor(role)
    may = Permission.SYSTEM in PERMISSIONS[role]
    assert ("/system" in visitor.get("/").links) == may
    for path in ("/system", "/system/settings"):
        assert visitor.get(path).status == (200 if may else 403)
