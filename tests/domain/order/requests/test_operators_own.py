"""Orders of the operator's own: nobody outside can ask for one, and nothing that protects a household concerns them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from csire_bridge.domain.bounds import out_of_bounds
from csire_bridge.domain.identifiers import MeteringPointCode, ProcessInstanceId
from csire_bridge.domain.law.bans import Bans
from csire_bridge.domain.law.judge import Forbidden, Permitted, judge
from csire_bridge.domain.law.model import Ban
from csire_bridge.domain.law.policy import LawPolicy, WhenBanned
from csire_bridge.domain.message.message import OrderRequest
from csire_bridge.domain.metering_point.facts import MeteringPoint
from csire_bridge.domain.metering_point.holds import Hold, HoldKind
from csire_bridge.domain.metering_point.interlocks import holding_back, protection
from csire_bridge.domain.order.facts import OrderSource
from csire_bridge.domain.order.order import DisconnectionKind, OrderKind, ReconnectionReason
from csire_bridge.domain.order.requests.operators_own import is_operators_own
from csire_bridge.domain.order.requests.sources import source_of
from csire_bridge.domain.protection import ProtectedKind, Protection
from tests.support.defaults import LAW
from tests.support.store import CODE, NOW, order

CUT = order(source_message=None, source_number=None, disconnection_kind=DisconnectionKind.DANGER)
END = replace(
    CUT, kind=OrderKind.RECONNECT, disconnection_kind=None, reconnection_reason=ReconnectionReason.DANGER_GONE
)
POINT = MeteringPoint(code=CODE, updated_at=NOW, can_be_suspended=False)
DAYS = [date(2026, 1, 1) + timedelta(days=n) for n in range(2 * 365)]


def hold(kind: HoldKind) -> Hold:
    return Hold(key=3, metering_point=CODE, kind=kind, since=NOW, until=None, by="Ewa Lis", why="respirator")


@pytest.mark.parametrize("kind", sorted(HoldKind))
def test_given_a_hold_when_there_is_danger_then_only_the_one_that_needs_the_supply_stands_against_a_cut(
    kind: HoldKind,
) -> None:
    against = protection(CUT, POINT, [hold(kind)])
    assert (against is not None) is (kind is HoldKind.EMERGENCY_SUPPLY)
    for other in set(DisconnectionKind) - {DisconnectionKind.DANGER}:
        stands = protection(replace(CUT, disconnection_kind=other), replace(POINT, can_be_suspended=True), [hold(kind)])
        assert (stands is not None) is (kind is not HoldKind.EMERGENCY)
    assert (holding_back(END, [hold(kind)]) is not None) is (kind is HoldKind.EMERGENCY)


def test_given_a_hold_of_another_kind_first_when_there_is_danger_then_the_one_that_counts_is_found() -> None:
    against = protection(CUT, POINT, [hold(HoldKind.COMPLAINT), hold(HoldKind.EMERGENCY_SUPPLY)])
    assert against is not None
    assert "hold 3 of Ewa Lis" in against.text


@pytest.mark.parametrize("own", [CUT, END])
@pytest.mark.parametrize("protected", [None, *ProtectedKind])
def test_given_every_day_of_two_years_then_no_ban_concerns_danger_or_its_end(
    own: object, protected: ProtectedKind | None
) -> None:
    kinds = {DisconnectionKind.DANGER: "disconnect-danger"}
    bans = [
        replace(ban, orders=ban.orders | set(kinds.values()) | {"reconnect-danger-gone"}) for ban in LAW.book.of(Ban)
    ]
    strict = replace(
        LAW, book=replace(LAW.book, rules=tuple(bans)), when_banned={b.name: WhenBanned.REFUSE for b in bans}
    )
    known = Protection.of(protected) if protected else None
    asked = CUT if own is CUT else END
    for day in DAYS:
        moment = datetime(day.year, day.month, day.day, 11, tzinfo=UTC)
        assert isinstance(judge(asked, known, strict, moment, moment + timedelta(hours=36)), Permitted)
    assert Bans(asked, known, strict).of_household(NOW) == []
    debt = replace(CUT, disconnection_kind=DisconnectionKind.DEBT)
    if protected is ProtectedKind.VULNERABLE:  # the same law does forbid something
        assert isinstance(judge(debt, known, strict, datetime(2026, 12, 1, 11, tzinfo=UTC), NOW), Forbidden)


@pytest.mark.parametrize("own", [CUT, END])
def test_given_an_order_of_the_operators_own_then_its_source_is_a_person(own: object) -> None:
    asked = CUT if own is CUT else END
    assert is_operators_own(asked)
    assert source_of(asked) is OrderSource.PERSON


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"kind": OrderKind.DISCONNECT, "disconnection_kind": DisconnectionKind.DANGER}, "disconnection_kind"),
        ({"kind": OrderKind.RECONNECT, "reconnection_reason": ReconnectionReason.DANGER_GONE}, "reconnection_reason"),
    ],
)
def test_given_a_request_from_outside_when_it_would_be_the_operators_own_then_it_is_refused(
    facts: dict[str, object], field: str
) -> None:
    request = OrderRequest(
        process_instance=ProcessInstanceId.new(),
        metering_point=MeteringPointCode(CODE),
        **facts,  # type: ignore[arg-type]
    )
    assert [name for name, _ in out_of_bounds(request)] == [field]


def test_given_the_default_policy_then_it_has_bans_for_the_test_above() -> None:
    assert isinstance(LAW, LawPolicy)
    assert any(LAW.book.of(Ban))
