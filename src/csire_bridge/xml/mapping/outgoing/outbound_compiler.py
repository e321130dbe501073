"""Compiles an outbound file against its schema: names, order, required elements, types and codes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from csire_bridge.config.files.marked_yaml import FileProblem
from csire_bridge.domain.identifiers import MessageNumber
from csire_bridge.xml.envelope import TECHNICAL
from csire_bridge.xml.mapping.checks.places import ALWAYS_KNOWN, Follower
from csire_bridge.xml.mapping.convert import constant_for, writer_for
from csire_bridge.xml.mapping.loader import LoadedFile, LoadedTechnical, raise_all
from csire_bridge.xml.mapping.model import Group, Leaf, OutboundFile
from csire_bridge.xml.mapping.outgoing.facts import Condition, condition_of, fact_of
from csire_bridge.xml.mapping.outgoing.outbound import OutboundMapping, Part, Text
from csire_bridge.xml.mapping.technical import payload_names
from csire_bridge.xml.schema.shapes import Shape

__all__ = ["compile_outbound"]

_Key = tuple[str, ...]


def compile_outbound(
    loaded: LoadedFile, shape: Shape, technical: LoadedTechnical | None = None
) -> list[OutboundMapping]:
    """Compile an outbound file for documents of ``shape``, one mapping per number.

    ``technical`` is the envelope that it names.

    Raises ConfigurationError with every problem.
    """
    content = loaded.content
    assert isinstance(content, OutboundFile)  # noqa: S101 - the caller sorts by direction
    compiler = _Compiler(loaded, content, shape)
    payload = compiler.payload(technical)
    document = compiler.document(technical, payload) if technical is not None else None
    raise_all(compiler.problems)
    numbers = [MessageNumber(n) for n in content.message]
    return [
        OutboundMapping(
            file=loaded.marked.name,
            number=number,
            facts=loaded.facts,
            namespace=content.namespace,
            root=content.root,
            prefixes=compiler.prefixes(document or payload),
            payload=payload,
            uses=frozenset(compiler.uses),
            document=document,
        )
        for number in numbers
    ]


class _Compiler:
    def __init__(self, loaded: LoadedFile, content: OutboundFile, shape: Shape) -> None:
        self._loaded: LoadedFile | LoadedTechnical = loaded
        self._content, self._shape = content, shape
        self._in_header = False
        self._payload: Part | None = None
        self._namespaces = {**ALWAYS_KNOWN, **content.prefixes, "t": TECHNICAL}
        self._follower = Follower(shape, {"": content.namespace, **self._namespaces})
        self.problems: list[FileProblem] = []
        self.uses: set[str] = set()
        """The names of the facts that are written or asked for."""

    def payload(self, technical: LoadedTechnical | None) -> Part:
        """The payload, in the element that the envelope names; ``Payload`` is that of CSIRE."""
        names = ["Payload"] if technical is None else payload_names(technical.content)
        found = [tag for name in names for tag in self._possible(name) if tag in self._shape.below]
        if not found:
            near = self._follower.nearest(names[0], self._shape) if names else ""
            self._report(("root",), f"the schema has no element {' or '.join(names) or 'for the payload'} in it{near}")
            return Part(self._content.root)
        return self._group(found[0], self._content.payload, self._shape.below[found[0]], ("payload",))

    def document(self, technical: LoadedTechnical, payload: Part) -> Part:
        """The whole document as the envelope's file has it."""
        self._loaded, self._in_header, self._payload = technical, True, payload
        self._namespaces = {**self._namespaces, **technical.content.prefixes}
        return self._group(self._content.root, technical.content.write, self._shape, ("write",))

    def prefixes(self, payload: Part) -> Mapping[str | None, str]:
        """The document's own namespace is the default one, unless the schema has elements without a namespace."""
        own: str | None = "m" if any(not tag.startswith("{") for tag in _tags(payload)) else None
        found: dict[str | None, str] = {own: self._content.namespace}
        used = {prefix: uri for prefix, uri in self._namespaces.items() if prefix not in ALWAYS_KNOWN}
        return found | {prefix: uri for prefix, uri in used.items() if prefix != "t" or self._payload is None}

    def _group(self, tag: str, group: Group, shape: Shape, key: _Key) -> Part:
        tags = {name: self._tag((*key, name), name, shape) for name in group.nodes}
        self._check_order([tag for tag in tags.values() if tag], shape, key)
        attributes: list[tuple[str, Text]] = []
        below: list[Part] = []
        for name, node in group.nodes.items():
            here, found = (*key, name), tags[name]
            if found is None:
                continue
            if node == "payload":
                below += [self._payload] if self._payload is not None else self._misplaced(here)
            elif not name.startswith("@"):
                below += self._part(found, node, shape.below[found], here)
            elif isinstance(node, Leaf):
                attributes += self._attribute(found, node, shape.below[found], here)
            else:
                self._report(here, "an attribute has a text: say `from` where it comes from, or `value`")
        when = self._condition(key, group.when)
        return Part(tag, tuple(attributes), None, tuple(below), group.optional, when)

    def _misplaced(self, key: _Key) -> list[Part]:
        self._report(key, "`payload` stands in the file of an envelope only: say `from` where its value comes from")
        return []

    def _part(self, tag: str, node: Leaf | Group, shape: Shape, key: _Key) -> Iterator[Part]:
        if isinstance(node, Leaf):
            text = self._text(node, shape, key)
            attributes = [one for name, leaf in node.attributes.items() for one in self._beside(name, leaf, shape, key)]
            self._check_attributes({name for name, _ in attributes}, shape, key)
            if text is not None:
                yield Part(tag, tuple(attributes), text, (), False, text.when)
        elif not _holds_elements(shape) and not (node.nodes and shape.value and shape.value.kinds == {"empty"}):
            self._report(
                key, "the schema has no elements in it, but a text: say `from` where it comes from, or `value`"
            )
        else:
            yield self._group(tag, node, shape, key)

    def _beside(self, name: str, leaf: Leaf, shape: Shape, key: _Key) -> Iterator[tuple[str, Text]]:
        here = (*key, name)
        tag = self._tag(here, name, shape)
        if tag is not None:
            yield from self._attribute(tag, leaf, shape.below[tag], here)

    def _attribute(self, tag: str, leaf: Leaf, shape: Shape, key: _Key) -> Iterator[tuple[str, Text]]:
        text = self._text(leaf, shape, key)
        if leaf.attributes:
            self._report(key, "an attribute has no attributes")
        if text is not None:
            yield tag[1:], text

    def _check_order(self, written: list[str], shape: Shape, key: _Key) -> None:
        """Check that every required element and attribute is there, in the schema's order."""
        for tag, below in shape.below.items():
            if below.least and tag not in written:
                self._report(key, f"the schema needs {self._follower.shown([tag])} there")
        order = {tag: index for index, tag in enumerate(shape.below)}
        elements = [tag for tag in written if not tag.startswith("@")]
        due = sorted(elements, key=order.__getitem__)
        if shape.in_sequence and elements != due:
            shown = ", ".join(self._follower.shown([tag]) for tag in dict.fromkeys(due))
            self._report(key, f"the schema has another order: {shown}")

    def _check_attributes(self, written: set[str], shape: Shape, key: _Key) -> None:
        for tag, below in shape.below.items():
            if tag.startswith("@") and below.least and tag[1:] not in written:
                self._report(key, f"the schema needs {self._follower.shown([tag])} there")

    def _text(self, leaf: Leaf, shape: Shape, key: _Key) -> Text | None:
        value = shape.value
        if value is None:
            self._report(key, "the schema has elements in it, and no text")
            return None
        when = self._condition(key, leaf.when)
        if leaf.source is None:
            return self._constant(leaf, shape, key, when)
        try:
            fact = fact_of(leaf.source, in_header=self._in_header)
        except ValueError as error:
            self._report((*key, "from"), str(error))
            return None
        self.uses.add(fact.name)
        if leaf.optional and leaf.default is None and shape.least and "#" not in key[-1]:
            self._report((*key, "optional"), "the schema needs this element: give it a `default`")
        if leaf.longest and value.longest and leaf.longest > value.longest:
            self._report((*key, "longest"), f"the schema allows {value.longest} characters")
        try:
            write = writer_for(leaf, fact.kind, value)
        except ValueError as error:
            self._report((*key, "table" if leaf.table else "as"), str(error))
            return None
        return Text(fact, write, None, leaf.default, leaf.optional, leaf.longest, when)

    def _constant(self, leaf: Leaf, shape: Shape, key: _Key, when: Condition | None) -> Text | None:
        assert shape.value is not None  # noqa: S101 - the caller has looked
        strange = [name for name in ("table", "default", "longest") if getattr(leaf, name) is not None]
        if strange:
            self._report((*key, strange[0]), "a constant is written as it stands: leave this out")
        try:
            return Text(constant=constant_for(leaf.value or "", shape.value), when=when)
        except ValueError as error:
            self._report((*key, "value"), str(error))
            return None

    def _condition(self, key: _Key, text: str | None) -> Condition | None:
        if text is None:
            return None
        try:
            condition, names = condition_of(text)
        except ValueError as error:
            self._report((*key, "when"), str(error))
            return None
        self.uses.update(names)
        return condition

    def _tag(self, key: _Key, name: str, shape: Shape) -> str | None:
        """The name in the schema of what the file writes there; None, and a problem, if the schema has none."""
        bare = name.partition("#")[0]
        for tag in self._possible(bare):
            if tag in shape.below:
                return tag
        prefix, colon, _ = bare.removeprefix("@").partition(":")
        if colon and prefix not in self._namespaces:
            known = ", ".join(self._namespaces)
            self._report(key, f"the prefix {prefix} is unknown; known are {known}: declare it under `prefixes`")
        else:
            self._report(key, f"the schema has no {bare} there{self._follower.nearest(bare, shape)}")
        return None

    def _possible(self, name: str) -> tuple[str, ...]:
        """What a name may mean: one of the message's namespace, or one without a namespace."""
        at, bare = ("@", name[1:]) if name.startswith("@") else ("", name)
        prefix, colon, local = bare.rpartition(":")
        if colon:
            return (f"{at}{{{self._namespaces.get(prefix)}}}{local}",)
        own = f"{at}{{{self._content.namespace}}}{bare}"
        return (f"{at}{bare}", own) if at else (own, bare)

    def _report(self, key: _Key, text: str) -> None:
        self.problems.append(self._loaded.problem(key, text))


def _holds_elements(shape: Shape) -> bool:
    return shape.value is None or any(not name.startswith("@") for name in shape.below)


def _tags(part: Part) -> Iterator[str]:
    yield part.tag
    for below in part.below:
        yield from _tags(below)
