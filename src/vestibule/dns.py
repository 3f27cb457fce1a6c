"""The way to the DNS: which texts stand at a name. Knows nothing of what they should say.

A name is asked for as it is, with the resolvers of this machine; five seconds in all, and the
answer is bounded by what a DNS message holds. A CNAME is followed by the resolver.
"""

from __future__ import annotations

from collections.abc import Sequence

import dns.asyncresolver
import dns.exception
import dns.name
import dns.resolver

from vestibule.errors import refusal

DEADLINE_SECONDS = 5.0
_MAX_RECORDS = 100


async def txt_records(name: str) -> Sequence[str]:
    """The texts of all TXT records at a name; none where the name or the record does not exist.

    A record of several strings is one text (RFC 7208 §3.3).

    Raises:
        dns_unanswered: no usable answer within five seconds.
    """
    try:
        resolver = dns.asyncresolver.Resolver()
        answer = await resolver.resolve(
            f"{name}.", "TXT", lifetime=DEADLINE_SECONDS, search=False, raise_on_no_answer=False
        )
    except dns.resolver.NXDOMAIN:
        return ()
    except (dns.exception.DNSException, OSError, UnicodeError, ValueError) as error:
        raise refusal("dns_unanswered", got=name, detail=type(error).__name__) from None
    texts = [b"".join(record.strings) for record in answer.rrset or ()]
    return [text.decode("utf-8", "replace") for text in texts[:_MAX_RECORDS]]
