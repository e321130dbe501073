"""What a running system needs, as pure functions and values.

Failures: ``retry``, ``circuit_breaker``, ``throttle``. People: ``alerts``, ``alert_areas``,
``alert_routes``, ``alert_records``, ``operator_action``. Time: ``shifts`` (of people), ``schedule``,
``steady_time``. Care of the data: ``retention``, ``restores``. Reports: ``statistics``.
"""
