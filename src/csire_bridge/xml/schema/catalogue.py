"""The schemas of all messages: which file belongs to a namespace, and whether a document is valid.

Schemas are in several folders, searched in order: the first folder of the search path that has a file wins, also for
imports in files of other folders. So the official bundle, put before our own folder, replaces exactly the files that it
contains.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from lxml import etree

from csire_bridge.domain.errors import ConfigurationError, NotValid, Problem, ProblemCode
from csire_bridge.xml.schema.compile import compile_schema
from csire_bridge.xml.schema.explain import Explainer, cut, line_of
from csire_bridge.xml.schema.shapes import Shapes

__all__ = ["SchemaCatalogue", "SchemaLayout"]

_XS = "{http://www.w3.org/2001/XMLSchema}"
_MOST_PROBLEMS = 20
_MOST_EXPLAINED = 250  # elements; the largest message of the samples has 136


class SchemaLayout:
    """An ordered list of folders; the first one that has a file wins.

    Raises ConfigurationError for a folder that is not there.
    """

    def __init__(self, search_path: Sequence[Path]) -> None:
        self._folders = tuple(folder.resolve() for folder in search_path)
        self._bytes: dict[Path, bytes] = {}
        for folder in self._folders:
            if not folder.is_dir():
                raise ConfigurationError(
                    f"the schema folder {folder} is not there", "correct the schema search path in the settings"
                )

    def files(self) -> Iterator[tuple[str, Path]]:
        """Yield every schema that counts, as its name inside the layout and its file; first folders first."""
        seen = set()
        for folder in self._folders:
            for file in sorted(folder.rglob("*.xsd")):
                relative = file.relative_to(folder).as_posix()
                if relative not in seen:
                    seen.add(relative)
                    yield relative, file

    def find(self, relative: str) -> Path:
        """Return the file that counts for ``relative``; raise ConfigurationError if no folder has it."""
        for folder in self._folders:
            if (folder / relative).is_file():
                return folder / relative
        raise ConfigurationError(f"the schema {relative} is in no schema folder", "install the schemas again")

    def read(self, file: Path) -> bytes:
        """Return the bytes of a file as first read, so that all threads use the same schema."""
        if file not in self._bytes:
            try:
                self._bytes[file] = file.read_bytes()
            except OSError as error:
                raise _broken(file, None, str(error)) from error
        return self._bytes[file]

    def parse(self, file: Path, resolver: etree.Resolver | None = None) -> etree._Element:
        """Return the root of a schema; ``resolver`` then serves its imports, because lxml asks the document's parser.

        Raises ConfigurationError with file and line if it is not XML or has a DTD.
        """
        parser = etree.XMLParser(no_network=True, load_dtd=False, resolve_entities=False, huge_tree=False)
        if resolver is not None:
            parser.resolvers.add(resolver)
        try:
            root = etree.fromstring(self.read(file), parser, base_url=str(file))
        except etree.XMLSyntaxError as error:
            raise _broken(file, error.lineno, str(error)) from error
        if root.getroottree().docinfo.internalDTD is not None:
            raise _broken(file, 1, "it has a document type declaration")
        return root

    def locate(self, url: str) -> Path:
        """Return the file that counts for a file name or file URL in an import.

        Raises ConfigurationError for everything outside the layout, above all for the network.
        """
        for path in _local_paths(url):
            for folder in self._folders:
                if path.is_relative_to(folder):
                    return self.find(path.relative_to(folder).as_posix())
        raise ConfigurationError(
            f"a schema imports {url}, which lies outside the schema folders", "put that file into a schema folder"
        )


class SchemaCatalogue:
    """Every schema of a search path, by the namespace of its messages.

    Files are read once, at construction: a changed file counts after a restart. All methods may be
    called from any thread. A schema that can't be read or compiled raises ConfigurationError with its
    file and line: a file that is not XML at construction, the others at their first use.
    """

    def __init__(self, search_path: Sequence[Path]) -> None:
        self._layout = SchemaLayout(search_path)
        self._files: dict[str, str] = {}
        self._roots: dict[str, frozenset[str]] = {}
        self._compiled = threading.local()
        self._explainer = Explainer(self._layout.locate)
        self._one_builds = threading.Lock()
        self._shapes: dict[frozenset[str], Shapes] = {}
        for relative, file in self._layout.files():
            self._note(relative, self._layout.parse(file))

    def namespaces(self) -> Mapping[str, str]:
        """Return the schema's name inside the layout for each namespace that has messages."""
        return MappingProxyType(self._files)

    def root_names(self, namespace: str) -> frozenset[str]:
        """Return the local names that a document of ``namespace`` may begin with; empty if it is unknown."""
        return self._roots.get(namespace, frozenset())

    def shapes(self, namespaces: Iterable[str]) -> Shapes:
        """What documents of these known namespaces may look like; raises ConfigurationError for a broken schema."""
        wanted = frozenset(namespaces)
        for namespace in sorted(wanted):
            self.schema_for(namespace)
        with self._one_builds:
            if wanted not in self._shapes:
                files = {namespace: self._layout.find(self._files[namespace]) for namespace in sorted(wanted)}
                self._shapes[wanted] = Shapes(files, self._layout.locate, self._layout.parse)
            return self._shapes[wanted]

    def schema_for(self, namespace: str) -> etree.XMLSchema:
        """Return the calling thread's compiled schema of a known namespace.

        One per thread, because a shared one mixes up the error logs of documents checked at the same time.
        """
        compiled: dict[str, etree.XMLSchema] = self._compiled.__dict__
        if namespace not in compiled:
            compiled[namespace] = self._compile(self._files[namespace])
        return compiled[namespace]

    def decide(self, tree: etree._Element) -> bool:
        """Tell whether the document below ``tree`` follows its schema.

        Raises NotValid (UNKNOWN_MESSAGE) if no schema knows its root element.
        """
        return self.schema_for(self._namespace_of(tree)).validate(tree)

    def explain(self, tree: etree._Element) -> tuple[Problem, ...]:
        """Say in plain language what is wrong with a document that ``decide`` refused; 1 to 20 problems.

        A very large document is explained in lxml's own words, because the plain ones cost a hundred times as much.

        Returns nothing for a valid document; raises NotValid (UNKNOWN_MESSAGE) like ``decide``.
        """
        namespace = self._namespace_of(tree)
        schema = self.schema_for(namespace)
        if schema.validate(tree):
            return ()
        log: Any = schema.error_log  # iterable, which the stubs do not say; kept, as each validation begins a new one
        found: tuple[Problem, ...] = ()
        if next(islice(tree.iter(), _MOST_EXPLAINED, None), None) is None:
            found = self._explainer.problems(self._layout.find(self._files[namespace]), tree, _MOST_PROBLEMS)
        return found or tuple(_from_log(entry) for entry in islice(log, _MOST_PROBLEMS))

    def _note(self, relative: str, schema: etree._Element) -> None:
        """Enter a schema that declares root elements of a namespace, unless an earlier folder has done so."""
        namespace = schema.get("targetNamespace")
        roots = frozenset(str(name) for e in schema.findall(f"{_XS}element") if (name := e.get("name")))
        if namespace and roots and namespace not in self._files:
            self._files[namespace] = relative
            self._roots[namespace] = roots

    def _namespace_of(self, tree: etree._Element) -> str:
        name = etree.QName(tree)
        namespace = name.namespace or ""
        if name.localname in self.root_names(namespace):
            return namespace
        raise NotValid(
            [
                Problem(
                    ProblemCode.UNKNOWN_MESSAGE,
                    f"no schema knows the element {cut(name.localname)} of the namespace {cut(namespace) or '(none)'}",
                    "send a message that the bridge handles, in the namespace of its release",
                    line=line_of(tree),
                    path=f"/{name.localname}",
                )
            ]
        )

    def _compile(self, relative: str) -> etree.XMLSchema:
        file = self._layout.find(relative)
        resolver = _LayoutResolver(self._layout)
        try:
            return compile_schema(self._layout.parse(file, resolver))
        except etree.XMLSchemaParseError as error:
            if resolver.failure is not None:
                raise resolver.failure from error
            log: Any = error.error_log
            worst = next((entry for entry in log if entry.level >= etree.ErrorLevels.ERROR), None)
            if worst is None:
                raise _broken(file, None, str(error)) from error
            raise _broken(Path(worst.filename or file), worst.line, worst.message) from error


class _LayoutResolver(etree.Resolver):
    """Resolves an import to its file in the layout; lxml hides exceptions, so ``failure`` keeps them."""

    def __init__(self, layout: SchemaLayout) -> None:
        super().__init__()
        self._layout = layout
        self.failure: ConfigurationError | None = None

    def resolve(self, system_url: str, public_id: str, context: object) -> object:  # type: ignore[override]
        try:
            file = self._layout.locate(system_url)
            data = self._layout.read(file)
        except ConfigurationError as error:
            self.failure = error
            raise
        return self.resolve_string(data, context, base_url=str(file))


def _local_paths(url: str) -> Iterator[Path]:
    """Yield the paths that ``url`` may mean: libxml2 escapes some of the names that it joins, and some not."""
    parts = urlsplit(url)
    if parts.scheme == "file" and not parts.netloc:
        yield Path(os.path.normpath(url2pathname(parts.path)))
    elif not parts.scheme:
        yield Path(os.path.normpath(url))
        yield Path(os.path.normpath(unquote(url)))


def _broken(file: Path, line: int | None, text: str) -> ConfigurationError:
    place = f"{file}, line {line}" if line else str(file)
    return ConfigurationError(f"the schema {place} can't be used: {text}", "correct or replace that file")


def _from_log(entry: etree._LogEntry) -> Problem:
    without_namespaces = re.sub(r"'\{[^}']*\}", "'", entry.message)
    text = re.sub(r"'([^']+)'", lambda quoted: f"'{cut(quoted[1])}'", without_namespaces)
    return Problem(
        ProblemCode.OTHER_SCHEMA,
        cut(text, 300),
        "correct the document so that it follows the schema",
        line=entry.line,
        path=entry.path,
    )
