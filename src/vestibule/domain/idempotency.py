"""The key that makes a request one request, however often it is sent
(draft-ietf-httpapi-idempotency-key-header-07).

Owns what a key looks like, what makes two requests the same, which answers are kept, and what
somebody gets who comes with a key. Knows neither operations nor what their answers say.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from vestibule.errors import refusal

MAX_KEY = 255
KEPT = timedelta(hours=24)
# The longest operation asks identity providers twice or three times, each for eight seconds. Who
# has not answered after a minute is taken for dead, and the next one with the key runs.
LEASE = timedelta(seconds=60)
# An operation takes some milliseconds; whoever came while it ran need not stay away for the lease.
RETRY_AFTER = 1
# More than any answer of what changes something; searches may give more, and need no key.
MAX_ANSWER = 1024 * 1024

_STRING = re.compile(r'"((?:[^"\\]|\\["\\])*)"')
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered, to the letter."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Claim:
    """Somebody's right to run the request of one key until the lease ends.

    Attributes:
        key_hash: of the key, which is not kept itself.
        holder: chosen at random by whoever took it, so that one whose lease has run out cannot
            answer in the place of the next one.
    """

    project_id: str
    key_hash: bytes
    fingerprint: bytes
    holder: bytes
    lease_until: datetime
    expires_at: datetime


def read_key(value: str) -> str:
    """The key of the header: the draft's quoted string (RFC 8941 §3.3.3), or the same text bare.

    Raises:
        idempotency_key_invalid: not 1 to 255 printable ASCII characters, or a broken string.
    """
    key = value
    if value.startswith('"'):
        quoted = _STRING.fullmatch(value)
        key = _ESCAPED.sub(r"\1", quoted[1]) if quoted else ""
    if not 1 <= len(key) <= MAX_KEY or not (key.isascii() and key.isprintable()):
        raise refusal(
            "idempotency_key_invalid",
            want=f"1 to {MAX_KEY} printable ASCII characters",
            got=f"{len(value)} characters",
        )
    return key


def key_hash(key: str) -> bytes:
    return _digest((b"key", key.encode()))


def fingerprint(key: str, *parts: bytes) -> bytes:
    """What makes two requests the same, as SHA-256. The key is in it, so that a copy of the
    database does not tell whether a guess at what was sent is right.

    Args:
        parts: method, path, query, body, and on whose behalf; each to the letter.
    """
    return _digest((b"request", key.encode(), *parts))


def _digest(parts: Iterable[bytes]) -> bytes:
    """Each part behind its length, so that no two lists of parts are the same bytes."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8))
        digest.update(part)
    return digest.digest()


def is_final(answer: Answer) -> bool:
    """Whether the same request would be answered so again, as far as it is up to the request.

    A failure of ours, a credential that is not known, a race that was lost and a caller who is in
    too great a hurry can all be different the next time, and nothing has happened then.
    """
    return 200 <= answer.status < 500 and answer.status not in (401, 409, 429)


def decide(held: Claim | None, answer: Answer | None, asked: Claim, now: datetime) -> Answer | None:
    """What somebody gets who comes with a key: the kept answer, or None for "run it".

    Args:
        held: what the key stands for now, with its answer if there is one.

    Raises:
        idempotency_key_reused, idempotency_key_in_use.
    """
    if held is None or held.expires_at <= now:
        return None
    if held.fingerprint != asked.fingerprint:
        raise refusal("idempotency_key_reused")
    if answer is not None:
        return answer
    if held.lease_until > now:
        error = refusal("idempotency_key_in_use")
        error.retry_after = RETRY_AFTER
        raise error
    return None
