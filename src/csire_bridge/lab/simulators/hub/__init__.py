"""The simulated hub: ``simulator`` with ``pusher`` (webhook), ``queue``, ``soap_front`` and ``soap``, ``judge`` and
``results`` (R_1), ``control``.
"""
