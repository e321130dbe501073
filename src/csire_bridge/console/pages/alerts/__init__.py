"""Alerts: ``pages`` (open ones, history, what was sent), ``remedies`` (what to do about each kind, and where)."""
