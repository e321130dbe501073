"""Compiling schemas, one at a time: libxml2 refuses good schemas when two threads compile at once."""

from __future__ import annotations

import threading

from lxml import etree

__all__ = ["compile_schema"]

_one_at_a_time = threading.Lock()


def compile_schema(document: etree._ElementTree | etree._Element) -> etree.XMLSchema:
    """Compile a schema document; raises etree.XMLSchemaParseError. The result is for one thread only."""
    with _one_at_a_time:
        return etree.XMLSchema(document)
