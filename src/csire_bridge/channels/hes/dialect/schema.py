"""The compiled schema of a dialect, one for each thread: a shared one would mix up the error logs."""

from __future__ import annotations

import threading
from pathlib import Path

from lxml import etree

from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.xml.schema.compile import compile_schema

__all__ = ["compiled_schema"]

_local = threading.local()


def compiled_schema(file: Path) -> etree.XMLSchema:
    """This thread's compiled schema; raises ConfigurationError."""
    compiled: dict[Path, etree.XMLSchema] = _local.__dict__.setdefault("schemas", {})
    if file not in compiled:
        try:
            compiled[file] = compile_schema(etree.parse(str(file)))
        except (OSError, etree.LxmlError) as error:
            raise ConfigurationError(f"the schema {file} can't be used: {error}", "correct the schema") from error
    return compiled[file]
