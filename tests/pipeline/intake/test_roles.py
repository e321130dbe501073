"""A partner's role decides what it may send to an operator: the hub its messages, everybody else nothing."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from csire_bridge.config.resources import folder
from csire_bridge.config.settings import load_settings
from csire_bridge.domain.errors import ConfigurationError, NotTrusted, ProblemCode
from csire_bridge.domain.identifiers import Eic, MessageId, MessageNumber
from csire_bridge.domain.message.message import Channel, MessageState, UnderstoodMessage
from csire_bridge.domain.message.partner_entries import PartnerEntry
from csire_bridge.domain.message.partners import Partner, PartnerRole
from csire_bridge.lab.simulators.pki import DemoPki, make_demo_pki
from csire_bridge.pipeline.intake.receive import Arrival
from csire_bridge.pipeline.intake.verify import Verifier
from csire_bridge.service.wiring.bridge import Bridge
from csire_bridge.store.database import Database, make_current
from csire_bridge.store.queries.reports import message_lines, order_lines
from csire_bridge.store.repositories.messages.partners import PartnerRegistry
from csire_bridge.worker.partners.check import findings
from csire_bridge.worker.partners.entry import enter_partner
from csire_bridge.worker.partners.roster import FilePartners, PartnerListing, TablePartners
from csire_bridge.xml.envelope import read_header
from csire_bridge.xml.parser import parse
from csire_bridge.xml.security.signature import sign_enveloped

pytestmark = pytest.mark.slow

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
HUB, SUPPLIER = Eic.parse("10XPL-TSO------P"), Eic.parse("19XPL-RZE-SA---V")
DISCONNECT = "8.1.1.5-minimal"
INBOUND = (DISCONNECT, "8.2.1.6-minimal", "2.2.1.11-tariff-today", "3.1.1.1-minimal", "S-process-ended")


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> DemoPki:
    return make_demo_pki(tmp_path_factory.mktemp("roles-pki"), NOW)


def partners(pki: DemoPki, **supplier: Any) -> list[dict[str, Any]]:
    return [
        {"eic": HUB, "certificates": [pki.hub.certificate_file]},
        {"eic": SUPPLIER, "certificates": [pki.supplier.certificate_file], **supplier},
    ]


@contextmanager
def bridge_of(place: Path, pki: DemoPki, **supplier: Any) -> Iterator[Bridge]:
    settings = load_settings(
        environment=False,
        database=f"sqlite:///{place / 'bridge.db'}",
        signing_key=pki.operator.key_file,
        signing_certificate=pki.operator.certificate_file,
        partners=partners(pki, **supplier),
        delivery_folder=place / "answers",
    )
    make_current(settings.database)
    with Bridge(settings, lambda: NOW) as bridge:
        yield bridge


def sample(name: str) -> bytes:
    return (folder("samples") / "good" / f"{name}.xml").read_bytes()


def by_supplier(pki: DemoPki, name: str, *places: str) -> bytes:
    """The sample as the supplier would send it: as ``places`` of its own, signed with its own key."""
    root = parse(sample(name))
    for element in root.iter():
        if isinstance(element.tag, str) and element.tag.rpartition("}")[2] in places:
            element.text = SUPPLIER
    return sign_enveloped(root, pki.supplier.signing)


SENDERS = ("PhysicalSenderId", "JuridicalSenderId")


def codes(bridge: Bridge, raws: Sequence[bytes]) -> list[str]:
    judged = [bridge.intake.judge(raw, NOW) for raw in raws]
    return ["understood" if isinstance(each, UnderstoodMessage) else each.code.value for each in judged]


def test_given_a_suppliers_certificate_when_it_sends_what_only_the_hub_sends_then_each_number_is_refused(
    tmp_path: Path, pki: DemoPki
) -> None:
    with bridge_of(tmp_path, pki, role="supplier") as bridge:
        own = codes(bridge, [by_supplier(pki, name, *SENDERS) for name in INBOUND])
        assert own == [ProblemCode.NUMBER_NOT_ALLOWED.value] * len(INBOUND)
        forged = codes(bridge, [by_supplier(pki, name) for name in INBOUND])
        assert forged == [ProblemCode.WRONG_SIGNER.value] * len(INBOUND)
        hubs = codes(bridge, [sign_enveloped(parse(sample(name)), pki.hub.signing) for name in INBOUND])
        assert hubs == ["understood"] * len(INBOUND)


@pytest.mark.parametrize("role", [None, *(role.value for role in PartnerRole if role is not PartnerRole.HUB)])
def test_given_any_role_but_the_hubs_or_none_at_all_then_nothing_is_taken(
    tmp_path: Path, pki: DemoPki, role: str | None
) -> None:
    with bridge_of(tmp_path, pki, **({"role": role} if role else {})) as bridge:
        assert codes(bridge, [by_supplier(pki, DISCONNECT, *SENDERS)]) == [ProblemCode.NUMBER_NOT_ALLOWED.value]


def test_given_words_that_widen_it_then_these_numbers_only_and_only_in_its_own_name_and_the_start_says_so(
    tmp_path: Path, pki: DemoPki, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        caplog.at_level(logging.WARNING),
        bridge_of(tmp_path, pki, role="supplier", may_send_as_the_hub=["8.1.1.5"]) as bridge,
    ):
        assert f"{SUPPLIER} (supplier) may send 8.1.1.5 as if it were the hub" in caplog.text
        found = codes(bridge, [by_supplier(pki, name, *SENDERS) for name in INBOUND])
        assert found == ["understood", *[ProblemCode.NUMBER_NOT_ALLOWED.value] * (len(INBOUND) - 1)]
        for_the_hub = by_supplier(pki, DISCONNECT, "PhysicalSenderId")
        assert codes(bridge, [for_the_hub]) == [ProblemCode.WRONG_SIGNER.value]
        with bridge.database.reading() as connection:
            table = TablePartners.read(PartnerRegistry(connection))
        roster = PartnerListing.of(FilePartners.load(bridge.settings), table)
    assert [finding.code for finding in findings(roster, NOW, ())] == ["as-the-hub"]


def test_given_an_id_that_another_partner_has_used_then_the_hubs_message_of_that_id_is_carried_out_all_the_same(
    tmp_path: Path, pki: DemoPki
) -> None:
    theirs, hubs = by_supplier(pki, DISCONNECT, *SENDERS), parse(sample("8.2.1.6-minimal"))
    same = read_header(parse(theirs)).message_id
    for element in hubs.iter():
        if isinstance(element.tag, str) and element.tag.endswith("}MessageId"):
            element.text = same
    mine = sign_enveloped(hubs, pki.hub.signing)
    with bridge_of(tmp_path, pki, role="supplier", may_send_as_the_hub=["8.1.1.5"]) as bridge:
        bridge.take_in(Channel.WEBHOOK, [Arrival("a", theirs)])
        bridge.take_in(Channel.WEBHOOK, [Arrival("b", mine), Arrival("c", mine)])
        with bridge.database.reading() as connection:
            states = [line.state for line in message_lines(connection)]
            asked = [line.message_id for line in order_lines(connection)]
    assert states == [MessageState.ACCEPTED, MessageState.ACCEPTED, MessageState.DUPLICATE]
    assert asked == [same, same]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"role": "supplier", "numbers": ["8.1.1.5"]}, "may_send_as_the_hub = ['8.1.1.5']"),
        ({"numbers": ["8.1.1.5"]}, "may send nothing to an operator"),
        ({"role": "hub"}, f"hub_eic is {HUB}"),
    ],
)
def test_given_settings_of_before_that_gave_a_partner_numbers_then_the_start_says_what_to_write_and_widens_nothing(
    pki: DemoPki, said: dict[str, Any], told: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(environment=False, partners=partners(pki, **said))
    assert told in str(caught.value)


@pytest.mark.parametrize("role", [PartnerRole.SUPPLIER, PartnerRole.HUB, None])
def test_given_rows_of_before_in_the_registry_then_they_give_nothing_and_the_check_says_so(
    role: PartnerRole | None,
) -> None:
    row = PartnerEntry(SUPPLIER, NOW, "Anna", role=role, numbers="8.1.1.5")
    roster = PartnerListing.of(FilePartners([], [], 1024, hub=HUB), TablePartners(1, [row]))
    partner = roster.partners[SUPPLIER]
    assert not partner.is_the_hub
    assert not any(partner.may_send(MessageNumber(number)) for number in ("8.1.1.5", "S", "R_1"))
    found = {finding.code for finding in findings(roster, NOW, ())}
    assert found >= {"numbers-say-nothing"} | ({"unreadable"} if role is PartnerRole.HUB else set())


def test_given_the_hub_and_its_numbers_then_they_narrow_it(pki: DemoPki) -> None:
    hub = Partner(HUB, PartnerRole.HUB, numbers=frozenset({MessageNumber("8.2.1.6")}))
    header = read_header(parse(sample(DISCONNECT)))
    verifier = Verifier(pki.partners)
    with pytest.raises(NotTrusted) as caught:
        verifier.check_sender(header, hub)
    assert caught.value.code is ProblemCode.NUMBER_NOT_ALLOWED
    verifier.check_sender(replace(header, message_id=MessageId.new()), replace(hub, numbers=None))


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"role": PartnerRole.HUB}, "is not the hub"),
        ({"role": PartnerRole.SUPPLIER, "numbers": "8.1.1.5"}, "may send nothing to an operator"),
        ({"numbers": "8.1.1.5"}, "may send nothing to an operator"),
    ],
)
def test_given_a_command_that_would_widen_in_passing_then_it_is_refused_and_nothing_is_written(
    tmp_path: Path, pki: DemoPki, said: dict[str, Any], told: str
) -> None:
    address = f"sqlite:///{tmp_path / 'bridge.db'}"
    make_current(address)
    database = Database(address)
    file = FilePartners([], [], 1024, hub=HUB)
    with pytest.raises(ConfigurationError, match=told), database.transaction() as tx:
        enter_partner(tx.partners, file, PartnerEntry(SUPPLIER, NOW, "Anna", **said), [pki.supplier.certificate_file])
    with database.transaction() as tx:
        assert tx.partners.version() == 0
        said_so = PartnerEntry(SUPPLIER, NOW, "Anna", role=PartnerRole.SUPPLIER, may_send_as_the_hub="8.1.1.5")
        enter_partner(tx.partners, file, said_so, [pki.supplier.certificate_file])
        widened = PartnerListing.of(file, TablePartners.read(tx.partners)).partners[SUPPLIER]
        assert widened.may_send_as_the_hub == {"8.1.1.5"}
        enter_partner(tx.partners, file, PartnerEntry(SUPPLIER, NOW, "Anna", may_send_as_the_hub=""), [])
        assert not PartnerListing.of(file, TablePartners.read(tx.partners)).partners[SUPPLIER].may_send_as_the_hub
    database.close()
