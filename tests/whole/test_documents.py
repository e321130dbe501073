"""What documents say of the code is true: layers, paths, names, and what each package tells of itself."""

from __future__ import annotations

import ast
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from csire_bridge.cli.commands import COMMANDS, load_command
from tests.support.repository import REPOSITORY

ROOT = REPOSITORY
CODE = ROOT / "src" / "csire_bridge"
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_FILE = re.compile(
    r"`((?:[\w.-]+/)+[\w.-]+\.(?:py|md)|(?:schemas|mappings|samples|src|tests|docs)/[\w./-]+\.(?:yaml|xsd|wsdl))`"
)
_NAMED_FILE = re.compile(r"`((?:[\w.-]+/)+[\w.-]+\.py)` `([\w.]+)`|`([\w.]+)` in `((?:[\w.-]+/)+[\w.-]+\.py)`")
_TOKEN = re.compile(r"``([a-z][\w.]*)``")
_WHOLE = {"csire_bridge", "tables", "versions"}
"""Packages that are told in other words than by their modules."""


def _rows(section: str) -> Iterator[tuple[str, ...]]:
    """The names in the first cell of each row of the section's tables."""
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    for line in text.split(f"## {section}\n", 1)[1].split("\n## ", 1)[0].splitlines():
        if line.startswith("| `"):
            yield tuple(re.findall(r"`([\w]+)`", line.split("|")[1]))


def _layers(container: str) -> list[tuple[str, ...]]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    (found,) = (c for c in settings["tool"]["importlinter"]["contracts"] if c.get("containers") == [container])
    return [tuple(name.strip() for name in layer.split("|")) for layer in found["layers"]]


def test_the_picture_has_the_layers_that_import_linter_holds() -> None:
    assert list(_rows("The picture")) == _layers("csire_bridge") + _layers("csire_bridge.channels")


def test_the_tree_in_the_readme_has_every_package() -> None:
    tree = (ROOT / "README.md").read_text("utf-8").split("## Where things are", 1)[1].split("```")[1]
    packages = {path.parent.name for path in CODE.glob("*/__init__.py")}
    assert set(re.findall(r"^  (\w+)/ ", tree, re.MULTILINE)) == packages


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_file_that_a_document_names_is_there(document: Path) -> None:
    text = document.read_text("utf-8")
    links = [link for link in _LINK.findall(text) if "://" not in link]
    missing = [link for link in links if not _is_there(document, *link.partition("#")[::2])]
    missing += [name for name in _FILE.findall(text) if not any((base / name).exists() for base in (CODE, ROOT))]
    assert not missing


def _is_there(document: Path, name: str, heading: str) -> bool:
    """Whether a link's file is there, with the heading that it names."""
    file = document.parent / name if name else document
    if not file.exists() or not heading:
        return file.exists()
    titles = re.findall(r"^#+ (.+)$", file.read_text("utf-8"), re.MULTILINE)
    return heading in {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_name_that_the_architecture_gives_beside_a_file_is_defined_there() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    pairs = [(one[0] or one[3], one[1] or one[2]) for one in _NAMED_FILE.findall(text)]
    assert len(pairs) > 40
    assert [pair for pair in pairs if not _defines(CODE / pair[0], pair[1])] == []


def _defines(file: Path, name: str) -> bool:
    """Whether each part of a name such as ``OrderKind.DISCONNECT`` is defined or assigned in the file."""
    tree = ast.parse(file.read_text("utf-8"))
    defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef | ast.FunctionDef)}
    defined |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return set(name.split(".")) <= defined


@pytest.mark.parametrize("package", sorted(CODE.rglob("__init__.py")), ids=lambda path: path.parent.name)
def test_every_package_says_what_lives_in_it(package: Path) -> None:
    folder = package.parent
    said = ast.get_docstring(ast.parse(package.read_text("utf-8"))) or ""
    assert said
    names = set(_TOKEN.findall(said))
    homes = (CODE, folder)
    unknown = {name for name in names if not any(_is_module(home, name) for home in homes)}
    assert not unknown, "these are no modules"
    if folder.name not in _WHOLE:
        rooms = {path.stem for path in folder.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
        assert rooms - names <= {"__init__", "__main__", "migrations"}, "these are not told of"


def _is_module(home: Path, name: str) -> bool:
    path = home.joinpath(*name.split("."))
    return path.with_suffix(".py").exists() or path.is_dir()


def test_the_newest_version_of_the_changelog_is_that_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    versions = re.findall(r"^## (\S+) - (\d{4}-\d\d-\d\d)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert versions[0][0] == project["version"]
    assert versions == sorted(versions, key=lambda one: one[1], reverse=True)


def test_documents_name_the_wheel_of_this_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    named = {
        found for file in DOCUMENTS for found in re.findall(r"csire_bridge-(\d[\d.]*)-py3", file.read_text("utf-8"))
    }
    assert named == {version}


def test_the_readme_has_a_row_for_every_command() -> None:
    section = (ROOT / "README.md").read_text("utf-8").split("\n## Commands\n", 1)[1].split("\n## ", 1)[0]
    told = [
        name
        for line in section.splitlines()
        for name in re.findall(r"`(\w+)`", line.split("|")[1:2][0] if line.startswith("| `") else "")
    ]
    assert set(COMMANDS) <= set(told)


def _commands_told() -> Iterator[tuple[str, list[str]]]:
    """Each line of a document's examples that is one of our commands, with the document's name."""
    for document in DOCUMENTS:
        for block in re.findall(r"^ *```(?:sh)?\n(.*?)^ *```", document.read_text("utf-8"), re.MULTILINE | re.DOTALL):
            for line in block.replace("\\\n", " ").splitlines():
                if line.strip().startswith("csire-bridge ") and "[" not in line:
                    yield f"{document.name}: {line.strip()}", shlex.split(line, comments=True)[1:]


def test_every_command_in_an_example_is_there_with_its_options() -> None:
    told = list(_commands_told())
    assert len(told) > 100
    assert [where for where, words in told if not _is_command(words)] == []


def _is_command(words: list[str]) -> bool:
    """Whether the words name a command of ours, and options that it has."""
    name, *rest = words
    if name not in COMMANDS:
        return name.startswith("-") or name == "..."
    found = load_command(name)
    while rest and rest[0] in getattr(found, "commands", {}):
        found = found.commands[rest.pop(0)]  # type: ignore[attr-defined]
    until = next((i for i, word in enumerate(rest) if word in {"|", "||", "&&", ">", "&"}), len(rest))
    known = {option for parameter in found.params for option in (*parameter.opts, *parameter.secondary_opts)}
    used = {word.partition("=")[0] for word in rest[:until] if word.startswith("--")}
    unknown = [word for word in rest[:1] if hasattr(found, "commands") and not word.startswith("-")]
    return used <= known | {"--help"} and not unknown
