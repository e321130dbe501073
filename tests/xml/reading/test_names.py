"""Every element and every code of our schemas has a Polish and an English name."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from csire_bridge.config.resources import folder
from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.xml.reading.names import Names, Words

_XS = "{http://www.w3.org/2001/XMLSchema}"
OFFICIAL, HUB = "urn:pl:oire:unk_8_1_1_5:v1", "urn:pl:oire:technical:v1"


@pytest.fixture(scope="module")
def names() -> Names:
    return Names.load([folder("mappings")], [folder("schemas")])


def test_every_element_and_attribute_of_our_schemas_has_names_in_both_languages(names: Names) -> None:
    missing = []
    for file in sorted(folder("schemas").rglob("*.xsd")):
        root = etree.fromstring(file.read_bytes())
        namespace = root.get("targetNamespace", "")
        for element in root.iter(f"{_XS}element", f"{_XS}attribute"):
            name = element.get("name")
            words = names.of_element(namespace, name) if name else Words("x", "x")
            if not (words.pl and words.en):
                missing.append((file.name, name))
    assert missing == []


def test_every_code_of_our_schemas_has_a_polish_name(names: Names) -> None:
    codes = list(names.codes())
    assert len(codes) > 500
    assert [code for code in codes if not names.of_code(*code).pl] == []


def test_a_code_has_the_words_of_its_own_list(names: Names) -> None:
    kind = names.of_code(OFFICIAL, "DisconnectionRequestType", "CK0344")
    assert kind.pl
    assert kind.en
    assert names.of_code(HUB, "MessageTypeResponsibleOrganization", "x").pl == "OIRE"
    assert names.of_code(HUB, "MessageId", "x") == Words()


def test_names_of_the_operators_own_folder_count_before_ours(tmp_path: Path) -> None:
    (tmp_path / "names").mkdir()
    (tmp_path / "names" / "own.yaml").write_text(
        'namespaces: ["urn:pl:oire:*"]\nnames:\n  MeteringPointCode: {pl: Kod PPE, en: Point}\n', "utf-8"
    )
    own = Names.load([tmp_path, folder("mappings")], [folder("schemas")])
    assert own.of_element(OFFICIAL, "MeteringPointCode") == Words("Kod PPE", "Point")
    assert own.of_element(OFFICIAL, "Payload").pl == "Treść"


def test_what_is_wrong_in_a_names_file_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "names").mkdir()
    (tmp_path / "names" / "own.yaml").write_text('namespaces: ["urn:x"]\nnames:\n  A: {pl: Tylko polska}\n', "utf-8")
    with pytest.raises(ConfigurationError, match=r"own\.yaml, line 3, key names\.A"):
        Names.load([tmp_path], [folder("schemas")])
