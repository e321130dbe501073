"""The whole API as one application; the service mounts it on the operations door."""

from __future__ import annotations

