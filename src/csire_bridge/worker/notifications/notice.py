"""One notice: the changes of alerts that a route is told at once, as JSON for programs and as text for people."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from csire_bridge.domain.clock import WARSAW
from csire_bridge.domain.operations.alert_areas import URGENT, area_of
from csire_bridge.domain.operations.alert_routes import AlertChange
from csire_bridge.domain.operations.alerts import AlertKind
from csire_bridge.telemetry.log_masking import masked_text

__all__ = ["Notice", "NoticeLine"]


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """One change of one alert. ``since`` (UTC) is when it was opened."""

    change: AlertChange
    kind: AlertKind
    subject: str
    count: int
    since: datetime
    text: str

    def facts(self, *, whole_codes: bool) -> dict[str, object]:
        """For a program; without ``whole_codes`` points and meters are masked."""
        return {
            "change": self.change.value,
            "kind": self.kind.value,
            "area": area_of(self.kind).value,
            "urgent": self.kind in URGENT,
            "subject": self.subject,
            "count": self.count,
            "since": self.since.isoformat(),
            "text": self.text if whole_codes else masked_text(self.text),
        }


@dataclass(frozen=True, slots=True)
class Notice:
    """What is sent at once: ``subject`` is a mail's; ``text`` is for people; ``body`` is the JSON."""

    subject: str
    text: str
    body: str

    @classmethod
    def body_of(
        cls, installation: str, route: str, at: datetime, lines: Sequence[NoticeLine], *, whole_codes: bool
    ) -> str:
        """The JSON of a notice of ``at`` (UTC)."""
        changes = [line.facts(whole_codes=whole_codes) for line in lines]
        facts = {"installation": installation, "route": route, "at": at.isoformat(), "changes": changes}
        return json.dumps(facts, ensure_ascii=False)

    @classmethod
    def of(cls, body: str) -> Notice:
        """The notice of a stored JSON."""
        facts = json.loads(body)
        changes = facts["changes"]
        first, more = changes[0], f" and {len(changes) - 1} more" if len(changes) > 1 else ""
        urgent = "URGENT " if any(one["urgent"] and one["change"] != AlertChange.CLOSED for one in changes) else ""
        subject = f"[{facts['installation']}] {urgent}{first['change']}: {first['kind']}{more}"
        told = "\n\n".join(_paragraph(one) for one in changes)
        closing = f"Route {facts['route']}. What holds now: csire-bridge alerts. What to do: docs/operating.md"
        return cls(subject, f"{told}\n\n-- \n{closing}\n", body)


def _paragraph(one: dict[str, object]) -> str:
    since = datetime.fromisoformat(str(one["since"])).astimezone(WARSAW)
    subject = f" {one['subject']}" if one["subject"] else ""
    return f"{str(one['change']).upper()} {one['kind']}{subject}, since {since:%Y-%m-%d %H:%M}\n{one['text']}"
