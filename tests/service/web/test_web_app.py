"""The web application: one way to every endpoint."""

from __future__ import annotations

from pathlib import Path

from csire_bridge.lab.simulators.pki import make_demo_pki
from tests.support.webhook import bare, now, running


def test_given_a_failure_of_ours_then_it_is_told_in_a_sentence_and_the_endpoint_goes_on(tmp_path: Path) -> None:
    pki = make_demo_pki(tmp_path, now())
    with running(tmp_path, pki) as scene:
        bridge = scene.service.bridge
        partners, bridge._partners = bridge._partners, None  # type: ignore[assignment]
        answer = scene.post(bare(pki))
        assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
        assert answer.body == b"the bridge itself failed; send it again"
        bridge._partners = partners
        assert scene.post(bare(pki)).status == 200
