"""Simulated meters that speak DLMS/COSEM over TCP: ``server``, ``meter``, ``cosem``, ``calendar``, ``load``,
``concentrators``; ``client`` calls them, ``control`` lets a person look at them.
"""
