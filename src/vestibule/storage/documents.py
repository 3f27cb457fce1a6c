"""Domain values as JSON text and back: the one place that knows how a value is written down.

A noun is stored as one typed document; the columns beside it are what queries look by. Decoding
checks the types, so a row that was written by hand and does not fit is refused, not guessed at.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

import msgspec

T = TypeVar("T")

_encode = msgspec.json.Encoder().encode
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def dump(value: object) -> str:
    return _encode(value).decode()


def loader(kind: type[T]) -> Callable[[str | bytes], T]:
    """The function that reads a document of that type. Make it once, at import."""
    return msgspec.json.Decoder(kind).decode


def micros(moment: datetime) -> int:
    """A moment as whole microseconds since 1970, UTC: the only form of time in a column."""
    delta = moment - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def moment(value: int) -> datetime:
    return datetime.fromtimestamp(value / 1_000_000, UTC)
