"""Our key is rotated by the clock: no restart, and at no time without a valid key."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest

from csire_bridge.config.settings import load_settings
from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.lab.simulators.authority import AHEAD, DemoAuthority
from csire_bridge.lab.simulators.pki import DEMO_PARTIES
from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.xml.security.certificates.keys import SigningKey
from csire_bridge.xml.security.certificates.signing_keys import DatedKey, SigningKeys

NOW = system_clock()
DAY = timedelta(days=1)
_AUTHORITY = DemoAuthority("an authority", NOW, "ecdsa")
_NUMBERS = count(1)


def key(shift: timedelta = timedelta(0), starts: timedelta | None = None) -> DatedKey:
    """A key whose certificate is valid from a day before NOW + ``shift``, for about 13 months."""
    signing = _AUTHORITY.issue(DEMO_PARTIES.operator, NOW + shift)
    return DatedKey(signing, f"key-{next(_NUMBERS)}", None if starts is None else NOW + starts)


def test_given_two_keys_then_the_later_one_signs_from_its_moment_on() -> None:
    old, new = key(), key(starts=5 * DAY)
    keys = SigningKeys([new, old])
    assert keys.at(NOW) is old.key
    assert keys.at(NOW + 5 * DAY - timedelta(microseconds=1)) is old.key
    assert keys.at(NOW + 5 * DAY) is new.key
    assert list(keys) == [old.key, new.key]
    keys.require_no_gap(NOW)
    keys.require_no_gap(NOW + 6 * DAY)


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ([key(starts=DAY), key(starts=2 * DAY)], "no key signs before .*give the first key no `from`"),
        ([key(starts=-DAY), key(starts=-DAY)], "from the same moment"),
        ([key(), key(shift=9 * DAY, starts=3 * DAY)], "is valid from .* only.*or later"),
        ([key(shift=-AHEAD + 2 * DAY), key(starts=5 * DAY)], "ends on .* signs from .* only .*earlier moment"),
        ([key(), key(shift=-AHEAD + 2 * DAY, starts=9 * DAY)], "before its `from`.*newer certificate"),
    ],
)
def test_given_a_gap_in_which_no_key_is_valid_then_it_is_refused_with_what_to_do(
    keys: list[DatedKey], told: str
) -> None:
    with pytest.raises(ConfigurationError, match=told):
        SigningKeys(keys).require_no_gap(NOW)


def test_given_a_key_whose_turn_is_over_then_its_end_does_not_matter() -> None:
    SigningKeys([key(shift=-AHEAD - 9 * DAY), key(starts=-2 * DAY)]).require_no_gap(NOW)


def test_given_a_single_key_then_it_signs_at_any_moment() -> None:
    one: SigningKey = key().key
    assert one.at(NOW - 999 * DAY) is one


def test_given_dates_in_the_settings_then_they_begin_in_poland_and_the_first_needs_none(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(
        '[[signing]]\nkey = "old.pem"\ncertificate = "old.cert"\n'
        '[[signing]]\nkey = "new.pem"\ncertificate = "new.cert"\nfrom = 2027-07-01\n'
        '[[signing]]\nkey = "c.pem"\ncertificate = "c.cert"\nfrom = 2028-01-01T12:00:00\n'
        '[[signing]]\nkey = "d.pem"\ncertificate = "d.cert"\nfrom = "2029-01-01T12:00:00Z"\n'
    )
    first, second, third, fourth = load_settings(file, environment=False).signing_pairs
    assert (first.key, first.starts) == (tmp_path / "old.pem", None)
    assert second.starts is not None
    assert second.starts.isoformat() == "2027-06-30T22:00:00+00:00"
    assert third.starts is not None
    assert third.starts.astimezone(WARSAW).isoformat() == "2028-01-01T12:00:00+01:00"
    assert fourth.starts is not None
    assert fourth.starts.isoformat() == "2029-01-01T12:00:00+00:00"


def test_given_both_ways_of_naming_a_key_then_the_start_says_to_use_one() -> None:
    pair = {"key": "a", "certificate": "b"}
    with pytest.raises(ConfigurationError, match="move them into it"):
        load_settings(environment=False, signing_key="a", signing_certificate="b", signing=[pair])
