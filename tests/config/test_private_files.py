"""Files of secrets are for their owner only."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from csire_bridge.config.private_files import private_files, require_private_files
from csire_bridge.config.settings import Settings, load_settings
from csire_bridge.domain.errors import ConfigurationError


def settings_with(folder: Path, mode: int) -> Settings:
    """All files of secrets there, with that mode."""
    names = ("signing", "client", "word")
    for name in names:
        (folder / name).write_text("secret\n")
        (folder / name).chmod(mode)
    signing, client, word = (folder / name for name in names)
    public = folder / "public.pem"
    public.write_text("certificate\n")
    public.chmod(0o644)
    tls = {"client_certificate": public, "client_key": client}
    return load_settings(
        environment=False,
        signing_key=signing,
        signing_certificate=public,
        hub=tls,
        head_end={**tls, "event_user": "u", "event_password_file": word},
        sid={**tls, "user": "u", "password_file": word, "caller_user": "u", "caller_password_file": word},
    )


def test_given_settings_then_every_file_of_a_secret_is_known_by_its_name_and_no_certificate_is(tmp_path: Path) -> None:
    assert {name for name, _ in private_files(settings_with(tmp_path, 0o600))} == {
        "signing_key",
        "hub.client_key",
        "head_end.client_key",
        "head_end.event_password_file",
        "sid.client_key",
        "sid.password_file",
        "sid.caller_password_file",
    }


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620, 0o660])
def test_given_files_that_others_can_get_at_then_each_is_refused_with_what_to_do(tmp_path: Path, mode: int) -> None:
    with pytest.raises(ConfigurationError) as caught:
        require_private_files(settings_with(tmp_path, mode), group_may_read=False)
    told = str(caught.value).splitlines()
    assert len(told) == 7
    assert told[0].endswith(f"-> chmod 600 {tmp_path / 'signing'}")
    assert f"{mode:04o}" in told[0]


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_given_files_of_the_owner_alone_then_nothing_is_said(tmp_path: Path, mode: int) -> None:
    require_private_files(settings_with(tmp_path, mode), group_may_read=False)


def test_given_secrets_mounted_by_group_then_the_group_may_read_them_and_nobody_else(tmp_path: Path) -> None:
    require_private_files(settings_with(tmp_path, 0o440), group_may_read=True)
    for mode in (0o644, 0o660):
        with pytest.raises(ConfigurationError, match="chmod 640"):
            require_private_files(settings_with(tmp_path, mode), group_may_read=True)


def test_given_a_file_of_another_user_then_it_is_refused_unless_root_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_with(tmp_path, 0o600)
    owner = (tmp_path / "signing").stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    require_private_files(settings, group_may_read=False)
    monkeypatch.setattr(os, "geteuid", lambda: owner + 4711)
    if owner == 0:
        require_private_files(settings, group_may_read=False)  # root's files are no danger
    else:
        with pytest.raises(ConfigurationError, match="another user"):
            require_private_files(settings, group_may_read=False)


def test_given_files_that_are_missing_then_their_readers_tell(tmp_path: Path) -> None:
    require_private_files(load_settings(environment=False, signing_key=tmp_path / "none"), group_may_read=False)
