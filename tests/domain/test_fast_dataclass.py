"""Facts that are made and changed at once are those that their own ways would make."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, dataclass, fields, replace
from datetime import UTC, datetime

import pytest

from csire_bridge.domain.fast_dataclass import changed, is_open, made
from csire_bridge.domain.identifiers import MeteringPointCode
from csire_bridge.domain.order.order import Order, OrderKind, OrderState

ORDER = Order(
    key=1,
    kind=OrderKind.DISCONNECT,
    state=OrderState.REGISTERED,
    metering_point=MeteringPointCode("590000000000000000"),
    process_instance=None,
    source_message=None,
    source_number=None,
    registered_at=datetime(2026, 11, 26, tzinfo=UTC),
    not_before=datetime(2026, 11, 26, tzinfo=UTC),
    version=1,
)


@dataclass(frozen=True, slots=True)
class Closed:
    one: int


@dataclass(frozen=True)
class Derived:
    one: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "one", self.one + 1)


def test_given_all_values_then_the_fact_is_the_one_that_its_class_would_make() -> None:
    values = {field.name: getattr(ORDER, field.name) for field in fields(Order)}
    assert made(Order, values) == ORDER
    assert hash(made(Order, values)) == hash(ORDER)


def test_given_other_values_then_only_the_new_fact_has_them() -> None:
    after = changed(ORDER, state=OrderState.PARKED, version=2)
    assert after == replace(ORDER, state=OrderState.PARKED, version=2)
    assert (ORDER.state, ORDER.version) == (OrderState.REGISTERED, 1)


def test_given_what_is_no_field_then_it_is_named_and_nothing_is_made() -> None:
    with pytest.raises(TypeError, match="no fields of Order: colour, size"):
        changed(ORDER, size=1, version=2, colour="red")


def test_given_a_changed_fact_then_it_is_as_frozen_as_the_first() -> None:
    with pytest.raises(FrozenInstanceError):
        changed(ORDER, version=2).version = 3  # type: ignore[misc]


def test_given_slots_or_derived_values_then_a_fact_is_not_made_past_its_class() -> None:
    assert [is_open(kind) for kind in (Order, Closed, Derived)] == [True, False, False]
