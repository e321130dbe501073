"""Operator actions: what people may do, each in one transaction, written into a history and into the audit.

``domain.people.audited`` holds the rights of each: no command, page or API has to.

``orders`` and ``points``; ``guard_actions`` (stop switch, holds, cap), ``complaint_actions`` (lodged, decided,
disputed), ``rule_actions``, ``alert_actions`` (acknowledge), ``shift_actions`` (what a shift hands over).
``waiting_orders`` (looked at anew) and ``refusals`` (the audit of what was refused) serve them.
"""
