"""The views in the menu with their counts, each counted up to 99."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qs

from pydantic import ValidationError

from csire_bridge.console.http.visit import Visit
from csire_bridge.console.language.catalogs import translations
from csire_bridge.console.pages.orders.filters import OrderFilters
from csire_bridge.console.pages.views.shipped import SHIPPED
from csire_bridge.domain.people.actor import NotAllowed
from csire_bridge.store.queries.lists.counted import MOST_NEW, Counted, count_up_to
from csire_bridge.store.queries.lists.order_ways import order_way
from csire_bridge.store.queries.search.order_search import OrderSearch
from csire_bridge.store.unit_of_work import UnitOfWork

__all__ = ["CountedView", "filters_of", "menu_views"]

_MOST = 8


@dataclass(frozen=True, slots=True)
class CountedView:
    """A view with its count; ``loud``: it has reached the view's threshold."""

    name: str
    path: str
    count: Counted
    loud: bool


def filters_of(query: str) -> OrderFilters:
    """The filters that a query says. Raises ValidationError where it is none of a list of orders."""
    many = {name for name, field in OrderFilters.model_fields.items() if field.default == []}
    given = {name: values if name in many else values[-1] for name, values in parse_qs(query).items()}
    return OrderFilters.model_validate(given)


def menu_views(visit: Visit) -> list[CountedView]:
    """The visitor's views, those of the role first."""
    with visit.api.database.read_transaction() as tx:
        found = []
        for name, query, threshold in _wanted(visit, tx):
            search = _search(visit, query)
            if search is not None:
                count = count_up_to(tx.connection, order_way(search), MOST_NEW)
                loud = threshold is not None and count.number >= threshold
                found.append(CountedView(name, f"/orders?{query}", count, loud))
            if len(found) == _MOST:
                break
    return found


def _wanted(visit: Visit, tx: UnitOfWork) -> Iterator[tuple[str, str, int | None]]:
    told = translations(visit.language).gettext
    role = visit.actor.role
    for shipped in SHIPPED[role] if role else ():
        yield told(shipped.name), shipped.query, shipped.threshold
    for view in tx.views.all_for(visit.actor.name, role):
        if view.in_menu:
            yield view.name, view.query, view.threshold


def _search(visit: Visit, query: str) -> OrderSearch | None:
    """None for filters that the visitor may not use, or that there are no more."""
    try:
        return filters_of(query).search(visit)
    except (NotAllowed, ValidationError):
        return None
