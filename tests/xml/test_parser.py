"""The one hardened parser: hostile bytes are the normal case, and end in one kind of refusal, fast."""

from __future__ import annotations

import codecs
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree

from csire_bridge.domain.errors import ProblemCode, Unreadable
from csire_bridge.xml.parser import (
    BYTES_PER_ELEMENT,
    DEFAULT_MAX_BYTES,
    FREE_ELEMENTS,
    FREE_EQUALS,
    MAX_ATTRIBUTES,
    MAX_DECLARATIONS,
    MAX_DEPTH,
    MAX_ELEMENTS,
    MAX_NAMESPACE_LENGTH,
    MAX_NAMESPACES,
    parse,
)
from tests.support.chance import examples

BOM = codecs.BOM_UTF8
DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'
DTD = b'<!DOCTYPE a [<!ENTITY x "boom">]>'
BOMB = (
    b'<!DOCTYPE a [<!ENTITY a0 "ha">'
    + b"".join(b'<!ENTITY a%d "&a%d;&a%d;&a%d;&a%d;">' % (i, *[i - 1] * 4) for i in range(1, 15))
    + b"]><a>&a14;</a>"
)


def refusal(raw: bytes, max_bytes: int = DEFAULT_MAX_BYTES) -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        parse(raw, max_bytes)
    for problem in caught.value.problems:
        assert problem.text
        assert problem.remedy
    return caught.value


# --- what is read


@pytest.mark.parametrize(
    "raw",
    [
        b"<a>\xc4\x85</a>",
        DECLARATION + b"<a>\xc4\x85</a>",
        BOM + DECLARATION + b"<a>\xc4\x85</a>",
        BOM + b"<a>\xc4\x85</a>\n",
        b"<?xml version='1.0' encoding='utf-8' standalone='yes'?><a>\xc4\x85</a>",
        b"<!-- before --><?note?><a>\xc4\x85</a><!-- after --><?note?>",
        b"<a><![CDATA[\xc4\x85]]></a>",
        b"<a>&#x105;</a>",
        b"<a><!-- -->\xc4\x85<!-- --></a>",
    ],
)
def test_given_utf_8_in_any_harmless_dress_when_parsed_then_the_text_is_whole(raw: bytes) -> None:
    root = parse(raw)
    assert (root.tag, root.text, len(root)) == ("a", "ą", 0)


def test_given_comments_inside_a_value_when_parsed_then_they_are_gone_and_the_value_is_whole() -> None:
    root = parse(b"<a><b>590243856<!-- x -->287817706</b><!-- <b>1</b> --></a>")
    assert [e.text for e in root] == ["590243856287817706"]
    assert etree.tostring(root) == b"<a><b>590243856287817706</b></a>"


def test_given_lines_when_parsed_then_elements_know_the_line_of_the_bytes_as_received() -> None:
    line: object = parse(BOM + DECLARATION + b"<!--\n\n--><a>\n<b/></a>")[0].sourceline
    assert line == 5


def test_given_the_predefined_entities_when_parsed_then_they_are_read() -> None:
    assert parse(b"<a>&lt;&amp;&gt;&quot;&apos;</a>").text == "<&>\"'"


# --- document type declarations and entities


@pytest.mark.parametrize(
    "before",
    [
        b"",
        b" ",
        b"\n\t\r ",
        DECLARATION,
        DECLARATION + b"<!-- c -->",
        b"<!-- <a> -->",
        b"<!----><!-- - -->",
        b"<?pi?>",
        b"<?pi ? > ?>" + b"<!--x-->" * 50,
        b"<?xml-stylesheet href='x'?>\n<!-- -->",
        BOM,
        BOM + DECLARATION,
        BOM + b" <!-- \xc4\x85 -->",
    ],
)
@pytest.mark.parametrize(
    "dtd",
    [
        DTD,
        b"<!DOCTYPE a>",
        b"<!DOCTYPE\na SYSTEM 'file:///etc/passwd'>",
        b"<!DOCTYPE a PUBLIC 'x' 'http://127.0.0.1:9/x.dtd'>",
        b"<!DOCTYPE a [<!ENTITY % p SYSTEM 'http://127.0.0.1:9/p'> %p;]>",
    ],
)
def test_given_a_dtd_wherever_it_may_stand_when_parsed_then_it_is_refused_as_a_dtd(before: bytes, dtd: bytes) -> None:
    assert refusal(before + dtd + b"<a>&x;</a>").code is ProblemCode.DTD


@pytest.mark.parametrize(
    "raw",
    [
        BOM + BOM + DTD + b"<a>&x;</a>",
        BOM + BOM + b'<?xml version="1.0" encoding="ISO-8859-2"?><a>x</a>',
        BOM + b" " + BOM + DTD + b"<a/>",
        b"<a>" + DTD + b"</a>",
        b"<a/>" + DTD,
        b"<!doctype a><a/>",
        b"<!-->" + DTD + b"--><a/>" + DTD,
        b"<!-- -- >" + DTD + b"<a/>",
    ],
)
def test_given_a_dtd_in_disguise_when_parsed_then_it_is_refused_all_the_same(raw: bytes) -> None:
    assert refusal(raw).code in (ProblemCode.DTD, ProblemCode.ENCODING, ProblemCode.NOT_WELL_FORMED)


@given(
    prolog=st.lists(
        st.sampled_from([b" ", b"\n", b"<!---->", b"<!-- > -->", b"<?p?>", b"<?p ?? >?>", BOM, DECLARATION, b"<!--"]),
        max_size=6,
    ).map(b"".join)
)
def test_given_any_prolog_before_a_dtd_when_parsed_then_no_tree_ever_has_one(prolog: bytes) -> None:
    refusal(prolog + DTD + b"<a>&x;</a>")


@pytest.mark.parametrize(
    "raw", [b"<a>&x;</a>", b"<a b='&x;'/>", b"<a>&#0;</a>", b"<a>&#xFFFE;</a>", b"<a>&#xD800;</a>"]
)
def test_given_an_entity_that_nobody_declared_when_parsed_then_it_is_not_well_formed(raw: bytes) -> None:
    assert refusal(raw).code is ProblemCode.NOT_WELL_FORMED


def test_given_an_entity_bomb_when_parsed_then_it_is_refused() -> None:
    assert refusal(BOMB).code is ProblemCode.DTD


@pytest.mark.parametrize("piece", [b"<!-- x -->", b"<?p?>", b" ", b"<!--", b"<?", b"<!-", b"-->", b"<!--->", b"<?>"])
def test_given_a_prolog_as_long_as_the_limit_when_parsed_then_it_is_refused(piece: bytes) -> None:
    raw = piece * ((DEFAULT_MAX_BYTES - 100) // len(piece)) + DTD
    refusal(raw)


# --- encodings


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "utf-7"])
@pytest.mark.parametrize("declared", [True, False])
def test_given_another_unicode_encoding_when_parsed_then_it_is_refused(encoding: str, declared: bool) -> None:
    name = encoding.upper()[:6]
    text = (f'<?xml version="1.0" encoding="{name}"?>' if declared else "") + "<a>ą</a>"
    if encoding == "utf-7" and not declared:
        return  # plain ASCII that says nothing of UTF-7 is read as the UTF-8 that it also is
    assert refusal(text.encode(encoding)).code is ProblemCode.ENCODING


@pytest.mark.parametrize(
    "name", ["ISO-8859-1", "iso-8859-2", "windows-1250", "UTF-16", "UCS-4", "UTF-7", "EBCDIC-CP-US", "x"]
)
@pytest.mark.parametrize("bom", [b"", BOM])
def test_given_another_declared_encoding_when_parsed_then_it_is_refused_even_if_the_bytes_are_utf_8(
    name: str, bom: bytes
) -> None:
    raw = bom + f"<?xml version='1.0'\n encoding = '{name}' ?><a>ą</a>".encode()
    found = refusal(raw)
    assert found.code is ProblemCode.ENCODING
    assert name in found.problems[0].text


@pytest.mark.parametrize(
    "raw",
    [
        "<a>zaległość</a>".encode("iso-8859-2"),
        b"<a>\xe9</a>",
        b"<a>\xc0\xaf</a>",  # overlong
        b"<a>\xed\xa0\x80</a>",  # a surrogate
        b"<a>\xf4\x90\x80\x80</a>",  # beyond Unicode
        b"<a>\xc4</a>",
        b"\xff\xfe<a/>",
        b"<a>\x00</a>",
        b"<a/>\x00",
        b"\x00<a/>",
    ],
)
def test_given_bytes_that_are_not_utf_8_or_hold_nulls_when_parsed_then_it_is_the_encoding(raw: bytes) -> None:
    assert refusal(raw).code is ProblemCode.ENCODING


# --- size and depth


def test_given_the_limit_when_parsed_then_a_document_of_that_size_is_read_and_one_byte_more_is_not() -> None:
    raw = b"<a>" + b"x" * 93 + b"</a>"
    assert len(raw) == 100
    assert parse(raw, 100).tag == "a"
    found = refusal(raw + b" ", 100)
    assert found.code is ProblemCode.TOO_LARGE
    assert "101 bytes" in found.problems[0].text


def nested(depth: int) -> bytes:
    return b"<a>\n" * depth + b"</a>" * depth


def test_given_the_deepest_nesting_when_parsed_then_it_is_read_and_one_level_more_is_not() -> None:
    assert parse(nested(MAX_DEPTH)).tag == "a"
    found = refusal(nested(MAX_DEPTH + 1))
    assert found.code is ProblemCode.TOO_LARGE
    assert found.problems[0].line == MAX_DEPTH + 1


@pytest.mark.parametrize("depth", [257, 5000, 100_000])
def test_given_nesting_far_beyond_when_parsed_then_nothing_breaks(depth: int) -> None:
    found = refusal(b"<a>" * depth + b"</a>" * depth)
    assert found.code in (ProblemCode.NOT_WELL_FORMED, ProblemCode.TOO_LARGE)


@pytest.mark.parametrize(
    "raw",
    [
        b"<a " + b" ".join(b'a%d="x"' % i for i in range(60_000)) + b"/>",
        b"<a>" + b"<b/>" * 200_000 + b"</a>",
        b"<a " + b" ".join(b'xmlns:n%d="urn:%d"' % (i, i) for i in range(20_000)) + b"/>",
        b"<" + b"a" * 900_000 + b"/>",
        b"<a b='" + b"x" * 900_000 + b"'/>",
    ],
    ids=["attributes", "children", "namespaces", "a long name", "a long value"],
)
def test_given_a_document_that_is_wide_when_parsed_then_it_is_read_or_refused(raw: bytes) -> None:
    assert len(raw) <= DEFAULT_MAX_BYTES
    try:
        parse(raw)
    except Unreadable as error:
        assert error.code in (ProblemCode.NOT_WELL_FORMED, ProblemCode.TOO_LARGE)


@pytest.mark.parametrize(
    "raw",
    [
        b"<a " + b" ".join(b'a%d="x"' % i for i in range(MAX_ATTRIBUTES + 1)) + b"/>",
        b"<a>" + b"<b/>" * MAX_ELEMENTS + b"</a>",
        b"<a " + b" ".join(b'xmlns:n%d="urn:%d"' % (i, i) for i in range(MAX_NAMESPACES + 1)) + b"/>",
        b"<a xmlns='" + b"u" * (MAX_NAMESPACE_LENGTH + 1) + b"'/>",
    ],
    ids=["attributes", "elements", "namespaces", "a long namespace"],
)
def test_given_more_than_canonicalisation_can_bear_when_parsed_then_it_is_refused(raw: bytes) -> None:
    assert refusal(raw).code is ProblemCode.TOO_LARGE


def test_given_too_many_elements_when_parsed_then_the_line_of_the_first_beyond_the_limit_is_told() -> None:
    line = b"<b>" + b"x" * BYTES_PER_ELEMENT + b"</b>\n"
    assert refusal(b"<a>\n" + line * (MAX_ELEMENTS + 5) + b"</a>").problems[0].line == MAX_ELEMENTS + 1
    assert parse(b"<a>\n" + line * (MAX_ELEMENTS - 1) + b"</a>").tag == "a"


def test_given_more_elements_than_the_size_allows_when_parsed_then_the_document_is_refused() -> None:
    assert parse(b"<a>" + b"<b/>" * (FREE_ELEMENTS - 1) + b"</a>").tag == "a"
    assert refusal(b"<a>" + b"<b/>" * FREE_ELEMENTS + b"</a>").code is ProblemCode.TOO_LARGE


def test_given_more_attributes_than_the_size_allows_when_parsed_then_the_document_is_refused() -> None:
    element = b"<b" + b"".join(b' a%d=""' % i for i in range(50)) + b"/>"
    assert parse(b"<a>" + element * (FREE_EQUALS // 50) + b"</a>").tag == "a"
    assert refusal(b"<a>" + element * (FREE_EQUALS // 50 + 1) + b"</a>").code is ProblemCode.TOO_LARGE


def test_given_many_prefixes_of_one_uri_when_parsed_then_each_declaration_counts() -> None:
    """One after the other they may be many; in force at once they may not."""
    spread = b"".join(b"<p%d:b xmlns:p%d='urn:x'>%s</p%d:b>" % (i, i, b"x" * 40, i) for i in range(MAX_DECLARATIONS))
    assert parse(b"<a>" + spread + b"</a>").tag == "a"
    assert refusal(b"<a>" + spread + b"<p:b xmlns:p='urn:x'/></a>").code is ProblemCode.TOO_LARGE
    for most, expected in ((MAX_NAMESPACES, None), (MAX_NAMESPACES + 1, ProblemCode.TOO_LARGE)):
        nested_prefixes = b"".join(b"<b xmlns:p%d='urn:x'>" % i for i in range(most // 2))
        at_the_root = b"".join(b" xmlns:q%d='urn:x'" % i for i in range(most - most // 2))
        raw = b"<a" + at_the_root + b">" + nested_prefixes + b"</b>" * (most // 2) + b"</a>"
        assert verdict(raw) is expected


def verdict(raw: bytes) -> ProblemCode | None:
    try:
        parse(raw)
    except Unreadable as error:
        return error.code
    return None


near = st.integers(-2, 2)


@settings(max_examples=examples(300), deadline=None)
@given(
    near, near, near, near, st.booleans(), st.sampled_from(["", "<?p?>", "<!-- </ -->", "<![CDATA[</<?]]>"]), st.data()
)
def test_given_a_document_near_a_limit_when_parsed_then_the_quick_look_says_what_the_walk_says(
    depth: int, attributes: int, namespaces: int, length: int, apostrophe: bool, inside: str, data: st.DataObject
) -> None:
    """Equals signs in a text are nothing to a document, but with many of them the tree is always walked through."""
    near_one = data.draw(st.sampled_from(["depth", "attributes", "namespaces", "length"]))
    levels = (MAX_DEPTH + depth if near_one == "depth" else 3) - 1
    plain = MAX_ATTRIBUTES + attributes if near_one == "attributes" else 1
    spaces = MAX_NAMESPACES + namespaces if near_one == "namespaces" else 1
    name = "u" * (MAX_NAMESPACE_LENGTH + length if near_one == "length" else 3)
    quote, other = ("'", '"') if apostrophe else ('"', "'")
    root = [f'a{i}="x"' for i in range(plain)] + [f'xmlns:n{i}="urn:{i}"' for i in range(spaces - 1)]
    root += [f"xmlns:long\n= {quote}{other}{name[1:]}{quote}"]
    text = "<b>" * levels + inside + "%s" + "</b>" * levels
    raw = f"<a {' '.join(root)}>{text}</a>"
    assert verdict((raw % "").encode()) == verdict((raw % ("=" * 200)).encode())


# --- the rest


@pytest.mark.parametrize("raw", [b"", b" ", b"\r\n\t", BOM, BOM + b" \n"])
def test_given_nothing_when_parsed_then_it_is_empty(raw: bytes) -> None:
    assert refusal(raw).code is ProblemCode.EMPTY


@pytest.mark.parametrize(
    "raw",
    [b"<a><?p?></a>", b"<a><b>59024<?x y?>3856</b></a>", b"<a>\n<b/>\n<?xml-stylesheet href='x'?></a>"],
)
def test_given_a_processing_instruction_inside_when_parsed_then_it_is_refused_with_its_line(raw: bytes) -> None:
    found = refusal(raw)
    assert found.code is ProblemCode.NOT_WELL_FORMED
    assert found.problems[0].line == raw.count(b"\n") + 1


@pytest.mark.parametrize(
    "raw",
    [
        b"hello",
        b"{}",
        b"<a>",
        b"<a></b>",
        b"<a/><b/>",
        b"<a b='1' b='2'/>",
        b"<a xmlns:x='urn:1' xmlns:y='urn:1' x:b='1' y:b='2'/>",
        b"<x:a/>",
        b"<a>\x01</a>",
        b"<a>\x1b</a>",
        b"<a>\xef\xbf\xbe</a>",
        b" " + DECLARATION + b"<a/>",
        b"<!-- only -->",
        b"<a><![CDATA[</a>",
        b"<html><br></html>",
    ],
)
def test_given_what_is_not_well_formed_when_parsed_then_it_is_said_with_a_reason(raw: bytes) -> None:
    found = refusal(raw)
    assert found.code is ProblemCode.NOT_WELL_FORMED
    assert "line" in str(found)


XMLISH = st.lists(
    st.sampled_from(
        [
            *(
                b"<a>",
                b"</a>",
                b"<a",
                b">",
                b"/>",
                b"<b x='1'>",
                b"</b>",
                b"<!--",
                b"-->",
                b"<?p",
                b"?>",
                b"<!DOCTYPE a",
            ),
            *(b"[", b"]>", b"<!ENTITY x 'y'>", b"&x;", b"&#10;", b"<![CDATA[", b"]]>", DECLARATION, BOM, b" ", b"\n"),
            *(b"\x00", b"\xff", b"\xc4\x85", b"xmlns:x='urn:x'", b"<x:c/>", b"text", b'encoding="UTF-16"', b"<?xml "),
        ]
    )
    | st.binary(max_size=4),
    max_size=25,
).map(b"".join)


@settings(max_examples=examples(400))
@given(raw=XMLISH | st.binary(max_size=200))
@example(raw=b"<?xml version='1.0' encoding='UTF-8\xff'?><a/>")
@example(raw=b"<a>" + BOM + b"</a>")
@example(raw=BOM + BOM + b"<a/>")
def test_given_any_bytes_when_parsed_then_they_are_a_tree_or_unreadable_and_nothing_else(raw: bytes) -> None:
    try:
        root = parse(raw)
    except Unreadable as error:
        assert error.code.startswith("parser.")
        assert str(error)
    else:
        assert root.getroottree().docinfo.internalDTD is None
        assert all(isinstance(node.tag, str) for node in root.iter())
        assert raw.removeprefix(BOM).decode("utf-8")


def test_given_many_threads_when_they_parse_good_and_bad_at_once_then_no_verdict_changes() -> None:
    good, bad = b"<a><b>%d</b></a>", (BOMB, b"<a>", b"", nested(100), "<a/>".encode("utf-16"))

    def judge(number: int) -> bool:
        if number % 2:
            refusal(bad[number % len(bad)])
            return True
        return parse(good % number)[0].text == str(number)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(judge, range(400)))
