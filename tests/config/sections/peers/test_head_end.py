"""Settings of the head-end system: what differs from product to product, and that nonsense is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from csire_bridge.channels.hes.profile import HeadEndProfile
from csire_bridge.config.sections.peers.head_end import HeadEndNamespaces, HeadEndSettings
from csire_bridge.config.settings import load_settings
from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.domain.meter.contactor import ControlState, HeadEndEventKind

PRODUCT = """
[head_end]
url = "https://hes.example/soap"
username = "bridge"
organization = "DSO"
required_header = ["AckRequired", "User"]
ca_bundle = "ca.pem"
client_certificate = "our.cert.pem"
client_key = "our.key.pem"
[head_end.codes]
disconnect = "1.1.1.1"
try_later = ["B1"]
permanent = ["P1"]
permanent_reasons = ["No Such Meter"]
[head_end.codes.events]
"9.9.9.9" = "armed"
[head_end.codes.contactor_words]
AUF = 0
[head_end.namespaces]
message = "urn:product:message"
"""


def profile_of(tmp_path: Path, text: str) -> HeadEndProfile:
    file = tmp_path / "settings.toml"
    file.write_text(text)
    return HeadEndProfile.of(load_settings(file, environment=False).head_end)


def test_given_another_product_when_its_settings_are_read_then_the_profile_speaks_like_it(tmp_path: Path) -> None:
    profile = profile_of(tmp_path, PRODUCT)
    assert (profile.username, profile.organization) == ("bridge", "DSO")
    assert profile.client_certificate == (tmp_path / "our.cert.pem", tmp_path / "our.key.pem")
    assert profile.ca_bundle == tmp_path / "ca.pem"
    assert (profile.codes.disconnect, profile.codes.connect) == ("1.1.1.1", "3.31.0.18")
    assert profile.codes.try_later == {"B1"}
    assert profile.codes.permanent_reasons == {"no such meter"}
    assert profile.codes.events == {"9.9.9.9": HeadEndEventKind.ARMED}, "a table that is set replaces the default"
    assert profile.codes.contactor_words == {"auf": ControlState.DISCONNECTED}
    assert profile.namespaces.outward() == {HeadEndNamespaces().message: "urn:product:message"}


def test_given_nothing_when_read_then_the_profile_is_the_default_one() -> None:
    assert HeadEndProfile.of(HeadEndSettings()) == HeadEndProfile(endpoint="", reply_address="")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('client_key = "x"', "client_certificate"),
        ('required_header = ["User"]', "username"),
        ('organization = "x"', "username"),
        ('required_header = ["Colour"]', "required_header"),
        ('codes = {try_later = ["1"], permanent = ["1"]}', "more than one table"),
        ('codes = {events = {"1.2.3.4" = "exploded"}}', "events"),
        ('namespaces = {message = "x", events = "x"}', "share"),
        ('namespaces = {message = ""}', "message"),
    ],
)
def test_given_nonsense_when_read_then_it_is_named(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        profile_of(tmp_path, f"[head_end]\n{text}\n")


def test_given_namespaces_when_translated_there_and_back_then_the_same_bytes() -> None:
    other = HeadEndNamespaces(message="urn:a&b", events="urn:e")
    ours = HeadEndNamespaces()
    xml = f'<m:x xmlns:m="{ours.message}" xmlns:e="{ours.events}" xmlns:c="{ours.controls}"/>'.encode()
    theirs = f'<m:x xmlns:m="urn:a&amp;b" xmlns:e="urn:e" xmlns:c="{ours.controls}"/>'.encode()
    assert other.translate(xml) == theirs
    assert other.translate(theirs, back=True) == xml
    assert other.translate(xml, back=True).count(b'"not-this-hes:') == 2, "it does not speak what it has another for"
