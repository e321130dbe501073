"""What follows from what is known of a command: a table over every combination, and the rules that hold in all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from itertools import product

import pytest

from csire_bridge.domain.order.outcome.next_step import Ending, Known, NextStep, Shown, Wish, next_step

_FLAGS = [field.name for field in fields(Known) if field.name not in ("shown", "ending", "wish")]


def everything() -> Iterator[Known]:
    """Every combination; those that can't be are decided, too."""
    for shown, ending, wish in product(Shown, Ending, Wish):
        for flags in product((False, True), repeat=len(_FLAGS)):
            yield Known(shown, ending, wish, **dict(zip(_FLAGS, flags, strict=True)))


EVERYTHING = [(known, next_step(known)) for known in everything()]
_WAITING = {NextStep.LOOK_AGAIN, NextStep.ARMED}
_WITHOUT_EFFECT = {NextStep.GIVE_UP, NextStep.SUPERSEDE, NextStep.WITHDRAW, NextStep.PARK}


def wrong(allowed: object) -> list[str]:
    assert callable(allowed)
    return [f"{known}: {step}" for known, step in EVERYTHING if not allowed(known, step)]


def test_given_every_combination_then_each_step_is_reached() -> None:
    assert len(EVERYTHING) == 6 * 4 * 3 * 2**8
    assert {step for _, step in EVERYTHING} == set(NextStep)


def test_given_a_command_that_may_still_run_then_its_order_stays_open_or_its_meter_reserved() -> None:
    def allowed(known: Known, step: NextStep) -> bool:
        return known.ending is not Ending.OPEN or step in _WAITING | {NextStep.DONE_AND_RESERVED}

    assert wrong(allowed) == []


def test_given_any_end_without_effect_or_new_command_then_the_commands_end_is_certain() -> None:
    def allowed(known: Known, step: NextStep) -> bool:
        return step not in _WITHOUT_EFFECT | {NextStep.GIVE_AGAIN, NextStep.DONE} or known.ending is not Ending.OPEN

    assert wrong(allowed) == []


def test_given_done_then_the_contactor_showed_what_was_asked_for_and_the_reverse() -> None:
    def allowed(known: Known, step: NextStep) -> bool:
        done = step in (NextStep.DONE, NextStep.DONE_AND_RESERVED)
        waits = known.ending is Ending.OPEN and not known.cancel_refused
        return done is (known.shown is Shown.WANTED and not waits)

    assert wrong(allowed) == []


def test_given_an_order_that_is_not_wanted_then_it_is_never_given_again_nor_left_to_people_on_site() -> None:
    def allowed(known: Known, step: NextStep) -> bool:
        return known.wish is Wish.WANTED or step not in (NextStep.GIVE_AGAIN, NextStep.GIVE_UP, NextStep.ARMED)

    assert wrong(allowed) == []


def test_given_an_order_that_is_wanted_then_it_is_neither_withdrawn_nor_superseded() -> None:
    def allowed(known: Known, step: NextStep) -> bool:
        ends = {NextStep.SUPERSEDE: Wish.SUPERSEDED, NextStep.WITHDRAW: Wish.TAKEN_BACK}
        return step not in ends or known.wish is ends[step]

    assert wrong(allowed) == []


def test_given_a_new_command_then_the_contactor_was_read_and_nothing_says_that_it_is_in_vain() -> None:
    def allowed(known: Known, step: NextStep) -> bool:
        read = known.shown in (Shown.AS_BEFORE, Shown.UNCLEAR)
        in_vain = known.for_good or not known.may_try or known.was_armed
        return step is not NextStep.GIVE_AGAIN or (read and not in_vain)

    assert wrong(allowed) == []


def test_given_a_certain_end_then_only_a_second_look_or_a_further_try_to_read_is_waited_for() -> None:
    def allowed(known: Known, step: NextStep) -> bool:
        reads = (known.shown in (Shown.UNREAD, Shown.UNREADABLE) or known.was_armed) and known.may_read
        second = known.refused and not known.looked_twice
        return step is not NextStep.LOOK_AGAIN or known.ending is Ending.OPEN or reads or second

    assert wrong(allowed) == []


def test_given_a_certain_end_and_no_try_to_read_left_when_looked_twice_then_nothing_is_looked_at_for_ever() -> None:
    def allowed(known: Known, step: NextStep) -> bool:
        over = known.ending is not Ending.OPEN and not known.may_read and known.looked_twice
        return not over or step is not NextStep.LOOK_AGAIN

    assert wrong(allowed) == []


W, B, U = Shown.WANTED, Shown.AS_BEFORE, Shown.UNREADABLE
OPEN, DROPPED, RAN, PASSED = Ending.OPEN, Ending.DROPPED, Ending.RAN, Ending.PASSED


@pytest.mark.parametrize(
    ("known", "step"),
    [
        (Known(W, RAN), NextStep.DONE),
        (Known(W, DROPPED), NextStep.DONE),
        (Known(W, OPEN), NextStep.LOOK_AGAIN),
        (Known(W, OPEN, cancel_refused=True), NextStep.DONE_AND_RESERVED),
        (Known(W, OPEN, Wish.SUPERSEDED, cancel_refused=True), NextStep.DONE_AND_RESERVED),
        (Known(Shown.ARMED, OPEN), NextStep.ARMED),
        (Known(Shown.ARMED, RAN, Wish.TAKEN_BACK), NextStep.WITHDRAW),
        (Known(B, OPEN, Wish.SUPERSEDED, cancel_refused=True), NextStep.LOOK_AGAIN),
        (Known(B, DROPPED, Wish.SUPERSEDED), NextStep.SUPERSEDE),
        (Known(B, PASSED, Wish.TAKEN_BACK), NextStep.WITHDRAW),
        (Known(B, OPEN, cancel_refused=True, failed=True), NextStep.LOOK_AGAIN),
        (Known(B, OPEN, cancel_refused=True, failed=True, for_good=True), NextStep.LOOK_AGAIN),
        (Known(B, DROPPED, failed=True), NextStep.GIVE_AGAIN),
        (Known(B, PASSED, failed=True), NextStep.GIVE_AGAIN),
        (Known(B, PASSED, failed=True, for_good=True), NextStep.GIVE_UP),
        (Known(B, PASSED, failed=True, may_try=False), NextStep.GIVE_UP),
        (Known(B, OPEN, cancel_refused=True, refused=True), NextStep.LOOK_AGAIN),
        (Known(B, PASSED, refused=True), NextStep.GIVE_UP),
        (Known(B, DROPPED, refused=True, looked_twice=False), NextStep.LOOK_AGAIN),
        (Known(U, OPEN, cancel_refused=True, refused=True), NextStep.LOOK_AGAIN),
        (Known(U, PASSED, refused=True), NextStep.GIVE_UP),
        (Known(Shown.UNREAD, PASSED), NextStep.LOOK_AGAIN),
        (Known(Shown.UNREAD, PASSED, may_read=False), NextStep.GIVE_UP),
        (Known(Shown.UNREAD, PASSED, Wish.SUPERSEDED, may_read=False), NextStep.PARK),
        (Known(B, RAN, was_armed=True), NextStep.PARK),
        (Known(Shown.UNCLEAR, RAN, was_armed=True), NextStep.LOOK_AGAIN),
        (Known(Shown.UNCLEAR, RAN, was_armed=True, may_read=False), NextStep.PARK),
    ],
)
def test_given_what_is_known_when_decided_then_the_step_is(known: Known, step: NextStep) -> None:
    assert next_step(known) is step
