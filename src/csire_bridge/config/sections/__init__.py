"""The groups of settings, one module for each table of the settings file: types, defaults and limits.

``peers`` (hub, partners, head-end system, SID, our keys), ``running`` (addresses, database, logs, metrics, health).
Orders and the law: ``execution``, ``deadlines``, ``law``. Housekeeping: ``jobs``, ``alerts``, ``reports``,
``retention``.
"""
