"""Operator actions: what a named person may do, each in one transaction and written into a history.

``order_actions`` (retry, field work, report, withdraw, settle), ``guard_actions`` (stop switch, holds, cap),
``complaint_actions`` (complaints of households), ``point_actions`` (danger, meter), ``protection_actions`` (protected
households), ``release_work`` (parked work).
"""
