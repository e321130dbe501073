"""Secrets of sessions and API tokens: 256 random bits, of which only the hash is stored."""

from __future__ import annotations

import hashlib
import secrets

__all__ = ["hash_of_secret", "new_password", "new_session_secret", "new_token_secret"]

_BYTES = 32
_TOKEN_PREFIX = "csb_"  # noqa: S105 - by it, tools that look for leaked secrets know a token
_EASY = "abcdefghjkmnpqrstuvwxyz23456789"


def new_session_secret() -> str:
    """The secret of a new session."""
    return secrets.token_urlsafe(_BYTES)


def new_token_secret() -> str:
    """The secret of a new API token."""
    return _TOKEN_PREFIX + secrets.token_urlsafe(_BYTES)


def new_password() -> str:
    """An initial password of 80 bits, without letters that look alike: xxxx-xxxx-xxxx-xxxx."""
    return "-".join("".join(secrets.choice(_EASY) for _ in range(4)) for _ in range(4))


def hash_of_secret(secret: str) -> str:
    """What is stored of a secret. It needs no slow hash: nobody can guess 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()
