"""The running service: ``web`` and ``doors``, ``access``, ``storage``, ``logging``, ``metrics``, ``traces``, ``health``
(liveness and readiness).
"""
