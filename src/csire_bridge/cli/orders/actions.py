"""``csire-bridge orders retry, withdraw, field-work, report`` and more: actions on orders that wait for a person."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from csire_bridge.cli.orders.tables import ORDER_COLUMNS, order_facts
from csire_bridge.cli.shared.arguments import parse_words
from csire_bridge.cli.shared.moments import MOMENT_HELP, local, parse_moment
from csire_bridge.cli.shared.operator_action import opened
from csire_bridge.cli.shared.operator_command import Operator, operator_command
from csire_bridge.cli.shared.table import print_table
from csire_bridge.domain.errors import ActionRefused
from csire_bridge.domain.operations.operator_action import OperatorAction
from csire_bridge.domain.order.order import NEEDS_OPERATOR, Order, OrderKind, OrderState, RejectionReason
from csire_bridge.domain.order.outcome.site_reports import SiteReport
from csire_bridge.domain.words import counted
from csire_bridge.pipeline.operator.orders import order_actions
from csire_bridge.runtime.steady_clock import system_clock

if TYPE_CHECKING:
    from csire_bridge.config.settings import Settings
    from csire_bridge.store.database import Database
    from csire_bridge.store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from csire_bridge.xml.mapping.book import MappingBook

__all__ = ["KeyArgument", "field_work", "report", "retry", "settle", "told_before", "withdraw"]

KeyArgument = Annotated[int, typer.Argument(metavar="KEY", help="Its key, as shown by `orders list`.")]
UnreadOption = Annotated[
    bool, typer.Option("--unread", help="If the meter can't be read, accept this WITHOUT ANY READING.")
]
_CALL_BACK = "it was left to people on site: call them back"
_UNREAD = "THE CONTACTOR WAS NOT READ: nothing but the report says so"


@dataclass(frozen=True, slots=True)
class _HubAnswer:
    """The number of the message that tells the hub of an order's end (None if there is none), and the same in words."""

    number: str | None
    words: str


@operator_command()
def retry(
    operator: Operator,
    key: Annotated[int | None, typer.Argument(metavar="[KEY]", help="One order.")] = None,
    state: Annotated[OrderState | None, typer.Option(help="All orders in this state: parked or field-work.")] = None,
    reason_like: Annotated[str | None, typer.Option(help="Only those with these words in the reason.")] = None,
    kind: Annotated[OrderKind | None, typer.Option(help="Only those of this kind.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most this many, the oldest first.")] = 1000,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show which ones.")] = False,
) -> None:
    """Put one order, or many, back into the queue: every gate is checked again, and attempts count from zero.

    Examples:

        csire-bridge orders retry 17 --by "Anna Nowak" --why "the meter was exchanged"

        csire-bridge orders retry --state parked --reason-like "can't be reached" --dry-run
    """
    act = OperatorAction("", system_clock()) if dry_run else operator.action()
    if (key is None) is (state is None):
        raise typer.BadParameter("give one KEY, or --state parked or field-work for many")
    if state is not None and state not in NEEDS_OPERATOR:
        raise typer.BadParameter(f"orders that are {state} don't wait for a person")
    with operator.changing() as tx:
        found = [_order(tx, key)] if key is not None else _many(tx, state, reason_like, kind, limit)
        refused = {o.key: why_not for o in found if (why_not := order_actions.retry_refusal(o))}
        if key is not None and refused:
            raise ActionRefused(refused[key], "look at it with `orders show`")
        going = [order for order in found if order.key not in refused]
        done = going if dry_run else order_actions.retry(tx, going, act)
    on_site = [order.key for order in going if order.state is OrderState.FIELD_WORK]
    _tell_retried(operator, done, refused, act, on_site, dry_run=dry_run)


def _many(
    tx: UnitOfWork, state: OrderState | None, reason: str | None, kind: OrderKind | None, limit: int
) -> list[Order]:
    from csire_bridge.store.queries.lists.order_pages import find_orders
    from csire_bridge.store.queries.search.order_search import OrderSearch

    wanted = OrderSearch(states=(state,) if state else (), kind=kind, reason=reason)
    return find_orders(tx.connection, wanted, limit, oldest_first=True)


def _order(tx: UnitOfWork, key: int) -> Order:
    order = tx.orders.get_many([key]).get(key)
    if order is None:
        raise ActionRefused(f"there is no order {key}", "look its key up with `orders list`")
    return order


def _tell_retried(
    operator: Operator,
    done: list[Order],
    refused: dict[int, str],
    act: OperatorAction,
    on_site: list[int],
    *,
    dry_run: bool,
) -> None:
    from csire_bridge.store.queries.lists.listed_order import ListedOrder

    if done and dry_run and not operator.json_wanted:
        print_table(
            ORDER_COLUMNS,
            [ListedOrder(order, None, act.at) for order in done],
            "Orders that would go back to the queue",
        )
    facts = {"retried": [] if dry_run else [o.key for o in done], "would": [o.key for o in done], "refused": refused}
    going = f"{'would go' if dry_run else 'put'} back to the queue"
    said = f"{counted(len(done), 'order')} {going}, {len(refused)} refused"
    keys = [] if dry_run else [f"order {order.key} ({order.kind} at {order.metering_point})" for order in done]
    back = [f"order {key}: {_CALL_BACK}" for key in on_site]
    operator.tell(facts | {"on_site": on_site}, said, *keys, *back, *refused.values())


@operator_command()
def field_work(operator: Operator, key: KeyArgument) -> None:
    """Leave a parked order to a field crew. Refused at a protected or held point, and while the stop switch is on.

    Example:

        csire-bridge orders field-work 17 --by "Anna Nowak" --why "the meter has no signal"
    """
    from csire_bridge.service.wiring.settings_to_values import law_policy

    act = operator.action()
    with operator.changing() as tx:
        order = order_actions.send_to_field(tx, key, act, law_policy(operator.settings()))
    operator.tell(order_facts(order), f"order {key} ({order.kind} at {order.metering_point}) waits for field work")


@operator_command()
def withdraw(operator: Operator, key: KeyArgument, unread: UnreadOption = False) -> None:
    """End an order without effect; the hub is told "cannot" if it asked for it.

    Of an order that waits for a person the contactor is read first; one that was not sent yet ends at once.

    Example:

        csire-bridge orders withdraw 17 --by "Anna Nowak" --why "asked for by the supplier, by telephone"
    """
    act, settings = operator.action(), operator.settings()
    book = _mappings(settings)
    with opened(settings) as store:
        with store.transaction() as tx:
            before = _order(tx, key)
            order = order_actions.withdraw_unsent(tx, key, act) if order_actions.not_sent(before) else None
        seen = order_actions.ObservedOrder(before) if order else _look(settings, store, key)
        if order is None:
            with store.transaction() as tx:
                order = order_actions.withdraw(tx, seen, _now(act), unread=unread)
    undone = order.state is OrderState.REGISTERED
    heard = "is withdrawn once what was begun is undone" if undone else "was withdrawn"
    ended = replace(order, state=OrderState.WITHDRAWN) if undone else order
    _tell_ended(operator, order, seen, heard, _answer_to(ended, book))


@operator_command()
def report(
    operator: Operator,
    key: KeyArgument,
    done: Annotated[bool, typer.Option("--done/--not-done", help="Whether it was carried out.")],
    at: Annotated[str | None, typer.Option(help=f"With --done: when it was done. {MOMENT_HELP}")] = None,
    seen_by: Annotated[str | None, typer.Option(help="With --done: who saw it, if not the person of --by.")] = None,
    reason: Annotated[
        str | None, typer.Option(help="With --not-done: why. THE HUB IS TOLD these words; name nobody.")
    ] = None,
    code: Annotated[RejectionReason, typer.Option(help="With --not-done: the kind of reason.")] = (
        RejectionReason.NOT_POSSIBLE
    ),
    unread: UnreadOption = False,
) -> None:
    """Report the result of field work; the hub is told if it asked. The contactor is read, and its reading decides.

    Examples:

        csire-bridge orders report 17 --done --at 2026-11-23T14:05+01:00 --by "Anna Nowak" --why "crew 4 called"

        csire-bridge orders report 17 --not-done --reason "no access to the meter" --by "Anna Nowak" --why "crew 4"
    """
    from csire_bridge.service.wiring.settings_to_values import execution_policy

    act, settings = operator.action(), operator.settings()
    told, words = _site_report(act, at, seen_by, unread) if done else None, _words(reason, done, at)
    book = _mappings(settings)
    with opened(settings) as store:
        seen = _look(settings, store, key)
        with store.transaction() as tx:
            if told is not None:
                counts = execution_policy(settings).armed_counts
                order = order_actions.report_executed(tx, seen, _now(act), told, armed_counts=counts)
            else:
                order = order_actions.report_not_done(tx, seen, _now(act), code, words, unread=unread)
    what = f"is done, at {local(order.executed_at)}" if done else f"can't be carried out: {words}"
    _tell_ended(operator, order, seen, what, _answer_to(order, book))


@operator_command()
def told_before(
    operator: Operator,
    key: KeyArgument,
    done: Annotated[bool, typer.Option("--done/--not-done", help="What the hub was told: .11 or .7.")],
    at: Annotated[str | None, typer.Option(help=f"With --done: the time that it was told. {MOMENT_HELP}")] = None,
) -> None:
    """After a restore: record that the hub already has the answer of this order. It ends, and NOTHING IS SENT.

    Example:

        csire-bridge orders told-before 17 --done --at 2026-11-23T14:05+01:00 --by "Anna Nowak" --why "the hub's list"
    """
    from csire_bridge.pipeline.execute import after_restore

    act = operator.action()
    if done is (at is None):
        raise typer.BadParameter("--done needs --at MOMENT, and --not-done has none")
    moment = parse_moment(at, act.at) if at is not None else None
    with operator.changing() as tx:
        order = after_restore.told_before(tx, key, act, moment)
    what = f"order {key} ({order.kind} at {order.metering_point}) is {order.state}; nothing is sent"
    operator.tell(order_facts(order), what)


def _site_report(act: OperatorAction, at: str | None, seen_by: str | None, unread: bool) -> SiteReport:
    if at is None:
        raise typer.BadParameter("--done needs --at MOMENT: when it was done")
    moment: datetime = parse_moment(at, act.at)
    return SiteReport(moment, parse_words(seen_by, "--seen-by") if seen_by is not None else act.by, unread)


def _words(reason: str | None, done: bool, at: str | None) -> str:
    if done and reason is not None:
        raise typer.BadParameter("--reason belongs to --not-done")
    if not done and (reason is None or at is not None):
        raise typer.BadParameter("--not-done needs --reason TEXT, and no --at")
    return parse_words(reason, "--reason", longest=1000) if reason is not None else ""


@operator_command()
def settle(operator: Operator, key: KeyArgument) -> None:
    """Record that a contested answer was cleared up with the hub. Nothing is sent.

    Example:

        csire-bridge orders settle 17 --by "Anna Nowak" --why "the hub's desk has corrected it, ticket 4711"
    """
    act = operator.action()
    with operator.changing() as tx:
        order = order_actions.settle_contested(tx, key, act)
    operator.tell(order_facts(order), f"order {order.key}: its answer is no longer contested")


def _mappings(settings: Settings) -> MappingBook:
    # Schemas and mappings are needed by two commands only; the others start without them.
    from csire_bridge.service.wiring.standard import Standard

    return Standard.load(settings).book


def _look(settings: Settings, store: Database, key: int) -> order_actions.ObservedOrder:
    # The head-end system's SOAP client is needed only where a contactor is read.
    from csire_bridge.service.wiring.head_end_reader import head_end_reader

    with head_end_reader(settings) as head_end:
        return order_actions.look(store, head_end, key, system_clock)


def _now(act: OperatorAction) -> OperatorAction:
    """The action with the present time, because reading the contactor may have taken a while."""
    return OperatorAction(act.by, system_clock(), act.why)


def _answer_to(order: Order, book: MappingBook) -> _HubAnswer:
    """What the hub is told about an order that has ended; or why it is told nothing."""
    due = book.answer_due(order)
    if due is not None:
        return _HubAnswer(due[0], f"the hub is told, with message {due[0]}")
    if order.process_instance is None:
        return _HubAnswer(None, "the hub is NOT told: no process of the hub is behind the order")
    kind = "done" if order.state is OrderState.DONE else "cannot"
    asked = f"message {order.source_number}" if order.source_number else f"an order of the kind {order.kind}"
    return _HubAnswer(None, f"the hub is NOT told: no mapping file names the answer {kind!r} to {asked}")


def _tell_ended(
    operator: Operator, order: Order, seen: order_actions.ObservedOrder, what: str, heard: _HubAnswer
) -> None:
    moves = order.kind.contactor_action is not None
    read = seen.reading is not None or not moves or seen.order.state is OrderState.REGISTERED
    lines = [f"order {order.key} ({order.kind} at {order.metering_point}) {what}; {heard.words}"]
    lines += [] if read else [_UNREAD]
    if order.state is OrderState.WITHDRAWN and seen.order.state is OrderState.FIELD_WORK:
        lines.append(f"order {order.key}: {_CALL_BACK}")
    operator.tell(order_facts(order) | {"contactor_read": seen.reading is not None, "answer": heard.number}, *lines)
