"""Variables with our prefix: every one is a setting or stops the start."""

from __future__ import annotations

import pytest

from csire_bridge.config.settings import load_settings
from csire_bridge.config.sources.environment import NO_SETTINGS
from csire_bridge.domain.errors import ConfigurationError


@pytest.mark.parametrize(
    ("variable", "told"),
    [
        ("CSIRE_BRIDGE_DATABSE", "CSIRE_BRIDGE_DATABASE"),
        ("CSIRE_BRIDGE_HEAD_END__URLL", "CSIRE_BRIDGE_HEAD_END__URL"),
        ("CSIRE_BRIDGE_HEAD_END_URL", "CSIRE_BRIDGE_HEAD_END__URL"),
        ("csire_bridge_head_end__codes__disconect", "CSIRE_BRIDGE_HEAD_END__CODES__DISCONNECT"),
        ("CSIRE_BRIDGE_DATABASE__URL", "CSIRE_BRIDGE_DATABASE"),
        ("CSIRE_BRIDGE_DEBG", "CSIRE_BRIDGE_DEBUG"),
        ("CSIRE_BRIDGE_PARTNERS__0__EIC", "JSON into CSIRE_BRIDGE_PARTNERS"),
        ("CSIRE_BRIDGE_NOTHING_LIKE_IT", "take it out"),
    ],
)
def test_given_a_variable_that_is_no_setting_then_the_start_stops_and_tells_the_nearest_name(
    monkeypatch: pytest.MonkeyPatch, variable: str, told: str
) -> None:
    monkeypatch.setenv(variable, "1")
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    (line,) = [
        line for line in str(caught.value).splitlines() if line.startswith(f"the environment variable {variable} ")
    ]
    assert told in line.partition(" -> ")[2]


def test_given_several_wrong_variables_then_each_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CSIRE_BRIDGE_SID__URLL", "1")
    monkeypatch.setenv("CSIRE_BRIDGE_HUBB", "1")
    monkeypatch.setenv("CSIRE_BRIDGE_SENDER_ROLE", "none")
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    told = str(caught.value).splitlines()
    assert len(told) == 3
    assert "setting sender_role" in told[2]
    assert "(CSIRE_BRIDGE_SENDER_ROLE)" in told[2]


def test_given_names_of_ours_that_are_no_settings_then_they_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NO_SETTINGS:
        monkeypatch.setenv(name, "1")
    load_settings()


def test_given_names_of_a_table_in_the_environment_then_they_are_the_users_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CSIRE_BRIDGE_LAW__WHEN_BANNED__SUSPENSION-WINTER", "wait")
    assert load_settings().law.when_banned == {"suspension-winter": "wait"}
