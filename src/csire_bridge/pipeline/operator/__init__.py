"""Operator actions: what a named person may do, each in one transaction and written into a history.

``order_actions`` (retry, field work, report, withdraw, settle), ``guard_actions`` (stop switch, holds, cap),
``complaint_actions`` (lodged, decided, disputed), ``danger_actions`` (cut because of danger, lift), ``point_actions``
(meter), ``protection_actions`` (protected households), ``release_work`` (parked work); ``waiting_orders`` serves them.
"""
