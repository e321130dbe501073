"""Certificates are told 60 days ahead, a partner's and our own, and no day sooner."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path

import pytest

from csire_bridge.config.settings import load_settings
from csire_bridge.domain.operations.alerts import AlertKind
from csire_bridge.lab.simulators.pki import make_demo_pki
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.service.wiring.bridge import Bridge
from csire_bridge.store.database import make_current
from csire_bridge.worker.alert_job import Watch
from csire_bridge.worker.certificate_job import AHEAD, Certificates, NamedCertificate, own_certificates
from csire_bridge.xml.security.certificates.partner_book import PartnerBook
from tests.support.alerts import open_alerts
from tests.support.defaults import PARTNER_WAIT, RESULT_WAIT
from tests.support.logs import told
from tests.support.tls_servers import DAY, Authority

NOW = system_clock()
NOBODY = PartnerBook.of([], [])


def named(whose: str, left: timedelta) -> NamedCertificate:
    return NamedCertificate(whose, "ab" * 32, NOW + left)


@pytest.mark.parametrize(
    ("left", "told"),
    [
        (AHEAD + timedelta(seconds=1), False),
        (AHEAD, True),
        (timedelta(days=1), True),
        (timedelta(days=-1), True),
    ],
)
def test_given_a_certificate_then_it_is_told_from_60_days_before_its_end_on(left: timedelta, told: bool) -> None:
    found = Certificates(lambda: [named("our signature", left)], lambda: NOBODY)
    assert bool(found.alerts(NOW)) is told
    assert bool(found.ending(NOW)) is told


def test_given_one_that_has_ended_beside_a_good_one_of_the_same_owner_then_it_is_not_told_any_more() -> None:
    old, new = named("partner X", timedelta(days=-1)), named("partner X", timedelta(days=300))
    assert Certificates(lambda: [old, new], lambda: NOBODY).ending(NOW) == []


def test_given_our_own_and_the_hubs_certificate_when_60_days_are_left_then_an_alert_opens_for_each_and_names_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pki = make_demo_pki(tmp_path, system_clock())
    settings = load_settings(
        environment=False,
        database=f"sqlite:///{tmp_path / 'bridge.db'}",
        signing_key=pki.operator.key_file,
        signing_certificate=pki.operator.certificate_file,
        partners=[{"eic": pki.hub.eic, "certificates": [pki.hub.certificate_file]}],
    )
    make_current(settings.database)
    with Bridge(settings) as bridge:
        (end,) = {pinned.certificate.not_valid_after_utc for pinned in bridge.partners.certificates}

        def look(moment_before_end: timedelta) -> list[AlertKind]:
            moment = end - moment_before_end
            watch = Watch(
                bridge.database,
                lambda: moment,
                result_wait=RESULT_WAIT,
                partner_wait=PARTNER_WAIT,
                further=bridge.certificates.alerts,
            )
            return [alert.kind for alert in watch.look()]

        assert look(AHEAD + timedelta(minutes=1)) == []
        assert look(AHEAD - timedelta(minutes=1)) == [AlertKind.CERTIFICATES] * 2
        assert look(AHEAD - timedelta(days=1)) == [], "told once"
        with bridge.database.reading() as connection:
            assert set(open_alerts(connection)) == {AlertKind.CERTIFICATES}
        with caplog.at_level(logging.WARNING):
            bridge.certificates.tell(end - timedelta(days=10))
    assert {"our signature", f"partner {pki.hub.eic}"} <= {line["whose"] for line in told(caplog, "certificate.ends")}


def test_given_certificates_of_our_doors_then_each_is_told_with_its_door_and_a_renewed_one_no_more(
    tmp_path: Path,
) -> None:
    authority = Authority(tmp_path)
    ending, fresh = authority.issue(until=NOW + 20 * DAY), authority.issue(until=NOW + 300 * DAY)
    tls = {"certificate": ending.certificate, "key": ending.key}
    settings = load_settings(environment=False, web={"tls": tls, "operations": {"tls": tls}})
    certificates = Certificates(lambda: own_certificates(settings), lambda: NOBODY)
    assert len({named.whose for named in certificates.ending(NOW)}) == 2
    [alert] = certificates.alerts(NOW)
    assert (alert.level, "our TLS at" in alert.text(NOW)) == (2, True), "one alert for one certificate, at 30 days"
    ending.certificate.write_bytes(b"half a renewal")
    assert len(certificates.alerts(NOW)) == 1, "the one that was read before"
    ending.certificate.write_bytes(fresh.certificate.read_bytes())
    assert certificates.alerts(NOW) == []


@pytest.mark.parametrize(
    ("left", "stage"), [(61, 0), (60, 1), (30, 2), (29, 2), (14, 3), (7, 4), (1, 5), (0, 6), (-3, 6)]
)
def test_a_certificate_has_a_further_stage_at_60_30_14_7_and_1_days_and_when_it_has_ended(
    left: int, stage: int
) -> None:
    assert named("our signature", timedelta(days=left)).stage(NOW) == stage
