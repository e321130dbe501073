"""Settings: what wins over what, and that a stage never reaches what the environment names."""

from __future__ import annotations

from pathlib import Path

import pytest

from csire_bridge.config.private_files import write_private
from csire_bridge.config.settings import load_settings
from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.lab.demo.stage import stage_settings
from csire_bridge.lab.simulators.pki import make_demo_pki
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.service.startup_checks import check_settings


def test_given_all_three_then_options_win_over_the_environment_and_that_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('database = "sqlite:///file.db"\n[head_end]\nurl = "http://file"\nread_seconds = 7\nattempts = 2\n')
    monkeypatch.setenv("CSIRE_BRIDGE_DATABASE", "sqlite:///environment.db")
    monkeypatch.setenv("CSIRE_BRIDGE_HEAD_END__READ_SECONDS", "8")
    settings = load_settings(file, database="sqlite:///option.db")
    assert settings.database == "sqlite:///option.db"
    assert (settings.head_end.url, settings.head_end.read_seconds, settings.head_end.attempts) == ("http://file", 8, 2)
    assert load_settings(file).database == "sqlite:///environment.db"


def test_given_a_production_environment_then_a_stage_stays_on_its_own_simulators(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CSIRE_BRIDGE_DATABASE", "sqlite:///production.db")
    monkeypatch.setenv("CSIRE_BRIDGE_HEAD_END__URL", "http://the-real-head-end")
    monkeypatch.setenv("CSIRE_BRIDGE_DELIVERY_FOLDER", "/srv/real")
    monkeypatch.setenv("CSIRE_BRIDGE_HUB__URL", "https://the-real-hub")
    settings = stage_settings(tmp_path, make_demo_pki(tmp_path, system_clock()), "http://127.0.0.1:1", load_settings())
    assert settings.head_end.url == "http://127.0.0.1:1"
    assert settings.database == f"sqlite:///{tmp_path}/csire-bridge.db"
    assert settings.delivery_folder == tmp_path / "acknowledgements"
    assert settings.hub.url is None


@pytest.mark.parametrize("where", ["file", "environment"])
@pytest.mark.parametrize(
    ("line", "variable", "said"),
    [
        (
            "cores = [0, 1]\n",
            ("csire_bridge_cores", "[0]"),
            r"cores: it was removed .* CPUAffinity= .* taskset",
        ),
        (
            "[execution]\ncomplaint_hold_days = 14\n",
            ("CSIRE_BRIDGE_EXECUTION__COMPLAINT_HOLD_DAYS", "14"),
            r"execution\.complaint_hold_days: it was removed .* until it is dec",
        ),
    ],
)
def test_given_a_setting_that_was_removed_then_the_start_says_what_to_do_instead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str, line: str, variable: tuple[str, str], said: str
) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(line if where == "file" else "")
    if where == "environment":
        monkeypatch.setenv(*variable)
    with pytest.raises(ConfigurationError, match=said):
        load_settings(file)


def test_given_relative_paths_in_the_file_then_they_count_from_its_folder(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(
        'signing_key = "keys/our.key.pem"\nschemas = ["official"]\n[hub]\nca_bundle = "ca.pem"\n'
        '[[partners]]\neic = "10XPL-TSO------P"\ncertificates = ["hub.pem"]\n'
        'revocation_list = "list.crl"\nrevocation_authority = "ca.pem"\n'
    )
    settings = load_settings(file)
    assert settings.hub.ca_bundle == tmp_path / "ca.pem"
    assert settings.partners[0].revocation_list == tmp_path / "list.crl"
    assert settings.partners[0].revocation_authority == tmp_path / "ca.pem"
    assert settings.signing_key == tmp_path / "keys/our.key.pem"
    assert settings.schemas == (tmp_path / "official",)


def test_given_a_service_without_keys_and_partners_then_both_are_told_at_once_and_nothing_is_made(
    tmp_path: Path,
) -> None:
    file = tmp_path / "bridge.db"
    with pytest.raises(ConfigurationError) as caught:
        check_settings(load_settings(environment=False, database=f"sqlite:///{file}"))
    told = str(caught.value)
    assert "signing_key" in told
    assert "no partner" in told
    assert not file.exists()


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("CSIRE_BRIDGE_SCHEMAS", "abc", "environment"),
        ("CSIRE_BRIDGE_OWN_EIC", "19XENERGAOPERATX", "own_eic"),
        ("CSIRE_BRIDGE_SENDER_ROLE", "none", "sender_role"),
    ],
)
def test_given_nonsense_in_the_environment_then_it_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=told):
        load_settings()


@pytest.mark.parametrize(
    ("sid", "told"),
    [
        ({"user": "u"}, "password_file"),
        ({"listen": True}, "listen needs url"),
        ({"url": "https://sid.example/", "security": "wss"}, "certificates"),
        ({"url": "https://sid.example/", "idle_seconds": 90}, "idle_seconds"),
        ({"caller_user": "u"}, "caller_password_file"),
        ({"peers": ["nowhere"]}, "peers"),
    ],
)
def test_given_settings_of_sid_that_do_not_go_together_then_they_are_named(sid: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        load_settings(environment=False, sid=sid)


def test_given_sid_settings_that_can_not_work_then_all_of_them_are_told_before_anything_starts(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.write_text("\n")
    sid = {
        "url": "http://sid.example/",
        "user": "u",
        "password_file": tmp_path / "none",
        "caller_user": "s",
        "caller_password_file": empty,
    }
    with pytest.raises(ConfigurationError) as caught:
        check_settings(load_settings(environment=False, sid=sid, database=f"sqlite:///{tmp_path / 'bridge.db'}"))
    assert "can't be read" in str(caught.value)
    assert "is empty" in str(caught.value)
    sid["password_file"] = sid["caller_password_file"] = tmp_path / "good"
    write_private(tmp_path / "good", b"secret\n")
    with pytest.raises(ConfigurationError, match="plain http is for this machine only"):
        check_settings(load_settings(environment=False, sid=sid, database=f"sqlite:///{tmp_path / 'bridge.db'}"))
