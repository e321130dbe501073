"""Operator actions: what people may do, each in one transaction, written into a history and into the audit.

``domain.people.audited`` holds the rights of each: no command, page or API has to.

``order_actions`` (retry, field work, report, withdraw, settle), ``guard_actions`` (stop switch, holds, cap),
``complaint_actions`` (lodged, decided, disputed), ``danger_actions`` (cut because of danger, lift), ``point_actions``
(meter), ``meter_looks`` (ask a meter now),
``protection_actions`` (protected households), ``release_work`` (parked work), ``movement_actions`` (movements
that no order explains), ``registry_actions`` (lists of points), ``rule_actions``, ``answer_actions`` (answers
sent again), ``alert_actions`` (acknowledge), ``note_actions`` (notes on orders), ``shift_actions``
(what a shift hands over), ``replay_actions`` (a refused message
once more), ``explanations`` (why an order goes or waits);
``waiting_orders``, ``undone``, ``refusals`` (the audit of what was refused) and ``point_picks`` (which points a list
means) serve them.
"""
