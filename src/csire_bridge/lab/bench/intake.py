"""Measures the intake: from a message's bytes to its order and signed receipt, all committed, beside the bare work."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

from lxml import etree
from sqlalchemy import func, select

from csire_bridge.domain.errors import OurFault
from csire_bridge.domain.message.message import Channel, MessageState, RawMessage
from csire_bridge.lab.bench.bare.work import BareStore, BareWork
from csire_bridge.lab.bench.scene import KEY_KINDS, Scene
from csire_bridge.lab.shared.measure import Track, peak_rss_mib, rate, ratio, round_sizes
from csire_bridge.lab.shared.workload import SignedMessage, Workload
from csire_bridge.lab.simulators.pki import Algorithm
from csire_bridge.pipeline.intake.receipt import Verdict, build
from csire_bridge.pipeline.intake.receive import Arrival
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.service.wiring.bridge import Bridge
from csire_bridge.store.tables import messages, orders

__all__ = ["IntakeReport", "measure_intake", "take_in_batches"]

_WARM_UP = 10
_ROUNDS = 10
_Work = Callable[[Sequence[SignedMessage]], None]


@dataclass(frozen=True)
class IntakeReport:
    """Rates are messages per second, the median of all rounds; ratios are ours to bare, the median likewise.

    ``batch`` messages share the two commits of ``ours``; in ``ours_one_by_one`` each message has its own.
    ``accepted`` counts the messages of both. ``early_rss_mib`` is the peak of memory after a tenth of the rounds.
    """

    messages: int
    rounds: int
    key_kind: str
    batch: int
    bare_per_second: float
    ours_per_second: float
    ours_one_by_one_per_second: float
    ratio: float
    ratio_one_by_one: float
    accepted: int
    peak_rss_mib: float
    early_rss_mib: float


def measure_intake(place: Path, count: int, algorithm: Algorithm, batch: int, track: Track) -> IntakeReport:
    """Take ``count`` messages in three ways, round by round in turn, with files in the empty folder ``place``.

    Raises OurFault when a message was not accepted: then the rates would mean nothing.
    """
    scene = Scene(place, algorithm)
    rates: dict[str, list[float]] = {"bare": [], "ours": [], "single": []}
    early_rss = 0.0
    with ExitStack() as stack:
        store = stack.enter_context(closing(BareStore(place / "bare.db")))
        ours = stack.enter_context(closing(scene.bridge("ours", batch)))
        works: dict[str, _Work] = {
            "bare": partial(_bare, scene.bare, store, _receipt()),
            "ours": partial(_ours, ours, batch),
            "single": partial(_ours, ours, 1),
        }
        _round(works, scene.workload, _WARM_UP)
        sizes = round_sizes(count, _ROUNDS)
        for number, size in enumerate(track(sizes, len(sizes)), 1):
            for name, pace in _round(works, scene.workload, size).items():
                rates[name].append(pace)
            works = dict(reversed(works.items()))  # no side always comes after the same other one
            early_rss = early_rss or (peak_rss_mib() if number * 10 >= len(sizes) else 0.0)
        accepted = _accepted(ours, 2 * (count + _WARM_UP)) - 2 * _WARM_UP
    return IntakeReport(
        messages=count,
        rounds=len(sizes),
        key_kind=KEY_KINDS[algorithm],
        batch=batch,
        bare_per_second=median(rates["bare"]),
        ours_per_second=median(rates["ours"]),
        ours_one_by_one_per_second=median(rates["single"]),
        ratio=ratio(rates["ours"], rates["bare"]),
        ratio_one_by_one=ratio(rates["single"], rates["bare"]),
        accepted=accepted,
        peak_rss_mib=peak_rss_mib(),
        early_rss_mib=early_rss,
    )


def _round(works: Mapping[str, _Work], workload: Workload, size: int) -> dict[str, float]:
    """The bare side and the batches get the same messages; one by one, the same bridge needs new ones."""
    chunk, fresh = workload.take(size), workload.take(size)
    return {name: rate(size, partial(work, fresh if name == "single" else chunk)) for name, work in works.items()}


def _bare(work: BareWork, store: BareStore, receipt: etree._Element, chunk: Sequence[SignedMessage]) -> None:
    for message in chunk:
        work.take(message.raw)
        store.keep(message.raw)
        work.sign(receipt)


def _ours(bridge: Bridge, batch: int, chunk: Sequence[SignedMessage]) -> None:
    take_in_batches(bridge, batch, [message.raw for message in chunk])


def take_in_batches(bridge: Bridge, batch: int, raws: Sequence[bytes]) -> None:
    """Have the bridge take messages in, ``batch`` of them with each commit."""
    for start in range(0, len(raws), batch):
        bridge.take_in(Channel.REPLAY, [Arrival("bench", raw) for raw in raws[start : start + batch]])


def _receipt() -> etree._Element:
    """A receipt such as the bridge signs, ready made."""
    now = system_clock()
    raw = RawMessage(1, Channel.REPLAY, "bench", now, hashlib.sha256(b"").hexdigest(), b"")
    return build(raw, Verdict.ACCEPTED, None)


def _accepted(bridge: Bridge, expected: int) -> int:
    """How many messages were accepted and have their order; raises OurFault when it is not the number expected."""
    query = (
        select(func.count())
        .select_from(messages)
        .join(orders, orders.c.source_message == messages.c.message_id)
        .where(messages.c.state == MessageState.ACCEPTED.value, messages.c.receipt.is_not(None))
    )
    with bridge.database.reading() as connection:
        found = connection.execute(query).scalar() or 0
    if found != expected:
        raise OurFault(f"only {found} of {expected} messages were accepted", "report it; the rates would mean nothing")
    return found
