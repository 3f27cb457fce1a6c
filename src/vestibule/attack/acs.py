"""Any SAML service provider as a target: its ACS URL, and what somebody says of its answers.

Owns what can be asked of a server whose API nobody knows: one connection, one trusted key, and a
rule by which an answer counts as let in. Refuses to send anywhere but to loopback unless told.
"""

from __future__ import annotations

import re
import secrets
import zlib
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_address
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit
from xml.sax.saxutils import escape

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa

from vestibule.attack.cases import Case
from vestibule.attack.catalogue import HONEST, HOSTILE, Kind, case_of
from vestibule.attack.client import FORM, Answer, Client, Unusable
from vestibule.attack.judge import Entry, Verdict, Wanted, decide
from vestibule.attack.keys import KeyRing, Pair, certify, read_private_key
from vestibule.attack.live import field_of
from vestibule.attack.scene import ALICE, Scene

_HOPS = 5

# Refused by Vestibule as a matter of policy; another service provider may decide otherwise, and
# nobody is let in by it who should not be.
POLICY = frozenset({
    "comment-in-front", "comment-behind", "stylesheet", "declared-latin-1", "prefix-list",
    "signed-response-without-destination", "issuer-format", "hmac-output-length",
})  # fmt: skip
# Without a request these are honest responses.
NEEDS_REQUEST = frozenset({"confirmation-answers-no-request"})

SOMEBODY = Entry("somebody", "")


@dataclass(frozen=True)
class Acs:
    """What one has to know of the service provider.

    Attributes:
        url: its ACS URL.
        start: a URL that begins a login, so that responses answer a request.
        accepted_when: found in an answer that let somebody in; below 400 where none is given.
        decrypts: whether the key ring's `sp` is a certificate that it decrypts for.
    """

    url: str
    keys: KeyRing
    idp: str
    audience: str
    start: str = ""
    relay_state: str = ""
    accepted_when: re.Pattern[str] | None = None
    decrypts: bool = False
    clients: dict[str, Client] = field(default_factory=dict)

    def client(self, url: str) -> Client:
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self.clients:
            self.clients[origin] = Client(url)
        return self.clients[origin]

    def begin(self) -> tuple[str, str, str]:
        """Request id, RelayState and cookies of a login that was begun for this case.

        Raises:
            Unusable: no AuthnRequest by redirect came of it.
        """
        url, cookies = self.start, dict[str, str]()
        for _ in range(_HOPS):
            held = "; ".join(f"{name}={value}" for name, value in cookies.items())
            answer = self.client(url).send("GET", _target(url), headers={"cookie": held})
            for line in answer.cookies:
                name, _, value = line.partition(";")[0].partition("=")
                cookies[name.strip()] = value.strip()
            to = urljoin(url, answer.headers.get("location", ""))
            sent = parse_qs(urlsplit(to).query)
            if "SAMLRequest" in sent:
                found = re.search(r'\sID="([^"]+)"', _inflated(sent["SAMLRequest"][0]))
                if found is None:
                    break
                held = "; ".join(f"{name}={value}" for name, value in cookies.items())
                return found[1], sent.get("RelayState", [""])[0], held
            if to == url or urlsplit(to).netloc != urlsplit(url).netloc:
                break
            url = to
        raise Unusable(f"{self.start} leads to no AuthnRequest by redirect.")

    def scene(self, request: str | None) -> Scene:
        number = secrets.token_hex(12)
        return Scene(
            now=datetime.now(UTC),
            idp=escape(self.idp),
            sp=escape(self.audience),
            acs=escape(self.url),
            other_acs=escape(f"{self.url}/{number}"),
            request=request,
            keys=self.keys,
            assertion_id=f"_assertion-{number}",
            response_id=f"_response-{number}",
        )

    def post(self, response: str, relay_state: str, cookies: str) -> Answer:
        form = {"SAMLResponse": response}
        if relay_state:
            form["RelayState"] = relay_state
        headers = {"content-type": FORM, "cookie": cookies}
        body = urlencode(form).encode()
        return self.client(self.url).send("POST", _target(self.url), body, headers)

    def let_in(self, answer: Answer) -> bool:
        if self.accepted_when is None:
            return 200 <= answer.status < 400
        told = "\n".join(f"{name}: {value}" for name, value in answer.headers.items())
        text = f"{answer.status}\n{told}\n\n{answer.body.decode(errors='replace')}"
        return self.accepted_when.search(text) is not None


def read_keys(key: str | None, certificate: str | None, sp_certificate: str | None) -> KeyRing:
    """The key ring of a suite that signs with the given key.

    Raises:
        Unusable: what is given is no PEM of that kind, or the certificate is another key's.
    """
    try:
        private = read_private_key(key or "")
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise Unusable("--idp-key: no unencrypted private key in PEM.") from None
    if not isinstance(private, rsa.RSAPrivateKey) or private.key_size < 2048:
        raise Unusable("--idp-key: the suite signs with RSA, of 2048 bits at least.")
    pair = certify(private, "idp")
    if certificate is not None:
        pair = Pair(pair.key_pem, certificate)
        try:
            same = pair.certificate.public_key() == private.public_key()
        except ValueError:
            raise Unusable("--idp-cert: no certificate in PEM.") from None
        if not same:
            raise Unusable("--idp-cert: not the certificate of --idp-key.")
    ring = KeyRing({"idp": pair})
    if sp_certificate is not None:
        ring.pairs["sp"] = Pair("", sp_certificate)
        try:
            theirs = ring["sp"].certificate.public_key()
        except ValueError:
            raise Unusable("--sp-cert: no certificate in PEM.") from None
        if not isinstance(theirs, rsa.RSAPublicKey):
            raise Unusable("--sp-cert: only to an RSA key can be encrypted.")
    return ring


def read_rule(pattern: str | None) -> re.Pattern[str] | None:
    """Raises:
    Unusable: no regular expression.
    """
    try:
        return None if pattern is None else re.compile(pattern, re.IGNORECASE | re.MULTILINE)
    except re.error as error:
        raise Unusable(f"--accepted-when: {error}.") from None


def require_loopback(*urls: str) -> None:
    """Raises:
    Unusable: one of them is not on this machine.
    """
    for url in urls:
        try:
            host = urlsplit(url).hostname or ""
        except ValueError:
            host = ""
        try:
            near = ip_address(host).is_loopback
        except ValueError:
            near = host == "localhost" or host.endswith(".localhost")
        if not near:
            raise Unusable(
                f"{url} is not on this machine; attack only what is yours, and say so: "
                "--i-may-test-this-host."
            )


def run(acs: Acs, only: frozenset[str] = frozenset()) -> Iterator[Verdict]:
    """What can be run against one ACS URL with one trusted key.

    Raises:
        Unusable: the plainest honest response is not let in, so that no refusal would say anything.
    """
    plain = HONEST[0]
    first = next(plain.make(acs.scene("_plan")))
    if (verdict := _one(acs, plain, 0, first)).fault:
        raise Unusable(
            f"The plainest honest response was not let in ({verdict.fault}): check the key, "
            "--idp-entity-id, --audience and --accepted-when."
        )
    for kind in HOSTILE + HONEST:
        if only and kind.title not in only:
            continue
        for number, planned in enumerate(list(kind.make(acs.scene("_plan")))):
            if _makes_sense(acs, planned):
                yield _one(acs, kind, number, planned)


def _makes_sense(acs: Acs, case: Case) -> bool:
    setup, solicited = case.setup, bool(acs.start)
    if setup.certificates != ("idp",):
        return False
    if setup.decryption_keys and not (acs.decrypts and setup.decryption_keys == ("sp",)):
        return False
    if case.reading is not None:
        if solicited and not setup.solicited:
            return False
        # Whether it knows a person of another name is its own affair.
        known = case.reading.name_id == ALICE
        return known and not (setup.insecure_sha1 or setup.insecure_legacy_encryption)
    return case.name not in POLICY and (solicited or case.name not in NEEDS_REQUEST)


def _one(acs: Acs, kind: Kind, number: int, planned: Case) -> Verdict:
    # Where nothing was asked for, a response that names a request names one of nobody's.
    request = None if planned.setup.solicited else "_request-of-nobody"
    relay_state, cookies = acs.relay_state, ""
    if acs.start and planned.setup.solicited:
        request, given, cookies = acs.begin()
        relay_state = relay_state or given
    case = case_of(kind, number, acs.scene(request))
    answer = acs.post(field_of(case), relay_state, cookies)
    entry = SOMEBODY if acs.let_in(answer) else None
    outcome, fault = decide(
        _as_refusal(answer) if entry is None else answer,
        entry,
        "",
        Wanted(entry=SOMEBODY if case.reading is not None else None),
    )
    told = (kind.title, case.name, case.why, case.section, kind.hostile)
    return Verdict(*told, outcome, str(answer.status), fault, answer.seconds)


def _as_refusal(answer: Answer) -> Answer:
    """Where a rule says what being let in looks like, any other answer below 400 is a refusal."""
    if 0 < answer.status < 400:
        return Answer(403, answer.headers, answer.body, answer.seconds)
    return answer


def _target(url: str) -> str:
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _inflated(request: str) -> str:
    try:
        return zlib.decompressobj(-15).decompress(b64decode(request), 1_000_000).decode()
    except (ValueError, zlib.error):
        return ""
