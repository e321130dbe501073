"""An archive of evidence: every stored layer of a message, the story of it, and the hashes of all files."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from csire_bridge.api.evidence.page import STYLE, page, style
from csire_bridge.domain.errors import ActionRefused, StoreFailure
from csire_bridge.domain.identifiers import MessageId
from csire_bridge.store.queries.dossiers.evidence import Exhibit, exhibits, message_exhibits
from csire_bridge.store.tables import messages

__all__ = ["Evidence", "evidence_of", "evidence_of_message", "files_in", "subject_of"]

_MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Evidence:
    """The archive. ``files`` counts what is in it, ``archived`` are remarks on what retention has taken elsewhere."""

    zip: bytes
    files: int
    archived: Sequence[str]


def subject_of(wanted: MessageId | int) -> str:
    """What it is about, as the audit has it: a message, or an order by its key."""
    return f"order {wanted}" if isinstance(wanted, int) else f"message {wanted}"


def evidence_of(connection: Connection, wanted: MessageId | int, now: datetime) -> Evidence:
    """Everything about a message of the hub, an answer of ours, or an order, as it is at ``now`` (UTC).

    Raises ActionRefused if there is no such thing, StoreFailure if bytes are not those that were stored.
    """
    subject, shown = subject_of(wanted), list(exhibits(connection, wanted))
    if not shown:
        raise ActionRefused(f"no {subject} is in the journal", "look it up, or name another database")
    return _packed(shown, subject, now)


def _packed(shown: Sequence[Exhibit], subject: str, now: datetime) -> Evidence:
    files = {name: _bytes(content) for name, content in shown}
    _compare_with_stored(files)
    files |= {"summary.html": page(subject, now, shown, _hashes(files)), STYLE: style()}
    manifest = {"subject": subject, "exported_at": now.isoformat(timespec="seconds"), "sha256": _hashes(files)}
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(_MANIFEST, _bytes(manifest))
        for name, content in files.items():
            archive.writestr(name, content)
    return Evidence(target.getvalue(), len(files), _archived(files))


def evidence_of_message(connection: Connection, key: int, now: datetime) -> Evidence | None:
    """The same for the message of that key in the journal; None if there is none. One without a proven id
    that led to no order stands alone in it."""
    row = connection.execute(select(messages.c.message_id).where(messages.c.key == key)).one_or_none()
    if row is None:
        return None
    wanted = MessageId(row.message_id) if row.message_id else None
    return _packed(
        list(exhibits(connection, wanted) if wanted else message_exhibits(connection, key)), f"message {key}", now
    )


def files_in(file: Path) -> int:
    """How many files an archive has. Raises StoreFailure if one was changed, added or taken away, or it is none of
    ours."""
    try:
        with zipfile.ZipFile(file) as archive:
            hashes: dict[str, str] = json.loads(archive.read(_MANIFEST))["sha256"]
            names = set(archive.namelist()) - {_MANIFEST}
            files = {name: archive.read(name) for name in names}
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise StoreFailure(f"{file} is no evidence of ours: {error}") from error
    wrong = [name for name in sorted(names | set(hashes)) if _hash(files.get(name)) != hashes.get(name)]
    if wrong:
        raise StoreFailure(f"these files were changed, added or taken away: {', '.join(wrong)}")
    _compare_with_stored(files)
    return len(files)


def _archived(files: Mapping[str, bytes]) -> list[str]:
    return [
        f"{name}: {text.decode().splitlines()[0]}" for name, text in files.items() if name.endswith("-archived.txt")
    ]


def _hashes(files: Mapping[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}


def _hash(content: bytes | None) -> str | None:
    return None if content is None else hashlib.sha256(content).hexdigest()


def _bytes(content: Exhibit | Any) -> bytes:
    if isinstance(content, bytes):
        return content
    return json.dumps(content, indent=2, ensure_ascii=False, default=str).encode("utf-8")


def _compare_with_stored(files: Mapping[str, bytes]) -> None:
    """Check that the bytes of messages and answers have the hash that was stored with them."""
    for name, content in files.items():
        facts = f"{name.removesuffix('.xml')}.json"
        if name.endswith(".xml") and facts in files:
            stored = json.loads(files[facts]).get("sha256")
            if stored is not None and stored != hashlib.sha256(content).hexdigest():
                raise StoreFailure(f"{name} is not what was stored: its hash has changed")
