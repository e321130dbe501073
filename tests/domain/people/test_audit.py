"""The chain of the audit: whatever is changed, left out or added is found."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from csire_bridge.domain.people.acts import Act
from csire_bridge.domain.people.audit import PRUNED_BEFORE, AuditDay, AuditEntry, ChainedEntry, chained, first_broken

START = datetime(2026, 11, 23, 22, 30, tzinfo=UTC)


def entry(number: int) -> AuditEntry:
    at = START + timedelta(minutes=20 * number)
    return AuditEntry(at, "anna", "account", "hold.set", f"point {number}", "asked", after=f'{{"key": {number}}}')


def chain(lengths: list[int]) -> tuple[list[AuditDay], list[ChainedEntry]]:
    """A chain written by transactions of these many entries; it goes past midnight."""
    heads: dict[str, AuditDay] = {}
    head: AuditDay | None = None
    written: list[ChainedEntry] = []
    for length in lengths:
        new = [entry(len(written) + place) for place in range(length)]
        head, made = chained(head, max(one.at for one in new).date().isoformat(), new)
        heads[head.day] = head
        written += made
    return list(heads.values()), written


LENGTHS = st.lists(st.integers(1, 3), min_size=1, max_size=8)


@given(LENGTHS)
def test_what_was_written_holds(lengths: list[int]) -> None:
    days, entries = chain(lengths)
    assert first_broken(days, entries) is None
    assert len(entries) == sum(lengths)


@given(LENGTHS, st.data())
def test_an_entry_that_was_changed_is_found_at_its_place(lengths: list[int], data: st.DataObject) -> None:
    days, entries = chain(lengths)
    place = data.draw(st.integers(0, len(entries) - 1))
    name = data.draw(st.sampled_from(("actor", "act", "subject", "why", "address", "before", "after", "at")))
    was = getattr(entries[place].entry, name)
    now = was + timedelta(microseconds=1) if isinstance(was, datetime) else f"{was}x"
    entries[place] = replace(entries[place], entry=replace(entries[place].entry, **{name: now}))  # type: ignore[arg-type]
    found = first_broken(days, entries)
    assert found is not None
    assert (found.day, found.number) == (entries[place].day, entries[place].number)


@given(LENGTHS, st.data())
def test_an_entry_that_is_gone_is_found(lengths: list[int], data: st.DataObject) -> None:
    days, entries = chain(lengths)
    gone = entries.pop(data.draw(st.integers(0, len(entries) - 1)))
    found = first_broken(days, entries)
    assert found is not None
    assert found.day == gone.day


@given(LENGTHS, st.data())
def test_an_entry_that_was_added_is_found(lengths: list[int], data: st.DataObject) -> None:
    days, entries = chain(lengths)
    place = data.draw(st.integers(0, len(entries)))
    near = entries[min(place, len(entries) - 1)]
    entries.insert(place, replace(near, entry=entry(99)))
    assert first_broken(days, entries) is not None


@given(LENGTHS, st.data())
def test_two_entries_in_each_others_place_are_found(lengths: list[int], data: st.DataObject) -> None:
    days, entries = chain([*lengths, 2])
    place = data.draw(st.integers(0, len(entries) - 2))
    first, second = entries[place], entries[place + 1]
    entries[place], entries[place + 1] = replace(first, entry=second.entry), replace(second, entry=first.entry)
    assert first_broken(days, entries) is not None


@given(LENGTHS, st.data())
def test_a_head_that_was_changed_or_is_gone_is_found(lengths: list[int], data: st.DataObject) -> None:
    days, entries = chain([*lengths, 3, 3, 3])
    place = data.draw(st.integers(0, len(days) - 1))
    if data.draw(st.booleans()):
        days.pop(place)
    else:
        name = data.draw(st.sampled_from(("entries", "previous", "last")))
        was = getattr(days[place], name)
        days[place] = replace(days[place], **{name: was + 1 if isinstance(was, int) else "f" * 64})  # type: ignore[arg-type]
    assert first_broken(days, entries) is not None


@given(LENGTHS, st.data())
def test_the_rest_holds_once_whole_days_are_taken_out_and_still_shows_a_changed_head(
    lengths: list[int], data: st.DataObject
) -> None:
    days, entries = chain([*lengths, 3, 3, 3])
    if len(days) > 1:
        first, last = days[0], days[-1]
        days[0] = replace(first, pruned_at=START)
        rest = [one for one in entries if one.day != first.day]
        silent = first_broken(days, rest)
        assert silent is not None, "a day is gone, and no entry tells that it was taken out"
        assert silent.day == first.day
        told = replace(entry(0), act=Act.AUDIT_PRUNE, subject=f"{PRUNED_BEFORE}{days[1].day}")
        days[-1], more = chained(last, last.day, [told])
        rest += more
        assert first_broken(days, rest) is None
        days[0] = replace(days[0], entries=first.entries + 1)
        assert first_broken(days, rest) is not None


def test_a_node_whose_clock_is_behind_goes_on_with_the_newest_day() -> None:
    head, first = chained(None, "2026-11-24", [entry(1)])
    head, second = chained(head, "2026-11-23", [entry(2)])
    assert head.day == "2026-11-24"
    assert first_broken([head], [*first, *second]) is None
