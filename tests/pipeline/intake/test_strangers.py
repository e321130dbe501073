"""Strangers can't fill the disk: what they send is kept up to a budget, and what partners send is kept whole."""

from __future__ import annotations

import functools
import hashlib
import json
import tempfile
from pathlib import Path

import pytest

from csire_bridge.domain.identifiers import MessageId
from csire_bridge.lab.simulators.pki import DemoPki, make_demo_pki
from csire_bridge.pipeline.intake.receive import Arrival
from csire_bridge.store.queries.dossiers.evidence import exhibits
from csire_bridge.store.queries.search.message_search import message_file
from csire_bridge.xml.security.signature import sign_enveloped
from tests.support.webhook import Scene, bare, now, running, tree

pytestmark = pytest.mark.slow

MEGABYTE = 1024 * 1024
BUDGET = 4 * MEGABYTE


@functools.cache
def pki() -> DemoPki:
    return make_demo_pki(Path(tempfile.mkdtemp(prefix="strangers-")), now())


def kept(scene: Scene) -> list[tuple[int, int, bool]]:
    """Of each message how many bytes came, how many are kept, and whether its receipt is."""
    with scene.service.bridge.database.reading() as connection:
        files = [message_file(connection, line.key) for line in scene.journal()]
    facts = [file["message"] for file in files if file]
    return [(one["bytes"], one["bytes_kept"], one["has_receipt"]) for one in facts]


def on_disk(place: Path) -> int:
    return sum(file.stat().st_size for file in place.glob("bridge.db*"))


def test_given_garbage_without_an_end_then_the_database_grows_by_the_budget_and_no_more(tmp_path: Path) -> None:
    web = {"strangers_bytes_per_day": BUDGET}
    with running(tmp_path, pki(), web=web) as scene:
        answer = scene.service.bridge.reception.answer

        def garbage(count: int) -> None:
            for _ in range(count):
                (answered,) = answer([Arrival("webhook: 192.0.2.1", b"<" * (MEGABYTE - 10))])
                assert answered.receipt, "who sent it hears why"

        garbage(10)
        before = on_disk(tmp_path)
        garbage(30)
        assert on_disk(tmp_path) - before < 3 * MEGABYTE
        sizes = kept(scene)
        assert [size for _, size, _ in sizes] == [MEGABYTE - 10] * 3 + [512] * 37
        assert [receipt for _, _, receipt in sizes] == [True] * 3 + [False] * 37
        good = bare(pki())
        assert scene.post(good).status == 200
        assert kept(scene)[-1] == (len(good), len(good), True)


def test_given_no_room_for_strangers_then_what_a_partner_signed_is_kept_whole_also_when_it_is_refused(
    tmp_path: Path,
) -> None:
    with running(tmp_path, pki(), web={"strangers_bytes_per_day": 0}) as scene:
        wrong = sign_enveloped(tree(MeteringPointCode="x"), pki().hub.signing)
        altered = bare(pki()).replace(b"CK0345", b"CK0346")
        assert [scene.post(raw).status for raw in (wrong, altered)] == [422, 422]
        assert kept(scene) == [(len(wrong), len(wrong), True), (len(altered), 512, False)]
        line = scene.journal()[1]
        assert line.sha256 == hashlib.sha256(altered).hexdigest()


def test_given_garbage_first_then_a_message_with_a_new_certificate_still_waits_to_be_judged_again(
    tmp_path: Path,
) -> None:
    """What may be the hub's has a share of its own: garbage does not use it up."""
    with running(tmp_path, pki(), web={"strangers_bytes_per_day": 10_000}) as scene:
        for _ in range(4):
            scene.post(b"<" * 9000)
        unknown = sign_enveloped(tree(), pki().stranger.signing)
        assert scene.post(unknown).status == 422
        *_, last = kept(scene)
        assert last == (len(unknown), len(unknown), True)
        assert [size for _, size, _ in kept(scene)[1:4]] == [512] * 3


def test_given_evidence_of_a_message_that_was_cut_then_it_says_how_much_is_kept(tmp_path: Path) -> None:
    with running(tmp_path, pki(), web={"strangers_bytes_per_day": 0}) as scene:
        scene.post(b"<a>" + b"x" * 1000)
        message_id = MessageId.new()
        with scene.service.bridge.database.transaction() as tx:
            tx.connection.exec_driver_sql(f"update messages set message_id = '{message_id}'")  # noqa: S608 - ours
            found = dict(exhibits(tx.connection, message_id))
        assert found["1-message-1-first-512-of-1003-bytes.bin"] == b"<a>" + b"x" * 509
        assert "1-message-1.xml" not in found
        history = json.dumps(found["1-message-1-history.json"], default=str)
        assert "the first 512 are kept" in history
