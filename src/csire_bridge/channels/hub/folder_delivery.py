"""Delivery into a folder: each answer becomes a file, written completely or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from csire_bridge.domain.errors import PartnerRefused, StoreFailure
from csire_bridge.domain.message.documents import Delivery, OutgoingDocument

__all__ = ["FolderChannel"]


class FolderChannel:
    """Writes ``NUMBER_MESSAGE-ID.xml`` into ``folder``. Writing the same document again changes nothing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def deliver(self, document: OutgoingDocument) -> Delivery:
        """Write the document durably and return its place; raises StoreFailure when the folder can't be written."""
        target = self._folder / f"{document.number}_{document.message_id}.xml"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if target.exists():
                return self._seen_before(target, document)
            partial = target.with_suffix(".partial")
            with partial.open("wb") as stream:
                stream.write(document.document)
                stream.flush()
                os.fsync(stream.fileno())
            partial.replace(target)
        except OSError as error:
            raise StoreFailure(
                f"{target} can't be written: {error.strerror}", "look at free space and permissions of the folder"
            ) from error
        return Delivery(str(target))

    def _seen_before(self, target: Path, document: OutgoingDocument) -> Delivery:
        if target.read_bytes() != document.document:
            raise PartnerRefused(
                "other-content", f"{target} exists with other content", "move the file away and release the document"
            )
        return Delivery(str(target))
