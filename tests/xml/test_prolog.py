"""The prolog before a root element: found by plain scanning, the same on every interpreter."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import csire_bridge
from csire_bridge.channels.hub.payload_bytes import bare
from csire_bridge.xml.prolog import end_of_prolog

SOURCE = Path(csire_bridge.__file__).parent
WHOLE = [b" ", b"\n\t\r", b"<!---->", b"<!-- > - -- -->", b"<?p?>", b"<?p ? > ??>", b'<?xml version="1.0"?>']


@given(st.lists(st.sampled_from(WHOLE), max_size=8).map(b"".join), st.sampled_from([b"<a/>", b"<!DOCTYPE a>", b"x"]))
def test_given_any_prolog_then_what_follows_it_is_found(prolog: bytes, rest: bytes) -> None:
    assert end_of_prolog(prolog + rest) == len(prolog)
    assert bare(prolog + rest) == rest


@pytest.mark.parametrize("rest", [b"<!--", b"<!-- ->", b"<?p", b"<?p ? >", b"<!->-->", b"", b"<"])
def test_given_a_piece_without_an_end_then_the_prolog_ends_before_it(rest: bytes) -> None:
    assert end_of_prolog(b"<?p?> <!--x-->\n" + rest) == len(b"<?p?> <!--x-->\n")


def patterns(tree: ast.AST) -> Iterator[str]:
    """Texts that a file hands to a function of ``re``, without what stands in brackets."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="re")), args=[pattern, *_]):
                for part in ast.walk(pattern):
                    if isinstance(part, ast.Constant) and isinstance(part.value, str | bytes):
                        text = part.value if isinstance(part.value, str) else part.value.decode("latin-1")
                        yield re.sub(r"\\.|\[\^?\]?[^\]]*\]", "x", text)


def test_given_the_source_then_no_expression_is_one_that_python_3_11_2_reads_wrongly() -> None:
    """Possessive quantifiers and atomic groups match nothing there where they should match."""
    files = sorted(SOURCE.rglob("*.py"))
    found = [(file, text) for file in files for text in patterns(ast.parse(file.read_bytes()))]
    assert len(found) > 30
    assert [(file.name, text) for file, text in found if re.search(r"[*+?}]\+|\(\?>", text)] == []
