"""What a running system needs, as pure functions and values.

Failures: ``retry``, ``circuit_breaker``, ``throttle``. People: ``alerts``, ``operator_action``. Time: ``schedule``,
``steady_time``. Care of the data: ``retention``, ``restores``. Reports: ``statistics``.
"""
