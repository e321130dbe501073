"""What elements and codes are called in Polish and English: from the names files, and from the schemas' own words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path

from lxml import etree
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from csire_bridge.config.files.marked_yaml import MarkedYaml
from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.domain.written_text import written_text
from csire_bridge.xml.schema.catalogue import SchemaLayout

__all__ = ["FOLDER", "Names", "Words"]

FOLDER = "names"
"""The folder inside a folder of mapping files that holds names files."""
_XS = "{http://www.w3.org/2001/XMLSchema}"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_REMEDY = "correct the names file; docs/mappings.md describes it"


@dataclass(frozen=True, slots=True)
class Words:
    """A name in Polish and in English; None where there is none."""

    pl: str | None = None
    en: str | None = None

    def or_else(self, other: Words) -> Words:
        """These words, and the other's where one is missing."""
        return Words(self.pl or other.pl, self.en or other.en)


_NO_WORDS = Words()


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")
    pl: str = Field(min_length=1, max_length=200)
    en: str = Field(min_length=1, max_length=200)


class _NamesFile(BaseModel):
    model_config = ConfigDict(extra="forbid")
    namespaces: list[str] = Field(min_length=1)
    names: dict[str, _Entry] = {}
    codes: dict[str, _Entry] = {}


@dataclass(frozen=True, slots=True)
class _Family:
    """The names of the elements and codes of some namespaces."""

    namespaces: Sequence[str]
    names: Mapping[str, Words]
    codes: Mapping[str, Words]

    def has(self, namespace: str) -> bool:
        return any(fnmatchcase(namespace, one) for one in self.namespaces)


@dataclass(frozen=True)
class Names:
    """Names by namespace. What a schema says of its own codes counts before the files."""

    families: Sequence[_Family]
    schemas: SchemaLayout | None = field(default=None)

    @classmethod
    def load(cls, mapping_path: Sequence[Path], schema_path: Sequence[Path]) -> Names:
        """Read the names files in the folders of mapping files, the first folders first.

        Raises ConfigurationError with everything that is wrong in a file.
        """
        files = (file for folder in mapping_path for file in sorted((folder / FOLDER).glob("*.yaml")))
        return cls(tuple(_family(file) for file in files), SchemaLayout(schema_path))

    def of_element(self, namespace: str, name: str) -> Words:
        """What an element or attribute is called; without words if nobody has named it."""
        return self._first(namespace, ((one.names.get(name, _NO_WORDS)) for one in self._of(namespace)))

    def of_code(self, namespace: str, name: str, code: str) -> Words:
        """What a code in an element means; without words for a value that is no code."""
        of_schema = self._codes.get((namespace, name), {}).get(code, _NO_WORDS)
        listed = code in self._codes.get((namespace, name), {})
        named = self._first(namespace, (one.codes.get(code, _NO_WORDS) for one in self._of(namespace)))
        return of_schema.or_else(named if listed else _NO_WORDS)

    def codes(self) -> Iterator[tuple[str, str, str]]:
        """Every code that a schema lists: namespace and name of its element, and the code."""
        for (namespace, name), known in self._codes.items():
            yield from ((namespace, name, code) for code in known)

    def _of(self, namespace: str) -> Iterator[_Family]:
        return (one for one in self.families if one.has(namespace))

    @staticmethod
    def _first(_namespace: str, found: Iterable[Words]) -> Words:
        return next((words for words in found if words != _NO_WORDS), _NO_WORDS)

    @cached_property
    def _codes(self) -> Mapping[tuple[str, str], Mapping[str, Words]]:
        """The codes of each element by namespace and name, as the schemas list and name them."""
        roots = [] if self.schemas is None else [self.schemas.parse(file) for _, file in self.schemas.files()]
        types = {key: codes for root in roots for key, codes in _types_of(root)}
        found: dict[tuple[str, str], dict[str, Words]] = {}
        for root in roots:
            for namespace, name, kind in _elements_of(root):
                codes = types.get(kind, {}) if isinstance(kind, str) else kind
                found.setdefault((namespace, name), {}).update(codes)
        return {key: codes for key, codes in found.items() if codes}


_Codes = dict[str, Words]


def _types_of(schema: etree._Element) -> Iterator[tuple[str, _Codes]]:
    """The codes of each named simple type, by its name with its namespace."""
    namespace = schema.get("targetNamespace", "")
    for kind in schema.iterchildren(f"{_XS}simpleType"):
        yield f"{{{namespace}}}{kind.get('name')}", _enumerated(kind)


def _elements_of(schema: etree._Element) -> Iterator[tuple[str, str, str | _Codes]]:
    """Namespace, name, and type or own codes of each element and attribute that a schema declares."""
    namespace = schema.get("targetNamespace", "")
    for element in schema.iter(f"{_XS}element", f"{_XS}attribute"):
        name, kind = element.get("name"), element.get("type")
        if name is not None and kind is not None:
            prefix, _, local = kind.rpartition(":")
            yield namespace, name, f"{{{element.nsmap.get(prefix or None, '')}}}{local}"
        elif name is not None and (own := element.find(f"{_XS}simpleType")) is not None:
            yield namespace, name, _enumerated(own)


def _enumerated(kind: etree._Element) -> _Codes:
    return {code.get("value", ""): _documented(code) for code in kind.iter(f"{_XS}enumeration")}


def _documented(code: etree._Element) -> Words:
    said = {one.get(_LANGUAGE): (one.text or "").strip() or None for one in code.iter(f"{_XS}documentation")}
    return Words(said.get("pl"), said.get("en"))


def _family(file: Path) -> _Family:
    try:
        marked = MarkedYaml.read(written_text(file.read_bytes()), file.name, _REMEDY)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file} can't be read: {error}", _REMEDY) from error
    try:
        content = _NamesFile.model_validate(marked.plain)
    except ValidationError as error:
        raise marked.refused(error) from error
    named, codes = ({k: Words(v.pl, v.en) for k, v in one.items()} for one in (content.names, content.codes))
    return _Family(tuple(content.namespaces), named, codes)
