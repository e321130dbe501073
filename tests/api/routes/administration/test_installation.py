"""Partners, certificates and settings over the API, by the same use cases as the commands."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from csire_bridge.channels.hub.probe.findings import ProbeStep
from csire_bridge.domain.people.roles import Role
from csire_bridge.lab.simulators.pki import make_demo_pki
from csire_bridge.worker.certificate_job import NamedCertificate
from tests.support.api import Api, Caller
from tests.support.store import NOW

WHY = {"why": "new contract"}


@pytest.mark.every_database
def test_a_partner_is_entered_changed_and_its_certificate_withdrawn(caller: Caller, tmp_path: Path) -> None:
    supplier = make_demo_pki(tmp_path, NOW).supplier
    eic, pem = str(supplier.eic), supplier.certificate_file.read_text()
    assert caller.post(f"/partners/{eic}", {**WHY, "role": "supplier"}).status_code == 409
    done = caller.post(f"/partners/{eic}", {**WHY, "role": "supplier", "certificates": [pem]})
    assert done.status_code == 200, done.text
    assert caller.post(f"/partners/{eic}", {**WHY, "per_minute": 77}).status_code == 200
    (known,) = [one for one in caller.get("/partners").json()["items"] if one["eic"] == eic]
    assert (known["role"], known["per_minute"], known["source"]) == ("supplier", 77, ["table"])
    (certificate,) = known["certificates"]
    assert certificate["condition"] in ("good", "expiring")
    gone = caller.post(f"/partners/{eic}/withdraw", {**WHY, "fingerprint": certificate["fingerprint"][:12]})
    assert gone.json()["withdrawn"] == certificate["fingerprint"]
    one = caller.get(f"/partners/{eic}").json()
    assert one["certificates"][0]["condition"] == "withdrawn"
    assert one["messages"] == {}
    assert len(caller.get(f"/partners/{eic}/history").json()["items"]) == 4
    assert caller.get("/partners/10XPL-TSO------P").status_code == 404


def test_certificates_are_told_with_the_days_that_are_left(api: Api, caller: Caller) -> None:
    api.certificates[:] = [
        NamedCertificate("our signature", "ab" * 32, api.now + timedelta(days=400)),
        NamedCertificate("partner X", "cd" * 32, api.now + timedelta(days=12)),
    ]
    found = caller.get("/certificates").json()["items"]
    assert [(one["whose"], one["days_left"]) for one in found] == [("partner X", 12), ("our signature", 400)]


def test_the_connection_to_the_hub_is_tested(api: Api, caller: Caller) -> None:
    api.pinged[:] = [ProbeStep("dns", True, "found"), ProbeStep("tcp", False, "no answer", "ask them")]
    told = caller.post("/hub/ping", {}).json()
    assert (told["ok"], [step["name"] for step in told["steps"]]) == (False, ["dns", "tcp"])


def test_settings_are_told_with_their_source(caller: Caller) -> None:
    (port,) = caller.get("/settings", below="web.port").json()["items"]
    assert (port["value"], port["source"], port["changed"]) == (8080, "default", False)


@pytest.mark.parametrize("role", Role)
def test_only_administrators_change_partners_and_see_settings(api: Api, role: Role) -> None:
    caller = Caller(api, api.session("somebody", role))
    allowed = role is Role.ADMINISTRATOR
    assert caller.get("/partners").status_code == caller.get("/certificates").status_code == 200
    assert (caller.get("/settings").status_code == 200) == allowed
    assert (caller.post("/partners/10XPL-TSO------P", WHY).status_code == 403) != allowed
    assert (caller.post("/hub/ping", {}).status_code == 403) != allowed
