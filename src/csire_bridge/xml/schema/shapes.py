"""The structure that a schema allows: every element and attribute, how often it may occur, and its type.

``xmlschema`` reads the schemas; here they become trees against which mapping files are checked.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import xmlschema
from lxml import etree
from xmlschema import validators as xsd

from csire_bridge.domain.errors import ConfigurationError

__all__ = ["ANYTHING", "ITSELF", "Shape", "Shapes", "ValueType"]

_IMPORT, *_OTHERS = (f"{{http://www.w3.org/2001/XMLSchema}}{name}" for name in ("import", "include", "redefine"))
_REFERENCES = (_IMPORT, *_OTHERS)
ANYTHING = "anything may stand in it (xs:any)"
ITSELF = "it can contain itself"
_OCCURS = tuple[float, float]


@dataclass(frozen=True, slots=True)
class ValueType:
    """The type of a text.

    ``kinds`` are the primitive types of XML Schema that it may be of, such as ``date``; beside them ``list``, ``mixed``
    (texts among elements) and ``empty`` (no text: the presence of the element is its meaning). ``codes`` are all
    allowed values, if the schema lists them; ``default`` is the schema's default or fixed value, ``accepts`` tells
    whether a text is of the type.
    """

    kinds: frozenset[str]
    white_space: str | None = None
    codes: frozenset[str] | None = None
    longest: int | None = None
    default: str | None = None
    accepts: Callable[[str], bool] | None = field(default=None, compare=False)


@dataclass(slots=True)
class Shape:
    """An element or, with ``@`` before its name, an attribute; names are ``{namespace}name``.

    It occurs ``least`` to ``most`` times in its parent (``math.inf``: no limit). ``value`` is the type of its text,
    None if it has none. ``unknown`` says why its content is not fully known. ``in_sequence``: its children come in the
    order of ``below``. ``nillable``: it may say by ``xsi:nil`` that it has no value.
    """

    name: str
    least: float = 1
    most: float = 1
    value: ValueType | None = None
    below: dict[str, Shape] = field(default_factory=dict)
    unknown: str = ""
    in_sequence: bool = False
    nillable: bool = False

    def leaves(self, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Shape]]:
        """Every descendant with a text, or with unknown content, with its path from here."""
        for name, shape in self.below.items():
            here = (*path, name)
            if shape.value is not None or shape.unknown:
                yield here, shape
            yield from shape.leaves(here)


class Shapes:
    """The shapes of the documents of some schemas.

    They are built together, which takes a third of a second; schemas that import different files for one namespace are
    built one by one.
    """

    def __init__(
        self, files: Mapping[str, Path], locate: Callable[[str], Path], parse: Callable[[Path], etree._Element]
    ) -> None:
        """``files`` are schema files by namespace, which lxml has compiled; ``locate`` gives the file to read for each
        URL of an import, ``parse`` the root element of a file.

        Raises ConfigurationError for a schema that can't be read.
        """
        self._files = files
        self._locate = locate
        self._parse = parse
        self._models: dict[str, Any] = {}
        self._derived: dict[int, Mapping[Any, list[Any]]] = {}
        if files and _clash(files, locate, parse) is None:
            self._models = dict.fromkeys(files, self._together(list(files.items())))

    def of(self, namespace: str, root: str) -> Shape:
        """The shape of documents with that root element, which the schema of ``namespace`` declares."""
        if namespace not in self._models:
            self._models[namespace] = self._alone(namespace)
        maps = self._models[namespace].maps
        if id(maps) not in self._derived:
            self._derived[id(maps)] = _derived_types(maps)
        return _Builder(maps, self._derived[id(maps)]).shape(maps.elements[f"{{{namespace}}}{root}"], ())

    def _together(self, files: list[tuple[str, Path]]) -> Any:
        model = self._model(files[0][1], build=False)
        with _told(files[0][1]):
            for namespace, file in files[1:]:
                model.import_schema(namespace, file.as_uri())
            model.build()
        return model

    def _alone(self, namespace: str) -> Any:
        file = self._files[namespace]
        clash = _clash({namespace: file}, self._locate, self._parse)
        if clash is not None:
            raise ConfigurationError(
                f"the schema {file} uses two files for the namespace {clash[0]}: {clash[1]} and {clash[2]}",
                "have its imports name one of them",
            )
        return self._model(file, build=True)

    def _model(self, file: Path, *, build: bool) -> Any:
        with _told(file):
            return self._read(file, build=build)

    def _read(self, file: Path, *, build: bool) -> Any:
        return xmlschema.XMLSchema10(
            file.as_uri(),
            defuse="always",
            allow="local",
            uri_mapper=lambda url: self._locate(url).as_uri(),
            use_fallback=False,
            build=build,
            validation="skip",  # of the schemas themselves: lxml has compiled them
        )


def _clash(
    files: Mapping[str, Path], locate: Callable[[str], Path], parse: Callable[[Path], etree._Element]
) -> tuple[str, Path, Path] | None:
    """A namespace for which these schemas and their imports use two different files; None if there is none."""
    found = dict(files)
    todo, seen = list(files.values()), set(files.values())
    while todo:
        file = todo.pop()
        for entry in parse(file).iterchildren(*_REFERENCES):
            location = entry.get("schemaLocation")
            if location is None:
                continue
            target = locate(urljoin(file.as_uri(), location))
            namespace = entry.get("namespace", "")
            if entry.tag == _IMPORT and found.setdefault(namespace, target) != target:
                return namespace, found[namespace], target
            if target not in seen:
                seen.add(target)
                todo.append(target)
    return None


@contextmanager
def _told(file: Path) -> Iterator[None]:
    try:
        yield
    except (xmlschema.XMLSchemaException, OSError) as error:
        raise ConfigurationError(f"the schema {file} can't be used: {error}", "correct that file") from error


def _derived_types(maps: Any) -> Mapping[Any, list[Any]]:
    """The named types that extend or restrict a type, which ``xsi:type`` in a document may select instead."""
    found: dict[Any, list[Any]] = {}
    for kind in maps.types.values():
        above = kind.base_type if kind.is_complex() else None
        while above is not None and above.name != xmlschema.names.XSD_ANY_TYPE:
            found.setdefault(above, []).append(kind)
            above = above.base_type
    return found


class _Builder:
    def __init__(self, maps: Any, derived: Mapping[Any, list[Any]]) -> None:
        self._maps = maps
        self._derived = derived

    def shape(self, element: Any, above: tuple[Any, ...]) -> Shape:
        """The element with all its descendants; ``above`` are the types of its ancestors."""
        kind = element.type
        shape = Shape(element.name, value=_value(kind, _default(element)), nillable=element.nillable)
        if not kind.is_complex():
            return shape
        if any(kind is one for one in above):
            shape.unknown = ITSELF
            return shape
        for one in (kind, *self._derived.get(kind, ())):
            self._attributes(one, shape)
            self._elements(one, shape, (*above, kind), sure=one is kind)
        return shape

    def _attributes(self, kind: Any, shape: Shape) -> None:
        for name, attribute in kind.attributes.items():
            if name is None:
                shape.unknown = ANYTHING
            elif attribute.use != "prohibited":
                least = 1 if attribute.use == "required" else 0
                value = _value(attribute.type, _default(attribute))
                shape.below.setdefault(f"@{name}", Shape(f"@{name}", least, 1, value))

    def _elements(self, kind: Any, shape: Shape, above: tuple[Any, ...], *, sure: bool) -> None:
        content = kind.content
        if not isinstance(content, xsd.XsdGroup):
            return
        shape.in_sequence = _is_sequence(content)
        found, anything = self._content(content)
        if anything:
            shape.unknown = ANYTHING
        for element, (least, most) in found.values():
            if element.name not in shape.below:
                shape.below[element.name] = self.shape(element, above)
                shape.below[element.name].least = least if sure else 0
            shape.below[element.name].most = max(most, shape.below[element.name].most if not sure else 0)

    def _content(self, group: Any) -> tuple[dict[str, tuple[Any, _OCCURS]], bool]:
        """Each element of a content model with how often it may occur, and whether any other element is allowed."""
        parts: list[dict[str, tuple[Any, _OCCURS]]] = []
        anything = False
        for particle in group:
            times = (particle.min_occurs, math.inf if particle.max_occurs is None else particle.max_occurs)
            if isinstance(particle, xsd.XsdGroup):
                part, more = self._content(particle)
                anything = anything or more
                parts.append(part)
            elif isinstance(particle, xsd.XsdElement):
                parts.append({one.name: (one, times) for one in self._in_place_of(particle)})
                if len(parts[-1]) > 1:
                    parts[-1] = {name: (one, (0, times[1])) for name, (one, _) in parts[-1].items()}
            else:
                anything = True
        joined = _either(parts) if group.model == "choice" else _all(parts)
        most = math.inf if group.max_occurs is None else group.max_occurs
        return {n: (e, (a * group.min_occurs, _times(z, most))) for n, (e, (a, z)) in joined.items()}, anything

    def _in_place_of(self, element: Any) -> Iterator[Any]:
        """The element itself, and those of its substitution group."""
        if not element.abstract:
            yield element
        for other in self._maps.substitution_groups.get(element.name, ()):
            yield from self._in_place_of(other)


def _either(parts: Iterable[dict[str, tuple[Any, _OCCURS]]]) -> dict[str, tuple[Any, _OCCURS]]:
    parts = list(parts)
    found: dict[str, tuple[Any, _OCCURS]] = {}
    for part in parts:
        for name, (element, (least, most)) in part.items():
            before = found.get(name, (element, (least, most)))[1]
            found[name] = (element, (min(least, before[0]), max(most, before[1])))
    return {n: (e, (a if all(n in part for part in parts) else 0, z)) for n, (e, (a, z)) in found.items()}


def _all(parts: Iterable[dict[str, tuple[Any, _OCCURS]]]) -> dict[str, tuple[Any, _OCCURS]]:
    found: dict[str, tuple[Any, _OCCURS]] = {}
    for part in parts:
        for name, (element, (least, most)) in part.items():
            before = found.get(name, (element, (0, 0)))[1]
            found[name] = (element, (least + before[0], most + before[1]))
    return found


def _times(one: float, other: float) -> float:
    return 0 if 0 in (one, other) else one * other


def _is_sequence(group: Any) -> bool:
    """Whether the elements must come in the schema's order, each in one place."""
    names = [particle.name for particle in group if isinstance(particle, xsd.XsdElement)]
    return group.model == "sequence" and len(names) == len(group) == len(set(names)) and group.max_occurs == 1


def _default(declared: Any) -> str | None:
    """What the schema puts in the place of an empty element, or of an attribute that is not there."""
    found = declared.fixed if declared.default is None else declared.default
    return None if found is None else str(found)


def _value(kind: Any, default: str | None) -> ValueType | None:
    """The type of the text of an element or attribute of that type; None where it has no text."""
    if kind.is_complex():
        if isinstance(kind.content, xsd.XsdGroup):
            if kind.mixed:
                return ValueType(frozenset({"mixed"}))
            return None if len(kind.content) else ValueType(frozenset({"empty"}))
        kind = kind.content
    codes = kind.enumeration
    return ValueType(
        frozenset(_kinds(kind)),
        kind.white_space,
        frozenset(map(str, codes)) if codes is not None else None,
        kind.max_length,
        default,
        kind.is_valid,
    )


def _kinds(kind: Any) -> Iterator[str]:
    root = kind.root_type
    if kind.is_list() or isinstance(root, xsd.XsdList):
        yield "list"
    elif isinstance(root, xsd.XsdUnion):
        for member in root.member_types:
            yield from _kinds(member)
    else:
        yield root.local_name
