"""The simulated head-end system: ``simulator``, ``request_handler``, ``messages``; ``commands`` and ``delayed_work``
run later, ``field`` switches meters, ``reporter`` and ``sender`` report events, ``tariffs``, ``ledger`` (what it was
told), ``outage``, ``control``; ``spoken`` (its dialect).
"""
