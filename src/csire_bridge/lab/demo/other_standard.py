"""A bridge that speaks another standard, by files alone: its sample is played to signed answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from lxml import etree

from csire_bridge.config.resources import folder
from csire_bridge.config.settings import load_settings
from csire_bridge.domain.clock import Clock
from csire_bridge.domain.errors import PartnerFault
from csire_bridge.domain.identifiers import Eic, MessageId, MeteringPointCode, MeterNumber
from csire_bridge.domain.message.message import Channel
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.domain.protection import NOT_PROTECTED
from csire_bridge.lab.demo.stage import Stage, stage
from csire_bridge.pipeline.intake.receive import Arrival
from csire_bridge.store.queries.reports import OrderLine, order_lines
from csire_bridge.xml.parser import parse
from csire_bridge.xml.redate import redate
from csire_bridge.xml.schema.lexical import parse_moment
from csire_bridge.xml.security.certificates.keys import CertificateBook, TrustedCertificate, load_pins
from csire_bridge.xml.security.signature import sign_enveloped, verify_enveloped

__all__ = ["Played", "fresh", "other_standard", "play"]

_POINTS = (
    ("590243856287800005", "OTHER0000001", True, True),
    ("590243856287800012", "OTHER0000002", True, True),
    ("590243856287800029", "OTHER0000003", True, False),
    ("590243856287800036", None, False, True),
)
"""Point, meter, whether it has a contactor, whether its household is supplied: the last one can't be switched off."""
_QUICK = {"meter_pause_seconds": 0, "again_seconds": 0.05, "expiry_margin_seconds": 0.05, "recheck_seconds": 0.2}


@dataclass(frozen=True)
class Played:
    """What became of the sample: its orders, and what is wrong with what was answered."""

    orders: Sequence[OrderLine]
    answers: Sequence[Path]
    problems: Sequence[str]


@contextmanager
def other_standard(target: Path, clock: Clock) -> Iterator[Stage]:
    """A bridge in the folder ``target``, with the files of ``samples/other-standard`` and four points."""
    place = folder("samples") / "other-standard"
    settings = load_settings(
        environment=False, schemas=[place / "schemas"], mappings=[place / "mappings"], execution=_QUICK
    )
    points = [
        MeteringPoint(
            code=MeteringPointCode.parse(code),
            updated_at=clock(),
            meter=MeterNumber(meter) if meter else None,
            has_contactor=has_contactor,
            protection=NOT_PROTECTED,
            connected=connected,
        )
        for code, meter, has_contactor, connected in _POINTS
    ]
    with stage(target, clock, points=points, delay=(0.0, 0.1), settings=settings) as scene:
        yield scene


def fresh(clock: Clock) -> etree._Element:
    """The sample as if it was written now, under a reference that was never used."""
    raw = (folder("samples") / "other-standard" / "messages" / "work.xml").read_bytes()
    then = parse(raw)[0].get("at") or ""
    now = clock().replace(microsecond=0)
    root = parse(redate(raw, now - parse_moment(then)))
    root[0].set("ref", f"2026/{MessageId.new()[:8]}")
    return root


def play(scene: Stage, clock: Clock, patience: timedelta = timedelta(minutes=2)) -> Played:
    """Send the sample, have its orders carried out, and look at each answer: its schema and its signature."""
    raw = sign_enveloped(fresh(clock), scene.pki.hub.signing)
    scene.bridge.take_in(Channel.REPLAY, [Arrival("work.xml", raw)])
    until = clock() + patience
    while clock() < until and not _all_answered(scene):
        scene.bridge.worker.turn()
    answers = sorted((scene.bridge.settings.delivery_folder or Path()).glob("*.xml"))
    problems = [problem for answer in answers for problem in _wrong(scene, answer, clock())]
    orders = _orders(scene)
    if not orders or not all(line.answer_number for line in orders):
        problems.append("not every order was answered")
    return Played(orders, answers, problems)


def _orders(scene: Stage) -> list[OrderLine]:
    with scene.bridge.database.reading() as connection:
        return list(order_lines(connection))


def _all_answered(scene: Stage) -> bool:
    lines = _orders(scene)
    return bool(lines) and all(line.answer_number for line in lines)


def _wrong(scene: Stage, answer: Path, now: datetime) -> Iterator[str]:
    """What is wrong with an answer: its signature, or the standard's own schema refuses it."""
    try:
        verified = verify_enveloped(parse(answer.read_bytes()), CertificateBook([_ours(scene)]), now)
    except PartnerFault as fault:
        yield f"{answer.name}: {fault}"
        return
    catalogue = scene.bridge.standard.catalogue
    if not catalogue.decide(verified.tree):
        yield from (f"{answer.name}: {problem}" for problem in catalogue.explain(verified.tree))


def _ours(scene: Stage) -> TrustedCertificate:
    (certificate,) = load_pins(scene.pki.operator.certificate_file)
    return TrustedCertificate(Eic(scene.bridge.settings.own_eic), certificate)
