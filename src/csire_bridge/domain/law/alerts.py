"""What a person should know of the law's settings while it is so: a decision is missing, a rule is not applied.

These alerts say nothing of any household.
"""

from __future__ import annotations

from collections.abc import Iterator

from csire_bridge.domain.law.policy import LawPolicy, UnknownProtection
from csire_bridge.domain.operations.alerts import Alert, AlertKind

__all__ = ["law_alerts"]


def law_alerts(policy: LawPolicy) -> Iterator[Alert]:
    """One alert while nobody has decided how unknown households are treated, and one for each rule not applied."""
    if policy.unknown is UnknownProtection.UNDECIDED:
        words = (
            "nobody has decided how a household is treated of which it is not known whether it is protected: "
            "SID is asked, and where it does not know, the household counts as protected -> set law.unknown_protection"
        )
        yield Alert(AlertKind.PROTECTION_UNDECIDED, 1, subject="law.unknown_protection", words=words)
    for one in policy.loosened.values():
        words = f"the rule {one.rule} of the law is not applied, by decision of {one.by}: {one.why}"
        yield Alert(AlertKind.LAW_LOOSENED, 1, subject=one.rule, words=words)
