"""Ids that say what they name: `organization-test-<uuid>`, and opaque tokens.

Owns the prefixes and the shape. Draws no randomness: the caller gives the bytes.
"""

from __future__ import annotations

import base64
import hashlib
import uuid

from vestibule.errors import refusal

KINDS = frozenset({
    "organization", "member", "member-session", "member-email", "request-id", "project",
    "saml-connection", "oidc-connection", "external-connection",
    "saml-member-registration", "oidc-member-registration",
    "saml-verification-key", "saml-signing-key", "saml-encryption-key",
    "connection-draft", "login-trace", "operator", "audit-event", "setup-link",
    "mail", "magic-link-request",
})  # fmt: skip


def make_id(kind: str, environment: str, random16: bytes) -> str:
    """Build an id such as `member-test-0b8f…`; `random16` are 16 bytes drawn by the caller."""
    if kind not in KINDS:
        raise ValueError(f"no such kind of id: {kind}")
    return f"{kind}-{environment}-{uuid.UUID(bytes=random16, version=4)}"


def require_kind(value: str, kind: str) -> str:
    """Return `value` when it can be an id of that kind, else refuse with `invalid_id`."""
    if not value.startswith(f"{kind}-") or len(value) > 80:
        raise refusal("invalid_id", want=f"{kind}-…", got=value)
    return value


def make_token(random32: bytes) -> str:
    """Build an opaque URL-safe token of 256 bits; 43 characters."""
    return base64.urlsafe_b64encode(random32).rstrip(b"=").decode()


def token_hash(token: str) -> bytes:
    """The form in which a token is stored. SHA-256 suffices: the token has 256 bits of its own."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
