"""What is asked of the console: the pages that people open, with filters that many, few and no orders meet."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, select

from csire_bridge.store.tables import orders

__all__ = ["asked_of"]


def asked_of(connection: Connection) -> Mapping[str, str]:
    """The address of each page by what it is; those of one order are of one in the middle."""
    o = orders.c
    middle = connection.execute(select(o.key).order_by(o.key.desc()).limit(1)).scalar_one() // 2
    some = connection.execute(select(orders).where(o.key == middle)).one()
    return {
        "Today": "/",
        "orders": "/orders",
        "orders, a later page": f"/orders?after={middle}",
        "orders for a decision": "/orders?state=parked",
        "orders in four states": "/orders?state=parked&state=field-work&state=unknown&state=cannot",
        "orders of a supplier": f"/orders?supplier={some.supplier}",
        "orders of a supplier that can't be carried out": f"/orders?supplier={some.supplier}&state=cannot",
        "orders of a month": "/orders?since=2026-10-01&until=2026-10-31",
        "orders of a point": f"/orders?point={some.metering_point}",
        "orders at a station": "/orders?station=ST-00017",
        "orders held back by the cap": "/orders?waits_for=cap",
        "orders past their deadline": "/orders?clock=past",
        "orders by words of the history": "/orders?text=no+such+words",
        "orders by words of the reason": "/orders?reason=no+contactor",
        "found: an order": f"/find?q={middle}",
        "found: a process": f"/find?q={some.process_instance}",
        "found: a point": f"/find?q={some.metering_point}",
        "found: a meter": "/find?q=LG00000017",
        "found: nothing": "/find?q=no-such-key",
        "an order": f"/orders/{middle}",
        "messages": "/messages",
        "messages that were refused": "/messages?state=refused",
        "refusals by cause": "/messages/causes",
        "a point": f"/points/{some.metering_point}",
        "alerts": "/alerts",
        "the shift book": "/shift",
        "jobs": "/jobs",
        "figures": "/figures",
    }
