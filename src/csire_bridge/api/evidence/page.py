"""The page that tells the story of an archive of evidence: message, signer, verdicts, order, events, answer, result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from csire_bridge.domain.errors import BridgeError
from csire_bridge.sheets.cells import local
from csire_bridge.store.queries.dossiers.evidence import Exhibit
from csire_bridge.xml.parser import parse
from csire_bridge.xml.reading.signature_facts import signature_facts

__all__ = ["STYLE", "page", "style"]

STYLE = "summary.css"
_PAGES = Path(__file__).parent / "pages"
_UNTOLD = frozenset(
    {"key", "version", "generation", "raw", "document", "receipt", "partner_answer", "work", "again_at"}
)


@dataclass(frozen=True, slots=True)
class _Section:
    title: str
    pl: str
    facts: Sequence[tuple[str, str]]
    history: Sequence[tuple[str, str, str]] = ()


def style() -> bytes:
    """The style sheet beside the page."""
    return (_PAGES / STYLE).read_bytes()


def page(subject: str, exported_at: datetime, exhibits: Sequence[Exhibit], hashes: Mapping[str, str]) -> bytes:
    """The page, as UTF-8."""
    told = Environment(loader=FileSystemLoader(_PAGES), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    text = told.get_template("summary.html.j2").render(
        subject=subject,
        exported_at=local(exported_at),
        sections=list(_sections(dict(exhibits))),
        hashes=sorted(hashes.items()),
    )
    return text.encode("utf-8")


def _sections(files: Mapping[str, Any]) -> Iterator[_Section]:
    for name, content in files.items():
        stem = name.removesuffix(".json")
        if not name.endswith(".json") or isinstance(content, list):
            continue
        if stem.startswith("1-message") and "-verdict-" not in stem:
            yield _with_history("Message", "Komunikat", stem, files)
        elif "-verdict-" in stem:
            yield _Section("Verdict that was taken back", "Cofnięta ocena", _facts(content))
        elif stem == "2-order":
            yield _with_history("Order", "Zlecenie", stem, files)
        elif stem == "2-order-guards":
            yield from _guards(content)
        elif stem.startswith("3-head-end-event"):
            yield _Section("Event of the head-end system", "Zdarzenie z systemu zdalnego odczytu", _facts(content))
        elif stem.startswith("4-answer"):
            yield _with_history("Answer", "Odpowiedź", stem, files)
        elif stem.startswith("5-result"):
            yield _with_history("Result of the hub (R_1)", "Rezultat operacji (R_1)", stem, files)


def _with_history(title: str, pl: str, stem: str, files: Mapping[str, Any]) -> _Section:
    lines = files.get(f"{stem}-history.json", ())
    history = [(local(line["at"]), str(line.get("step") or line.get("state") or ""), line["text"]) for line in lines]
    raw = files.get(f"{stem}.xml")
    signer = list(_signer(raw)) if isinstance(raw, bytes) else []
    return _Section(title, pl, [*_facts(files[f"{stem}.json"]), *signer], history)


def _facts(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        (name.replace("_", " "), local(value) if isinstance(value, datetime) else str(value))
        for name, value in row.items()
        if value is not None and name not in _UNTOLD
    ]


def _guards(guards: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterator[_Section]:
    for name, rows in guards.items():
        for row in rows:
            yield _Section(f"Guard: {name.replace('_', ' ')}", "Blokada lub zabezpieczenie", _facts(row))


def _signer(raw: bytes) -> Iterator[tuple[str, str]]:
    """What the document itself says of its signature; the verdict stands in its history."""
    try:
        found = signature_facts(parse(raw, max_bytes=max(len(raw), 1)))
    except BridgeError as error:
        yield "signature", f"can't be read: {error}"
        return
    if found is None:
        yield "signature", "none in the document"
        return
    yield "signature algorithm", found.algorithm
    if found.signed_as is None or found.since is None or found.until is None:
        yield "certificate", "can't be read from the document"
        return
    yield "signed with the certificate of", found.signed_as
    yield "issued by", found.issuer or ""
    yield "valid", f"{local(found.since)} to {local(found.until)}"
    yield "SHA-256 of the certificate", found.fingerprint or ""
