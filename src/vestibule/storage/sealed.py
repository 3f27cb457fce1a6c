"""Secrets at rest: an envelope of AES-256-GCM, bound to the row that it belongs to.

Owns the key ring and the format `1 | key id (8) | wrapped data key (60) | nonce (12) | text`.
Every record has a data key of its own, wrapped by a root key of the ring, so that rotating the
root key rewraps 60 bytes. The name of the row is authenticated with both, so that a ciphertext
moved to another row does not open. Does not know what it seals.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vestibule.errors import refusal

_FORMAT = b"\x01"
_NONCE = 12
_WRAPPED = _NONCE + 32 + 16


class KeyRing:
    """The root keys: the first one seals, all of them open. Each has 32 bytes."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys or any(len(key) != 32 for key in keys):
            raise refusal("root_key_missing", want="root keys of 32 bytes")
        self._ring = {_key_id(key): AESGCM(key) for key in keys}
        self._active = _key_id(keys[0])

    def seal(self, secret: bytes, row: str) -> bytes:
        """Encrypt for one row. `row` names table and id; opening asks for the same name."""
        name = row.encode()
        data_key = AESGCM.generate_key(256)
        wrap_nonce, nonce = os.urandom(_NONCE), os.urandom(_NONCE)
        head = _FORMAT + self._active
        wrapped = self._ring[self._active].encrypt(wrap_nonce, data_key, head + name)
        text = AESGCM(data_key).encrypt(nonce, secret, head + name)
        return head + wrap_nonce + wrapped + nonce + text

    def open(self, sealed: bytes, row: str) -> bytes:
        """Decrypt what `seal` made for the same row.

        Raises:
            sealed_value_unreadable: another row, another ring, or changed bytes.
        """
        head, rest = bytes(sealed[:9]), bytes(sealed[9:])
        root = self._ring.get(head[1:])
        if head[:1] != _FORMAT or root is None:
            raise refusal("sealed_value_unreadable", detail=f"no root key for {row}")
        name = row.encode()
        try:
            data_key = root.decrypt(rest[:_NONCE], rest[_NONCE:_WRAPPED], head + name)
            nonce = rest[_WRAPPED : _WRAPPED + _NONCE]
            return AESGCM(data_key).decrypt(nonce, rest[_WRAPPED + _NONCE :], head + name)
        except (InvalidTag, ValueError):
            raise refusal("sealed_value_unreadable", detail=row) from None


def read_key_ring(text: str) -> KeyRing:
    """Read a key file: one base64 key of 32 bytes on each line, the active one first."""
    try:
        keys = [base64.b64decode(line, validate=True) for line in text.split()]
    except ValueError:
        raise refusal("root_key_missing", want="base64 of 32 bytes on each line") from None
    return KeyRing(keys)


def create_key_file(path: Path) -> None:
    """Write a new root key, readable by its owner only. Never overwrites one."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(base64.b64encode(os.urandom(32)).decode() + "\n")


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"vestibule root key id" + key).digest()[:8]
