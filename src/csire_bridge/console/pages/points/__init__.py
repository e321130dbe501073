"""Metering points: ``routes`` (what is known of one, from whom and since when; its meter asked now)."""
