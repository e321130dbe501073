"""Passwords, kept as argon2id hashes."""

from __future__ import annotations

from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

__all__ = ["SHORTEST", "Passwords", "against_password"]

SHORTEST = 12
"""Characters of a password at least."""
_LONGEST = 200

# The second choice of RFC 9106: 64 MiB, for machines that do other work, too. About 0.1 s on a core.
_PASSES = 3
_KIBIBYTES = 64 * 1024
_LANES = 4


def against_password(password: str, name: str) -> str | None:
    """What is wrong with a new password, in words; None if it may be used."""
    if not SHORTEST <= len(password) <= _LONGEST:
        return f"a password has {SHORTEST} to {_LONGEST} characters"
    if name in password.lower():
        return "a password must not contain the name of its account"
    if len(set(password)) < SHORTEST // 2:
        return "a password needs more different characters"
    return None


class Passwords:
    """Hashes passwords and checks them. Each takes about 0.1 s and 64 MiB, also for a name that nobody has."""

    def __init__(self, passes: int = _PASSES, kibibytes: int = _KIBIBYTES, lanes: int = _LANES) -> None:
        self._hasher = PasswordHasher(time_cost=passes, memory_cost=kibibytes, parallelism=lanes)

    def hash(self, password: str) -> str:
        """The hash of a password, with its parameters and salt."""
        return self._hasher.hash(password)

    def fits(self, password: str, stored: str | None) -> bool:
        """Whether it is the password of ``stored``; without one, the same work is done for nothing."""
        try:
            return self._hasher.verify(stored or _of_nobody(self._hasher), password) and stored is not None
        except (VerificationError, InvalidHashError):
            return False

    def is_old(self, stored: str) -> bool:
        """Whether the hash has other parameters than new ones get."""
        return self._hasher.check_needs_rehash(stored)


@lru_cache(maxsize=4)
def _of_nobody(hasher: PasswordHasher) -> str:
    return hasher.hash("the password of nobody")
