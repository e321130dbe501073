"""Stored documents of every kind: ``routes`` (explained, as text, as bytes, compared)."""
