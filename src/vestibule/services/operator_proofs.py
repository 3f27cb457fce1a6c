"""What an operator proves themselves with: a password, and the codes of an authenticator app.

Owns Argon2id (RFC 9106) with the parameters that OWASP advises, and TOTP (RFC 6238). Hashing runs
on two threads of its own: it takes its time by design, and an event loop must not wait for it.
Knows neither who asks nor where anything is stored.
"""

from __future__ import annotations

import asyncio
import base64
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.twofactor import InvalidToken
from cryptography.hazmat.primitives.twofactor.totp import TOTP

MEMORY_KIB, ITERATIONS, LANES = 19_456, 2, 1
STEP_SECONDS = 30
TOTP_SECRET_BYTES = 20
_DIGITS = 6

# A hash of no password, which costs the same to compare: whoever is not there takes as long.
_NOBODY = f"$argon2id$v=19$m={MEMORY_KIB},t={ITERATIONS},p={LANES}${'A' * 22}${'A' * 43}"

# Two at once, so that many who try cost time and not memory.
_threads = ThreadPoolExecutor(2, thread_name_prefix="passwords")


async def hash_password(password: str, salt: bytes) -> str:
    """The PHC string of a password; `salt` are 16 bytes drawn by the caller."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _hash, password, salt)


async def fits(password: str, password_hash: str) -> bool:
    """Whether the password is that of the hash. For "", nobody's hash, it is the same work."""
    loop = asyncio.get_running_loop()
    known = password_hash or _NOBODY
    return await loop.run_in_executor(_threads, _fits, password, known) and bool(password_hash)


def _hash(password: str, salt: bytes) -> str:
    made = Argon2id(
        salt=salt, length=32, iterations=ITERATIONS, lanes=LANES, memory_cost=MEMORY_KIB
    )
    return made.derive_phc_encoded(_octets(password))


def _fits(password: str, password_hash: str) -> bool:
    try:
        Argon2id.verify_phc_encoded(_octets(password), password_hash)
    except InvalidKey:
        return False
    return True


def _octets(password: str) -> bytes:
    """Two keyboards write the same letter differently; to whoever types it is one."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


def used_step(secret: bytes, code: str, now: datetime, last_step: int) -> int | None:
    """The time step that the code belongs to: this one, the one before or the one after, and later
    than the last one that was used (RFC 6238 §5.2). None where it fits none."""
    digits = "".join(code.split())
    if len(digits) != _DIGITS or not digits.isascii() or not digits.isdigit():
        return None
    made = _totp(secret)
    here = int(now.timestamp()) // STEP_SECONDS
    for step in (here - 1, here, here + 1):
        if step <= last_step:
            continue
        try:
            made.verify(digits.encode(), step * STEP_SECONDS)
        except InvalidToken:
            continue
        return step
    return None


def code_at(secret: bytes, moment: datetime) -> str:
    """The code that an app shows at a moment."""
    return _totp(secret).generate(int(moment.timestamp())).decode()


def secret_text(secret: bytes) -> str:
    """The secret as it is typed into an app: base32 without padding."""
    return base64.b32encode(secret).decode().rstrip("=")


def provisioning_uri(secret: bytes, email: str, issuer: str) -> str:
    """What an app reads from a QR code."""
    return _totp(secret).get_provisioning_uri(email, issuer)


def _totp(secret: bytes) -> TOTP:
    # The one hash that every app knows; no weakness of it bears on an HMAC.
    return TOTP(secret, _DIGITS, SHA1(), STEP_SECONDS)  # noqa: S303
