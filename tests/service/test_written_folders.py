"""A folder into which nothing can be written is told at the start, not when the first answer is to be delivered."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from csire_bridge.config.settings import load_settings
from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.service.startup_checks import findings
from csire_bridge.service.written_folders import require_writable, written_folders


def test_a_folder_that_is_still_to_be_made_is_fine_and_is_not_made_by_looking(tmp_path: Path) -> None:
    require_writable("retention.archive", tmp_path / "a" / "b")
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_place_of_a_folder_is_refused_with_the_settings_name(tmp_path: Path) -> None:
    file = tmp_path / "archive"
    file.touch()
    for folder in (file, file / "of" / "2026"):
        with pytest.raises(ConfigurationError, match=rf"retention\.archive: {file} is a file -> name a folder"):
            require_writable("retention.archive", folder)


def test_a_folder_that_others_own_is_told_by_config_check_and_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda place, mode: Path(place) != tmp_path)  # as root everything can be written
    settings = load_settings(None, delivery_folder=tmp_path / "answers", database=f"sqlite:///{tmp_path}/bridge.db")
    found = [str(one) for one in findings(settings)]
    told = f"setting delivery_folder: nothing can be written in {tmp_path} -> let the user of the service write there"
    assert told in found


def test_only_folders_that_are_written_into_are_looked_at(tmp_path: Path) -> None:
    by_hub = load_settings(None, hub={"url": "https://hub.example/soap"}, retention={"archive": tmp_path})
    assert list(written_folders(by_hub)) == ["retention.archive"]
