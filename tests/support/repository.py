"""Where the repository is, for tests that read its documents and examples."""

from pathlib import Path

__all__ = ["REPOSITORY"]

REPOSITORY = Path(__file__).resolve().parents[2]
