"""Identifiers as value types: a value of such a type has passed its check.

Sources of the check rules: ENTSO-E EIC reference manual (check character), GS1 general specifications
(check digit), RFC 9562 (UUID; the hub compares it without regard to case).
"""

from __future__ import annotations

import re
import uuid
from functools import lru_cache
from typing import Self

__all__ = [
    "CorrelationId",
    "Eic",
    "MessageId",
    "MessageNumber",
    "MeterNumber",
    "MeteringPointCode",
    "ProcessInstanceId",
]

_EIC_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-"
_EIC_VALUE = {character: value for value, character in enumerate(_EIC_ALPHABET)}
_EIC_SHAPE = re.compile(r"[0-9]{2}[0-9A-Z-]{14}\Z")
_POINT_SHAPE = re.compile(r"[0-9]{18}\Z")
_UUID_SHAPE = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
_NUMBER_SHAPE = re.compile(r"(?:[0-9]+(?:\.[0-9]+){1,4}|[A-Z](?:_[0-9]+)?)\Z")


class Eic(str):
    """Energy Identification Code of a party: 16 characters, the last one a check character."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the code, or raise ValueError with the character that would be right."""
        if not _EIC_SHAPE.match(text):
            raise ValueError(f"{text!r} is not an EIC code: two digits and 14 characters of 0-9, A-Z and - are due")
        expected = cls.check_character(text[:15])
        if text[15] != expected:
            raise ValueError(f"EIC code {text} ends with {text[15]!r}, but its check character is {expected!r}")
        return cls(text)

    @staticmethod
    @lru_cache(maxsize=1024)  # the same few parties stand in every message
    def check_character(first15: str) -> str:
        """The check character of the first 15 characters (weights 16 down to 2, modulo 37)."""
        weighted = sum(weight * _EIC_VALUE[c] for weight, c in zip(range(16, 1, -1), first15, strict=True))
        return _EIC_ALPHABET[36 - (weighted - 1) % 37]


class MeteringPointCode(str):
    """Code of a metering point (kod PPE): 18 digits, the last one a GS1 check digit."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the code, or raise ValueError with the digit that would be right."""
        if not _POINT_SHAPE.match(text):
            raise ValueError(f"{text!r} is not a metering point code: 18 digits are due")
        expected = cls.check_digit(text[:17])
        if text[17] != expected:
            raise ValueError(f"metering point {text} ends with {text[17]}, but its check digit is {expected}")
        return cls(text)

    @staticmethod
    def check_digit(first17: str) -> str:
        """The GS1 check digit: weights 3 and 1 alternate from the right."""
        total = sum(int(d) * (3 if i % 2 == 0 else 1) for i, d in enumerate(reversed(first17)))
        return str(-total % 10)

    @property
    def masked(self) -> str:
        """For logs: the last four digits only."""
        return f"...{self[-4:]}"


class _Uuid(str):
    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the identifier in lower case, or raise ValueError."""
        lowered = text.strip().lower()
        if not _UUID_SHAPE.match(lowered):
            raise ValueError(f"{text!r} is not a UUID of 8-4-4-4-12 hexadecimal digits")
        return cls(lowered)

    @classmethod
    def new(cls) -> Self:
        """A fresh random identifier."""
        return cls(str(uuid.uuid4()))


_NAMED_MESSAGES = uuid.UUID("0f2b7a52-8a43-5f0e-8d57-6d1c2f0f7f11")


class MessageId(_Uuid):
    """Identifier of one message, given by its sender, used once."""

    __slots__ = ()

    @classmethod
    def named(cls, text: str) -> Self:
        """The identifier of the message that its sender calls ``text``: always the same (UUID version 5, RFC 9562).

        Raises ValueError for an empty name.
        """
        name = text.strip()
        if not name:
            raise ValueError("the name of the message is empty")
        return cls(str(uuid.uuid5(_NAMED_MESSAGES, name)))

    def derive(self, name: str) -> MessageId:
        """The identifier of the message that answers this one: always the same for the same ``name``.

        So a retry after a crash makes the same identifier again (UUID version 5, RFC 9562).
        """
        return MessageId(str(uuid.uuid5(uuid.UUID(self), name)))


_NAMED_PROCESSES = uuid.UUID("9d3c1d3e-5b0a-5c6f-9d53-0a6f8a3f1c42")


class ProcessInstanceId(_Uuid):
    """Identifier of one run of a market process (instancja procesu), given by the hub."""

    __slots__ = ()

    @classmethod
    def named(cls, text: str) -> Self:
        """The identifier of the process that others call ``text``: always the same (UUID version 5, RFC 9562).

        Raises ValueError for an empty name.
        """
        name = text.strip()
        if not name:
            raise ValueError("the name of the process is empty")
        return cls(str(uuid.uuid5(_NAMED_PROCESSES, name)))


class CorrelationId(str):
    """Correlates a command with the head-end system's reply and events; compared by value.

    A UUID is the same in upper and lower case, as ``urn:uuid:...`` and in braces (RFC 9562; products send all of
    these). Any other text is compared as it is, without surrounding space.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """The identifier written in ``text``."""
        bare = text.strip()
        lowered = bare.lower().removeprefix("urn:uuid:").removeprefix("{").removesuffix("}")
        return super().__new__(cls, lowered if _UUID_SHAPE.match(lowered) else bare)

    @classmethod
    def new(cls) -> Self:
        """A fresh random identifier."""
        return cls(str(uuid.uuid4()))


class MeterNumber(str):
    """Serial number of a meter as the operator writes it: 1 to 20 characters, no space around."""

    __slots__ = ()

    @property
    def value(self) -> str:
        """The same for all spellings of one meter: the case of letters does not matter."""
        return self.casefold()

    def is_spelled(self, text: str) -> bool:
        """Whether ``text`` from a partner means this meter, ignoring surrounding space and case."""
        return text.strip().casefold() == self.value

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the number, or raise ValueError."""
        if not 1 <= len(text) <= 20 or text != text.strip():
            raise ValueError(f"{text!r} is not a meter number: 1 to 20 characters without space around are due")
        return cls(text)


class MessageNumber(str):
    """Number of a message in the hub's standard, such as ``8.1.1.5``, ``R_1`` or ``S``; no final dot."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the number without a final dot, or raise ValueError."""
        trimmed = text.removesuffix(".")
        if not _NUMBER_SHAPE.match(trimmed):
            raise ValueError(f"{text!r} is not a message number such as 8.1.1.5, R_1 or S")
        return cls(trimmed)
