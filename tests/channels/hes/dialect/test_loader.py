"""Mistakes in a dialect's file stop the start, each with file, line, key and remedy."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from csire_bridge.channels.hes.dialect.loader import dialect_named, load_dialect, shipped
from csire_bridge.channels.hes.profile import HeadEndProfile
from csire_bridge.config.resources import folder
from csire_bridge.config.sections.peers.head_end import (
    DialectSettings,
    HeadEndCodes,
    HeadEndNamespaces,
    HeadEndSettings,
)
from csire_bridge.config.settings import load_settings
from csire_bridge.domain.errors import ConfigurationError
from csire_bridge.domain.meter.contactor import ControlState, HeadEndEventKind
from csire_bridge.service.startup_checks import findings

GOOD = (folder("mappings") / "head-end" / "iec-61968-9-2011.yaml").read_text()
SCHEMA = (folder("schemas") / "hes" / "iec-61968-9-2011" / "Message.xsd").resolve()


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "ours.yaml"
    file.write_text(text.replace("../../schemas/hes/iec-61968-9-2011/Message.xsd", str(SCHEMA)))
    return file


def test_given_a_copy_of_a_shipped_file_then_it_loads(tmp_path: Path) -> None:
    own = load_dialect(written(tmp_path, GOOD))
    assert own.reply == shipped("iec-61968-9-2011").reply


@pytest.mark.parametrize(
    ("before", "after", "key", "said"),
    [
        ("dialect: iec-61968-9-2011", "dialect: Our Product", "dialect", "match"),
        ("name: {en:", "title: {en:", "title", "the key title is not known here"),
        ("pl: IEC 61968-9 z 2011 r.}", "pol: x}", "name.pl", "the key pl is missing"),
        ("iec-61968-9-2011/Message.xsd", "iec-61968-9-2011/Messages.xsd", "schema", "can't be used"),
        ("  told_at: message:", "  told_at: massage:", "reply.told_at", "the prefix massage is not among"),
        ("message:Header/message:Timestamp", "message:Header/message:TimeStamp", "reply.told_at", "message:Timestamp"),
        ("events:EndDeviceEventType/@ref", "events:EndDeviceEventType/@reff", "events.0.code", "the nearest is ref"),
        ("events:EndDeviceEventType/@ref", "events:EndDeviceEventType[1]/@ref", "events.0.code", "is no name"),
        ("contactor:meter", "contactor:metre", "reply.contactor.meter", "the nearest is contactor:meter"),
        ("occurred_at: events:created", "occured_at: events:created", "events.0.occured_at", "nearest is occurred_at"),
        ("each: events:EndDeviceEventDetails", "each: events:Details", "events.0.details.each", "no events:Details"),
        ("interval: [end, start]", "interval: [end, begin]", "request.order.interval", "interval has no begin"),
        ("interval: [end, start]", "interval: [end]", "request.order.interval", "start can stand in interval, too"),
        ("interval: [end, start]", "intervall: [end, start]", "request.order.intervall", "the nearest is interval"),
        ("Header/Revision:", "Head/Revision:", "request.add.Head/Revision", "requests have no element Head"),
        ("Header/Revision:", "Header/Noun:", "request.add.Header/Noun", "is written by the bridge"),
        ("Header/Revision:", "Revision:", "request.add.Revision", "write Parent/Name"),
        ("request:\n", "zone: Europa/Warszawa\nrequest:\n", "zone", "is no time zone"),
        ("request:\n", "codes: {events: {3.31: gone}}\nrequest:\n", "codes.events.3.31", "'gone' is not one of"),
        ("request:\n", "codes: {permanent: [5.8]}\nrequest:\n", "codes", "more than one table"),
        ("root: message:ResponseMessage", "root: message:EventMessage", "events.0.root", "that of later replies, too"),
        ("root: message:ResponseMessage", "root: message:Response", "reply.root", "declares no element"),
        ("readings: http://iec.ch/TC57/2011/MeterReadings#", "readings: http://iec.ch/TC57/2011/EndDeviceEvents#",
         "namespaces.readings", "is that of events, too"),
        ("events:\n  - root", "eventz:\n  - root", "eventz", "the nearest is events"),
    ],
)  # fmt: skip
def test_given_a_mistake_then_it_is_told_with_file_line_key_and_remedy(
    tmp_path: Path, before: str, after: str, key: str, said: str
) -> None:
    assert before in GOOD
    file = written(tmp_path, GOOD.replace(before, after))
    with pytest.raises(ConfigurationError) as caught:
        load_dialect(file)
    told = str(caught.value)
    assert re.search(rf"{re.escape(str(file))}, line [1-9]\d*, key {re.escape(key)}: ", told)
    assert said in told
    assert "docs/head-end-systems.md" in told


def test_given_a_mistake_then_its_line_is_the_one_that_is_to_be_changed(tmp_path: Path) -> None:
    file = written(tmp_path, GOOD.replace("message:Timestamp", "message:TimeStamp"))
    line = next(n for n, text in enumerate(file.read_text().splitlines(), 1) if "TimeStamp" in text)
    with pytest.raises(ConfigurationError, match=f"line {line}, key reply.told_at"):
        load_dialect(file)


def test_given_a_name_that_is_no_dialect_then_the_nearest_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="the nearest is iec-61968-9-2011"):
        HeadEndProfile.of(HeadEndSettings(speaks="iec-61968-9"))
    own = HeadEndSettings(speaks="our", dialect=(DialectSettings(name="ours", file=tmp_path / "x.yaml"),))
    with pytest.raises(ConfigurationError, match="the nearest is ours"):
        HeadEndProfile.of(own)


def test_given_a_dialect_with_a_mistake_then_the_start_is_stopped_by_its_check(tmp_path: Path) -> None:
    file = written(tmp_path, GOOD.replace("message:Timestamp", "message:TimeStamp"))
    settings = load_settings(head_end={"speaks": "ours", "dialect": [{"name": "ours", "file": str(file)}]})
    assert [one for one in findings(settings) if str(file) in one.problem and "reply.told_at" in one.problem]


def test_given_settings_beside_a_dialect_then_what_they_name_counts(tmp_path: Path) -> None:
    text = GOOD.replace(
        "request:\n", "zone: UTC\ncodes: {disconnect: a, connect: b, contactor_words: {zu: 1}}\nrequest:\n"
    )
    own = DialectSettings(name="ours", file=written(tmp_path, text))
    plain = HeadEndProfile.of(HeadEndSettings(speaks="ours", dialect=(own,)))
    assert (plain.codes.disconnect, plain.codes.contactor_words) == ("a", {"zu": ControlState.CONNECTED})
    assert plain.codes.events["3.31.0.68"] is HeadEndEventKind.DISCONNECTED
    assert str(plain.zone) == "UTC"
    codes, names = HeadEndCodes(connect="c"), HeadEndNamespaces(message="urn:theirs")
    settings = HeadEndSettings(speaks="ours", dialect=(own,), codes=codes, namespaces=names, zone="Europe/Warsaw")
    mixed = HeadEndProfile.of(settings)
    assert (mixed.codes.disconnect, mixed.codes.connect) == ("a", "c")
    assert (mixed.namespaces.message, str(mixed.zone)) == ("urn:theirs", "Europe/Warsaw")


def test_given_a_file_without_a_schema_then_its_paths_alone_count(tmp_path: Path) -> None:
    line = "schema: ../../schemas/hes/iec-61968-9-2011/Message.xsd\n"
    own = dialect_named(
        HeadEndSettings(
            speaks="ours", dialect=(DialectSettings(name="ours", file=written(tmp_path, GOOD.replace(line, ""))),)
        )
    )
    assert own.schema is None
