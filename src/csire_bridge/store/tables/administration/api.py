"""Requests to the API that are to be done once, with what they were answered."""

from __future__ import annotations

from sqlalchemy import Column, Integer, LargeBinary, String, Table

from csire_bridge.store.tables.parts import Moment, metadata

__all__ = ["api_requests"]

api_requests = Table(
    "api_requests",
    metadata,
    Column("actor", String(100), primary_key=True),
    Column("name", String(100), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("claimed_at", Moment, nullable=False, index=True),
    Column("status", Integer),
    Column("body", LargeBinary),
)
