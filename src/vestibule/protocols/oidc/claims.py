"""Which claims speak of the token and which of the person, and how two sources become one.

Owns the list of protocol claims. Refuses to know what an e-mail address is, which claims an
organization maps, and whether a source may be believed: both have been verified before.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# OIDC Core §2, §3.1.3.6, §3.3.2.11; RFC 7519 §4.1. In UserInfo they are about that answer, so
# they would overwrite what the ID token says about the sign-in.
PROTOCOL_CLAIMS: Final = frozenset(
    {
        "acr",
        "amr",
        "at_hash",
        "aud",
        "auth_time",
        "azp",
        "c_hash",
        "exp",
        "iat",
        "iss",
        "jti",
        "nbf",
        "nonce",
        "s_hash",
        "sid",
        "sub",
    }
)


def merge_claims(
    id_token: Mapping[str, object], userinfo: Mapping[str, object]
) -> dict[str, object]:
    """One set of claims: UserInfo wins, being fresher, except where the token speaks of itself.

    Both must be verified, and of the same `sub`.
    """
    person = {name: value for name, value in userinfo.items() if name not in PROTOCOL_CLAIMS}
    return {**id_token, **person}
