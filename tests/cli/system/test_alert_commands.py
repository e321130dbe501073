"""``alerts`` as people, cron and Nagios use it: exit codes, acknowledgements, history, and a trial of a route."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from csire_bridge.runtime.steady_clock import system_clock
from csire_bridge.store.database import Database
from csire_bridge.worker.alert_job import Watch
from tests.support.alert_receiver import alert_receiver
from tests.support.defaults import PARTNER_WAIT, RESULT_WAIT
from tests.support.operating import ANNA, Place

DECIDED = '[law]\nunknown_protection = "protected"\n'
LATER = (system_clock() + timedelta(days=1)).isoformat()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path)
    made.write(DECIDED)
    return made


def look(place: Place) -> None:
    """The service notices what holds."""
    with closing(Database(place.address)) as database:
        Watch(database, system_clock, result_wait=RESULT_WAIT, partner_wait=PARTNER_WAIT).look()


def test_the_exit_code_is_1_while_something_needs_a_person_and_0_when_it_is_acknowledged_or_over(
    place: Place,
) -> None:
    assert "nothing needs a person" in place.run("alerts")
    place.run("stop", *ANNA)
    assert "stop-switch: the stop switch was thrown" in place.run("alerts", code=1)
    assert "no alert stop-switch is open" in place.run(
        "alerts", "acknowledge", "stop-switch", "--until", LATER, *ANNA, code=1
    )
    look(place)
    said = place.run("alerts", "acknowledge", "stop-switch", "--until", LATER, *ANNA)
    assert "stop-switch is acknowledged until" in said
    assert "[acknowledged until" in place.run("alerts")
    (listed,) = place.json("alerts")
    assert (listed["needs_a_person"], listed["acknowledged"]["by"]) == (False, "Anna Nowak")
    place.run("go", *ANNA)
    assert "nothing needs a person" in place.run("alerts")


def test_alerts_their_history_and_what_was_sent_are_shown_with_the_columns_that_are_wanted(place: Place) -> None:
    place.run("stop", *ANNA)
    look(place)
    place.run("alerts", "acknowledge", "stop-switch", "--until", LATER, *ANNA)
    listed = place.run("alerts", "--columns", "kind,count,acknowledged-by").splitlines()
    assert [line.split() for line in listed[1:]] == [
        ["kind", "count", "acknowledged-by"],
        ["stop-switch", "1", "Anna", "Nowak"],
    ]
    assert place.run("alerts", "--csv").startswith("kind;subject;count;oldest;told;text")
    assert "did you mean 'kind'" in place.run("alerts", "--columns", "kinds", code=2)
    past = place.run("alerts", "history", "--columns", "kind,acknowledged-by").splitlines()
    assert past[2].split() == ["stop-switch", "Anna", "Nowak"]
    assert place.run("alerts", "sent", "--csv").startswith("made;route;channel")


def test_the_history_shows_when_an_alert_was_open_and_who_acknowledged_it(place: Place) -> None:
    assert "no alert was opened" in place.run("alerts", "history")
    place.run("stop", *ANNA)
    look(place)
    place.run("alerts", "acknowledge", "stop-switch", "--until", LATER, *ANNA)
    place.run("go", *ANNA)
    look(place)
    (past,) = place.json("alerts", "history")
    assert past["closed_at"] is not None
    assert [one["why"] for one in past["acknowledged"]] == ["a drill"]
    assert "acknowledged" in place.run("alerts", "history")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("field", "--until", LATER, *ANNA), "field"),
        (("field-work", *ANNA), "--until"),
        (("field-work", "--until", "soon", *ANNA), "no moment"),
        (("field-work", "--until", LATER), "--by"),
    ],
)
def test_an_acknowledgement_needs_a_kind_that_there_is_an_end_and_a_name(
    place: Place, words: tuple[str, ...], told: str
) -> None:
    assert told in place.run("alerts", "acknowledge", *words, code=2)


def test_a_trial_goes_to_the_channels_of_a_route_and_a_failure_is_an_exit_code(place: Place) -> None:
    key = place.config.with_name("alerts-key")
    key.touch(0o600)
    key.write_text("0123456789abcdef0123456789abcdef\n", "utf-8")
    with alert_receiver() as receiver:
        hook = f'[alerts.webhook]\nurl = "{receiver.url}"\nkey_file = "alerts-key"\n'
        place.write(f'{hook}[[alerts.route]]\nname = "duty"\nwebhook = true\n')
        assert "webhook: sent" in place.run("alerts", "test", "--route", "duty")
        assert [body["trial"] for body in receiver.bodies()] == [True]
        receiver.status = 500
        assert "HTTP 500" in place.run("alerts", "test", "--route", "duty", code=3)
        assert "these are set: duty" in place.run("alerts", "test", "--route", "nobody", code=2)
    assert "nothing was to be sent" in place.run("alerts", "sent")


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ('[[alerts.route]]\nname = "duty"\n', "leads nowhere"),
        ('[[alerts.route]]\nname = "duty"\nmail = ["duty@example.org"]\n', "alerts.mail.host"),
        ('[[alerts.route]]\nname = "duty"\nwebhook = true\nkinds = ["field"]\n', "kinds"),
        ('[[alerts.route]]\nname = "duty"\nwebhook = true\nhours = { "moonday" = ["07:00-08:00"] }\n', "moonday"),
        ('[alerts.mail]\nhost = "localhost"\n', "sender"),
        ('[alerts.mail]\nhost = "localhost"\nsender = "nobody"\n', "no address of a mailbox"),
    ],
)
def test_wrong_settings_of_alerts_are_told_by_name(place: Place, written: str, told: str) -> None:
    place.write(written)
    assert told in place.run("alerts", code=2)
