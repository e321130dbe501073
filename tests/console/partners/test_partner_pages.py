"""Partners: entered with a certificate and a reason, changed, and a certificate withdrawn."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from csire_bridge.channels.hub.probe.findings import ProbeStep
from csire_bridge.domain.people.roles import PERMISSIONS, Permission, Role
from csire_bridge.lab.simulators.pki import DemoPki, make_demo_pki
from tests.support.console import OWN, Console, Visitor
from tests.support.store import NOW


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> DemoPki:
    return make_demo_pki(tmp_path_factory.mktemp("pki"), NOW)


def upload(visitor: Visitor, path: str, fields: dict[str, str], file: Path) -> int:
    token = visitor.get("/partners").html.partition('name="csrf" value="')[2].partition('"')[0]
    headers = {"Origin": OWN, "Sec-Fetch-Site": "same-origin"}
    files = {"certificate": (file.name, file.read_bytes())}
    answer = visitor.client.post(path, data={"csrf": token, **fields}, files=files, headers=headers)
    return int(answer.status_code)


@pytest.mark.every_database
def test_a_partner_is_entered_changed_and_its_certificate_withdrawn(console: Console, pki: DemoPki) -> None:
    boss = console.visitor(Role.ADMINISTRATOR, "boss")
    eic = str(pki.supplier.eic)
    entered = {"eic": eic, "role": "supplier", "why": "new contract"}
    assert upload(boss, "/partners", entered, pki.supplier.certificate_file) == 303
    page = boss.get(f"/partners/{eic}")
    assert "supplier" in page.text
    assert "good" in page.text
    boss.send(f"/partners/{eic}/change", {"per_minute": 77, "why": "agreed"}, f"/partners/{eic}")
    assert "77" in boss.get(f"/partners/{eic}").text
    (fingerprint,) = re.findall(r'name="fingerprint" value="([0-9a-f]{64})"', page.html)
    done = boss.send(f"/partners/{eic}/withdraw", {"fingerprint": fingerprint, "why": "key lost"}, f"/partners/{eic}")
    assert done.status == 303
    after = boss.get(f"/partners/{eic}")
    assert "withdrawn" in after.text
    assert "Trust it no more" not in after.text
    assert eic in boss.get("/partners").text
    assert "key lost" in boss.get("/audit", subject=f"partner {eic}").text


def test_what_is_no_certificate_is_refused_with_what_to_do(console: Console, tmp_path: Path) -> None:
    boss = console.visitor(Role.ADMINISTRATOR, "boss")
    wrong = tmp_path / "wrong.pem"
    wrong.write_text("no certificate")
    token = boss.get("/partners").html.partition('name="csrf" value="')[2].partition('"')[0]
    answer = boss.client.post(
        "/partners",
        data={"csrf": token, "eic": "10XPL-TSO------P", "why": "x"},
        files={"certificate": ("wrong.pem", wrong.read_bytes())},
        headers={"Origin": OWN, "Sec-Fetch-Site": "same-origin"},
    )
    assert answer.status_code == 409
    assert "PEM" in answer.text


def test_the_connection_to_the_hub_is_tested_step_by_step(console: Console) -> None:
    console.api.pinged[:] = [
        ProbeStep("dns", True, "hub is 192.0.2.1"),
        ProbeStep("tcp", False, "no answer", "ask them"),
    ]
    page = console.visitor(Role.ADMINISTRATOR).send("/partners/ping", {}, "/partners")
    assert page.status == 200
    assert "dns fine" in page.text
    assert "tcp fails no answer What to do: ask them" in page.text


@pytest.mark.parametrize("role", Role)
def test_everybody_sees_partners_and_only_administrators_change_them(console: Console, role: Role) -> None:
    visitor = console.visitor(role)
    may = Permission.PARTNERS in PERMISSIONS[role]
    page = visitor.get("/partners")
    assert page.status == 200
    assert ("Enter a partner" in page.text) == may
    assert visitor.send("/partners/ping", {}, "/me").status == (200 if may else 403)
    assert visitor.get("/partners/10XPL-TSO------P").status == 404
    assert visitor.get("/partners/nonsense").status == 422


def test_the_right_to_send_in_the_hubs_place_is_given_only_to_who_says_that_he_knows_what_it_means(
    console: Console, pki: DemoPki
) -> None:
    boss, eic = console.visitor(Role.ADMINISTRATOR, "boss"), str(pki.supplier.eic)
    upload(boss, "/partners", {"eic": eic, "role": "supplier", "why": "new contract"}, pki.supplier.certificate_file)
    place, asked = f"/partners/{eic}", {"numbers": "8.1.1.5, 8.2.1.6", "why": "agreement 7"}
    refused = boss.send(f"{place}/as-the-hub", asked, place)
    assert (refused.status, "not ticked" in refused.text) == (409, True)
    assert "no message at all" in boss.get(place).text
    boss.send(f"{place}/as-the-hub", {**asked, "known": "true"}, place)
    assert "8.1.1.5, 8.2.1.6" in boss.get(place).text
    boss.send(f"{place}/as-the-hub", {"numbers": "", "why": "it has ended"}, place)
    assert "no message at all" in boss.get(place).text
    assert boss.send(f"{place}/as-the-hub", {**asked, "numbers": "<x>", "known": "true"}, place).status == 409
    assert boss.send(f"{place}/numbers", asked, place).status in (409, 422)
