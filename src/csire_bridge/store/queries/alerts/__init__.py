"""Conditions that a person should know of: ``alert_conditions``, and ``alert_list`` with what people know of already.

Parts of the conditions: ``counted_conditions`` (rows of one kind), ``supply_alerts``, ``complaint_alerts``,
``said_early`` (what came before its order), ``events_not_used`` (reports of the head-end system),
``other_systems`` (head-end systems beside the first one).
"""
