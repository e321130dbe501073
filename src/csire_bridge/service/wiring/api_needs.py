"""What the API needs, from the bridge."""

from __future__ import annotations

import random
from functools import cache, partial

from starlette.requests import Request

from csire_bridge.access.authenticate import Authenticator
from csire_bridge.api.needs import ApiNeeds
from csire_bridge.channels.transport.inbound.caller_address import Callers, networks
from csire_bridge.domain.order.order import Order
from csire_bridge.pipeline.execute.gates.clocks import NO_CLOCKS
from csire_bridge.pipeline.execute.gates.gates import Gates
from csire_bridge.service.wiring.alerts_now import alerts_now
from csire_bridge.service.wiring.bridge import Bridge
from csire_bridge.service.wiring.head_end_reader import head_end_reader
from csire_bridge.service.wiring.installation import installation_needs
from csire_bridge.xml.reading.names import Names

__all__ = ["api_needs"]


def api_needs(bridge: Bridge) -> ApiNeeds:
    """Everything that the API needs."""
    settings, policy = bridge.settings, bridge.policy
    callers = Callers(networks(settings.web.trusted_proxies), settings.web.client_certificate_header)
    can_ask = bool(settings.sid.url and settings.sid.look_up)

    def address_of(request: Request) -> str:
        return callers.of(request).address

    def answer_due(order: Order) -> str | None:
        due = bridge.standard.book.answer_due(order)
        return due[0] if due is not None else None

    def gates() -> Gates:
        return Gates(policy, random.Random(), NO_CLOCKS, can_ask=can_ask)  # noqa: S311 - spreads retries, no secret

    return ApiNeeds(
        database=bridge.database,
        clock=bridge.clock,
        authenticator=Authenticator(bridge.database, bridge.clock, settings.access.session_policy()),
        policy=policy,
        gates=gates,
        head_end=partial(head_end_reader, settings, bridge.clock),
        answer_due=answer_due,
        alerts=lambda now: alerts_now(settings, bridge.database, now, bridge.certificates),
        address_of=address_of,
        wake=bridge.worker.wake,
        names=cache(partial(Names.load, settings.mapping_path, settings.schema_path)),
        jobs=bridge.job_tools,
        installation=installation_needs(bridge),
    )
