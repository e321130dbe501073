"""``csire-bridge mapping try``: what a file makes of a sample is shown before it counts anywhere."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from csire_bridge.cli.messages import mapping
from csire_bridge.config.resources import folder
from csire_bridge.domain.errors import ConfigurationError

MAPPINGS, SAMPLES = folder("mappings"), folder("samples") / "good"


def tried(*words: object) -> tuple[int, str]:
    app = typer.Typer()
    mapping.add_to(app)
    done = CliRunner().invoke(app, ["mapping", "try", *map(str, words)])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.output


def test_given_a_draft_outside_of_all_folders_when_tried_then_each_field_is_shown_with_its_place(
    tmp_path: Path,
) -> None:
    draft = tmp_path / "8.1.1.5.yaml"
    text = (MAPPINGS / "8.1.1.5.yaml").read_text("utf-8")
    path = "m:Payload/m:DisconnectionRequestData/m:RequestDescription"
    assert f"path: {path}" in text
    draft.write_text(text.replace(f"path: {path}", f"value: \"concat('hub: ', {path})\""), "utf-8")
    code, said = tried(draft, SAMPLES / "8.1.1.5-debt.xml")
    assert code == 0
    assert "disconnection_kind = debt\n    m:Payload/m:DisconnectionRequestData/m:DisconnectionRequestType" in said
    assert "description = hub: " in said
    assert "it would be taken" in said


def test_given_a_sample_that_the_file_refuses_when_tried_then_it_is_said_why(tmp_path: Path) -> None:
    bad = tmp_path / "bad.xml"
    text = (SAMPLES / "8.1.1.5-debt.xml").read_text("utf-8")
    bad.write_text(text.replace(">590243856287817706<", ">590243856287817707<"), "utf-8")
    code, said = tried(MAPPINGS / "8.1.1.5.yaml", bad)
    assert code == 1
    assert "metering_point = metering point 590243856287817707 ends with 7, but its check digit is 6" in said
    assert "rule.point-check-digit" in said


def test_given_an_outbound_file_when_tried_then_each_answer_to_the_sample_is_shown() -> None:
    code, said = tried(MAPPINGS / "8.1.1.7.yaml", SAMPLES / "8.1.1.5-debt.xml")
    assert code == 0
    assert said.count("<ResultCode>CL009</ResultCode>") == 1
    assert "--- cannot: other" in said
    with pytest.raises(ConfigurationError, match="answers no reconnect order"):
        tried(MAPPINGS / "8.1.1.7.yaml", SAMPLES / "8.2.1.6-minimal.xml")
