# ruff: noqa: E501 - a table with a line for each mistake
"""Another standard is a change of files: its sample is played to signed answers, and no code knows its names."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from csire_bridge.config.resources import folder
from csire_bridge.domain.errors import ConfigurationError, RuleBroken
from csire_bridge.domain.identifiers import Eic, MessageId
from csire_bridge.domain.order.order import OrderState
from csire_bridge.lab.demo.other_standard import fresh, other_standard, play
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.xml.mapping.book import MappingBook
from csire_bridge.xml.mapping.outgoing.rehearsal import Ends
from csire_bridge.xml.parser import parse
from csire_bridge.xml.schema.catalogue import SchemaCatalogue
from tests.support.repository import REPOSITORY

PLACE = folder("samples") / "other-standard"
ENDS = Ends(Eic("19XENERGAOPERATS"), Eic("10XPL-TSO------P"))


def book(mappings: Path = PLACE / "mappings") -> MappingBook:
    return MappingBook([mappings], SchemaCatalogue([PLACE / "schemas"]), ENDS)


@pytest.mark.slow
def test_given_the_files_of_another_standard_when_its_sample_is_played_then_each_good_task_has_a_signed_answer(
    tmp_path: Path,
) -> None:
    with other_standard(tmp_path, system_clock) as scene:
        played = play(scene, system_clock)
    assert played.problems == []
    assert [line.state for line in played.orders] == [OrderState.DONE] * 3 + [OrderState.REJECTED]
    assert [line.answer_number for line in played.orders] == ["D_1", "D_1", "D_1", "N_1"]
    texts = [answer.read_text("utf-8") for answer in played.answers]
    works = {found for text in texts for found in re.findall(r'answers="([^"]+)"', text)}
    assert len(works) == 1, "each names the message that it answers as its sender does"
    assert sorted(re.findall(r'no="(\d)"', "".join(texts))) == ["1", "2", "3", "4"]


def test_given_the_code_when_searched_then_it_does_not_know_the_names_of_the_other_standard() -> None:
    product = (REPOSITORY / "src" / "csire_bridge").rglob("*.py")
    code = "".join(file.read_text("utf-8") for file in product if "lab" not in file.parts)
    assert "grid.example" not in code
    assert "tasks/task" not in code


def test_given_a_header_of_attributes_when_read_then_ids_and_parties_are_translated() -> None:
    root = fresh(system_clock)
    header = book().header(root)
    assert header.message_id == MessageId.named(str(root[0].get("ref")))
    assert (header.physical_sender, header.juridical_recipient) == ("10XPL-TSO------P", "19XENERGAOPERATS")
    assert (header.number, header.message_type, header.process) == ("W_1", "work", "")


def test_given_a_document_without_a_good_header_when_looked_at_then_what_it_claims_is_shown() -> None:
    root = fresh(system_clock)
    claims = book().claims(root)
    assert (claims.sender, claims.number) == ("10XPL-TSO------P", "W_1")
    root[0].set("from", "NOBODY")
    assert book().claims(root).sender is None
    with pytest.raises(RuleBroken, match="'NOBODY' is not one of"):
        book().header(root)


MISTAKES = {
    "no such envelope": ("work.yaml", "technical: grid", "technical: gird", "technical", "no file describes the envelope gird; the nearest is grid"),
    "a field of the header that there is not": ("envelope.yaml", "  timestamp:", "  timestmp:", "read.timestmp", "the nearest is timestamp"),
    "a field of the header that must be read": ("envelope.yaml", "c:control/@at, required: true", "c:control/@at", "read", "timestamp must be read, with `required: true`"),
    "an attribute that the schema has not": ("envelope.yaml", '"@answers": {from', '"@answer": {from', "write.c:control.@answer", "the nearest is @answers"),
    "an attribute that must be there": ("envelope.yaml", '    "@at": {from: timestamp, zone: utc, seconds: whole}\n', "", "write.c:control", "the schema needs @at there"),
    "a payload that the schema has not": ("envelope.yaml", "result: payload", "results: payload", "root", "no element results in it; the nearest is result"),
    "a moment that the schema refuses": ("envelope.yaml", ", seconds: whole", "", "root", "makes a document that its schema refuses"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_given_a_mistake_in_the_file_of_an_envelope_when_loaded_then_it_is_told_like_any_other(
    tmp_path: Path, name: str
) -> None:
    file, old, new, key, words = MISTAKES[name]
    shutil.copytree(PLACE / "mappings", tmp_path / "mappings")
    target = tmp_path / "mappings" / file
    text = target.read_text("utf-8")
    assert text.count(old) == 1
    target.write_text(text.replace(old, new), "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        book(tmp_path / "mappings")
    assert any(f"key {key}: " in line and words in line for line in caught.value.text.splitlines()), caught.value.text


def test_given_the_sample_as_it_lies_there_when_judged_then_its_schema_takes_it() -> None:
    root = parse((PLACE / "messages" / "work.xml").read_bytes())
    assert SchemaCatalogue([PLACE / "schemas"]).decide(root)
