"""The read side: queries for people and programs. Nothing here changes anything, except which alerts were reported.

``order_search``, ``order_dossier``, ``message_search``, ``evidence``, ``reports``; ``alert_conditions`` with
``supply_alerts`` and ``complaint_alerts``.
"""
