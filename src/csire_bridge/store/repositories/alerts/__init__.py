"""Alerts: ``alert_book`` (which are open, acknowledged, told), ``notifications`` (what is sent of them)."""
