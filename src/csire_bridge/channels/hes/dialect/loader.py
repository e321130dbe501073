"""Reads a dialect's file and checks it: its keys, and each path against the schema, if the file names one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Protocol, cast

from pydantic import BaseModel, TypeAdapter, ValidationError

from csire_bridge.channels.hes.dialect.dialect import Dialect, Events, Part, Places, Reply
from csire_bridge.channels.hes.dialect.file_model import DialectFile, EventPart, NamePart, ReadingsPart, ReplyPart
from csire_bridge.channels.hes.dialect.places import Names, PathWrong, Place
from csire_bridge.channels.hes.dialect.request_form import RequestForm, mistakes_in
from csire_bridge.channels.hes.dialect.schema import compiled_schema
from csire_bridge.channels.hes.dialect.structure import Named, named_by
from csire_bridge.config.files.marked_yaml import FileProblem, MarkedYaml, raise_problems
from csire_bridge.config.files.own_words import nearest
from csire_bridge.config.resources import folder
from csire_bridge.config.sections.peers.head_end import HeadEndCodes, HeadEndNamespaces, HeadEndSettings
from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.domain.written_text import written_text

__all__ = ["dialect_named", "load_dialect", "shipped", "shipped_names"]

_REMEDY = "correct the file of the dialect; docs/head-end-systems.md describes every key"
_ADAPTER = TypeAdapter(DialectFile)
_OF_ONE_VALUE = ("value_each", "register", "value", "unit", "read_at")


def dialect_named(settings: HeadEndSettings) -> Dialect:
    """The dialect that the settings name; raises ConfigurationError."""
    own = {one.name: one.file for one in settings.dialect}
    if settings.speaks not in own:
        return shipped(settings.speaks, tuple(own))
    return load_dialect(own[settings.speaks])


@cache
def shipped(name: str, others: tuple[str, ...] = ()) -> Dialect:
    """A dialect that comes with the bridge; raises ConfigurationError, also naming ``others`` that there are."""
    file = _home() / f"{name}.yaml"
    if name not in shipped_names():
        known = [*others, *shipped_names()]
        raise ConfigurationError(
            f"setting head_end.speaks: there is no dialect {name!r}{nearest(name, known)}",
            f"there are {', '.join(known)}; name others in [[head_end.dialect]]",
        )
    return load_dialect(file)


def shipped_names() -> list[str]:
    """The dialects that come with the bridge."""
    return sorted(file.stem for file in _home().glob("*.yaml"))


def _home() -> Path:
    return folder("mappings") / "head-end"


def load_dialect(file: Path) -> Dialect:
    """Read a file; raise ConfigurationError that names file, line, key and remedy of everything wrong in it."""
    try:
        marked = MarkedYaml.read(written_text(file.read_bytes()), str(file), _REMEDY)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the dialect {file} can't be read: {error}", _REMEDY) from error
    try:
        content = _ADAPTER.validate_python(marked.plain)
    except ValidationError as error:
        raise marked.refused(error, "NamePart", "function-after", known=_known_keys) from error
    return _Compiler(file, marked, content).dialect()


def _known_keys(place: Sequence[str | int]) -> Sequence[str]:
    """The keys that may stand where pydantic found another one."""
    model: type[BaseModel] = DialectFile
    for part in place[:-1]:
        for name, known in model.model_fields.items():
            if (known.alias or name) == part and (inner := _model_in(known.annotation)):
                model = inner
    return [known.alias or name for name, known in model.model_fields.items()]


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type):
        return annotation if issubclass(annotation, BaseModel) else None
    inner = (_model_in(part) for part in getattr(annotation, "__args__", ()))
    return next((found for found in inner if found), None)


class _Block(Protocol):
    @property
    def each(self) -> str: ...


class _Compiler:
    """Turns a file's paths into places; collects everything that is wrong."""

    def __init__(self, file: Path, marked: MarkedYaml, content: DialectFile) -> None:
        self._file, self._marked, self._content = file, marked, content
        self._problems: list[FileProblem] = []
        self._names = Names({prefix: written[0] for prefix, written in content.namespaces.items()})
        self._schema = (file.parent / content.schema_file).resolve() if content.schema_file else None
        self._named: Mapping[str, Named] = {}

    def dialect(self) -> Dialect:
        content = self._content
        self._read_schema()
        aliases = self._aliases()
        reply = self._reply(content.reply)
        later = self._later()
        events = tuple(self._events(place, part) for place, part in enumerate(content.events))
        self._twice(reply, events)
        self._request()
        raise_problems(self._problems, _REMEDY)
        return Dialect(
            name=content.dialect,
            file=self._file,
            schema=self._schema,
            named=self._named,
            namespaces=self._names.namespaces,
            aliases=aliases,
            zone=content.zone,
            codes=HeadEndCodes.model_validate(content.codes.model_dump(exclude_unset=True)),
            request=RequestForm(content.request.order, content.request.add),
            reply=reply,
            later=later,
            events=events,
            titles={"en": content.name.en, "pl": content.name.pl},
        )

    def _wrong(self, key: Sequence[str | int], text: str) -> None:
        self._problems.append(self._marked.problem(key, text))

    def _read_schema(self) -> None:
        if self._schema is None:
            return
        try:
            self._named = named_by(self._schema)
            compiled_schema(self._schema)
        except ConfigurationError as error:
            self._wrong(["schema"], error.text)
            raise_problems(self._problems, _REMEDY)

    def _aliases(self) -> Mapping[str, str]:
        aliases: dict[str, str] = {}
        known: dict[str, str] = {}
        for prefix, written in self._content.namespaces.items():
            for place, namespace in enumerate(written):
                if (other := known.setdefault(namespace, prefix)) != prefix:
                    self._wrong(["namespaces", prefix], f"the namespace {namespace} is that of {other}, too")
                if place:
                    aliases[namespace] = written[0]
        return aliases

    def _request(self) -> None:
        contract = named_by(folder("schemas") / "hes" / "Message.xsd")
        request = contract[f"{{{HeadEndNamespaces().message}}}RequestMessage"]
        for key, text in mistakes_in(self._content.request, request):
            self._wrong(["request", *key], text)

    def _twice(self, reply: Reply, events: Sequence[Events]) -> None:
        seen: set[str] = set()
        for place, one in enumerate(events):
            if double := sorted(seen & one.roots):
                self._wrong(["events", place, "root"], f"{self._names.shown(double[0])} has a block of its own already")
            if self._content.later_reply and (both := sorted(reply.roots & one.roots)):
                self._wrong(["events", place, "root"], f"{self._names.shown(both[0])} is that of later replies, too")
            seen |= one.roots

    def _roots(self, texts: Sequence[str], key: Sequence[str | int]) -> tuple[frozenset[str], Named | None]:
        tags: list[str] = []
        for text in texts:
            try:
                tags.append(self._names.tag(text))
            except PathWrong as wrong:
                self._wrong(key, str(wrong))
                continue
            if self._schema is not None and tags[-1] not in self._named:
                known = [self._names.shown(tag) for tag in self._named]
                self._wrong(key, f"the schema declares no element {text}{nearest(text, known)}")
        return frozenset(tags), self._named.get(tags[0]) if tags else None

    def _places(self, texts: Sequence[str] | None, start: Named | None, key: Sequence[str | int]) -> Places:
        return tuple(found[0] for text in texts or () if (found := self._place(text, start, key)) is not None)

    def _place(self, text: str, start: Named | None, key: Sequence[str | int]) -> tuple[Place, Named | None] | None:
        try:
            return self._names.place(text, start)
        except PathWrong as wrong:
            self._wrong(key, f"{text}: {wrong}")
            return None

    def _block(
        self, block: _Block, start: Named | None, key: Sequence[str | int], *skipped: str
    ) -> tuple[Part, Named | None]:
        """A block with ``each``, and what the schema names there; the values that are ``skipped`` begin elsewhere."""
        each, below = self._place(block.each, start, [*key, "each"]) or (Place(""), None)
        return Part(each, dict(self._values(block, below, key, {"each", *skipped}))), below

    def _part(self, block: _Block | None, start: Named | None, key: Sequence[str | int], *skipped: str) -> Part | None:
        return None if block is None else self._block(block, start, key, *skipped)[0]

    def _values(
        self, block: object, start: Named | None, key: Sequence[str | int], skipped: set[str]
    ) -> Iterator[tuple[str, Places]]:
        for name, known in cast(BaseModel, block).__class__.model_fields.items():
            told, written = getattr(block, name), known.alias or name
            if written not in skipped and isinstance(told, tuple):
                yield written, self._places(told, start, [*key, written])

    def _reply(self, part: ReplyPart) -> Reply:
        roots, start = self._roots(part.root, ["reply", "root"])
        readings, each_value = self._readings(part.readings, start)
        return Reply(
            roots=roots,
            values=dict(self._values(part, start, ["reply"], {"root"})),
            results=part.results,
            errors=self._part(part.errors, start, ["reply", "errors"]),
            contactor=self._part(part.contactor, start, ["reply", "contactor"]),
            states=part.contactor.states if part.contactor else {},
            readings=readings,
            each_value=each_value,
            calendars=self._part(part.calendars, start, ["reply", "calendars"]),
        )

    def _readings(self, part: ReadingsPart | None, start: Named | None) -> tuple[Part | None, Place | None]:
        """The block of a meter's registers, and where each of its values is."""
        if part is None:
            return None, None
        key = ["reply", "readings"]
        block, below = self._block(part, start, key, *_OF_ONE_VALUE)
        each, inside = self._place(part.value_each, below, [*key, "value_each"]) or (None, None)
        values = self._values(part, inside, key, {"each", "meter"})
        return Part(block.each, {**block.values, **dict(values)}), each

    def _later(self) -> Places | None:
        part = self._content.later_reply
        if part is None:
            return None
        start = next((self._named.get(self._names.tag(root)) for root in self._content.reply.root[:1]), None)
        return self._places(part.meter, start, ["later_reply", "meter"])

    def _events(self, place: int, part: EventPart) -> Events:
        key: list[str | int] = ["events", place]
        roots, start = self._roots(part.root, [*key, "root"])
        record, below = self._block(part, start, key, "root", "correlation")
        names = self._part(part.meter, below, [*key, "meter"], "kinds") if isinstance(part.meter, NamePart) else None
        return Events(
            roots=roots,
            correlation=self._places(part.correlation, start, [*key, "correlation"]),
            record=record,
            names=names,
            kinds=part.meter.kinds if isinstance(part.meter, NamePart) else (),
            details=self._part(part.details, below, [*key, "details"]),
        )
