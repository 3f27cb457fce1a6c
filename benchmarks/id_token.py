"""ID tokens and session JWTs beside PyJWT and the bare RSA operation."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import jwt as pyjwt
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from benchmarks.documents import GROUPS, KEYS
from benchmarks.measure import note, show, take_turns
from vestibule.domain.jwt_template_text import read_template
from vestibule.domain.jwt_templates import Subject, Template, build_template, fill, variables
from vestibule.domain.members import Member
from vestibule.domain.organizations import Organization
from vestibule.domain.rbac import Permission, Resource, Role, build_policy
from vestibule.domain.sessions import Factor, Session, jwt_claims
from vestibule.protocols import jwt, oidc

ISSUER = "https://idp.example/oidc"
CLIENT = "client-1"


def run(*, quick: bool) -> None:
    rounds, seconds = (5, 0.05) if quick else (21, 0.15)
    pem = (KEYS / "idp.test-key.pem").read_text()
    key = jwt.read_signing_key("key-1", pem)
    private = load_pem_private_key(pem.encode(), None)
    assert isinstance(private, RSAPrivateKey)
    public = private.public_key()
    now = datetime.now(UTC)
    issued = int(now.timestamp())
    claims = {
        "iss": ISSUER,
        "aud": CLIENT,
        "sub": "1001",
        "iat": issued,
        "exp": issued + 3600,
        "auth_time": issued,
        "nonce": "n-0S6_WzA2Mj",
        "email": "ada@northwind.example",
        "name": "Ada Lovelace",
        "groups": list(GROUPS),
    }
    token = jwt.sign_jwt(claims, key)
    keys = jwt.read_jwks(json.dumps({"keys": [jwt.render_jwk(key, "key-1")]}).encode())
    provider = oidc.OidcProvider(ISSUER, f"{ISSUER}/a", f"{ISSUER}/t", "", f"{ISSUER}/k")
    client = oidc.OidcClient(CLIENT, "secret", "https://sso.example/callback")
    signing_input, _, signature = token.encode().rpartition(b".")
    raw_signature = base64.urlsafe_b64decode(signature + b"==")
    padding, sha256 = PKCS1v15(), SHA256()

    def ours() -> object:
        return oidc.verify_id_token(
            token, provider=provider, client=client, keys=keys, nonce="n-0S6_WzA2Mj", now=now,
            access_token=None,
        )  # fmt: skip

    def theirs() -> object:
        return pyjwt.decode(token, public, algorithms=["RS256"], audience=CLIENT, issuer=ISSUER)

    def floor() -> object:
        public.verify(raw_signature, signing_input, padding, sha256)
        return json.loads(base64.urlsafe_b64decode(signing_input.split(b".")[1] + b"=="))

    note(f"An ID token of {len(token)} characters, RS256, RSA of 2048 bits")
    cases = {
        "RSA verify + JSON": floor,
        "Vestibule, verify_id_token": ours,
        "PyJWT, decode (no nonce, no azp)": theirs,
    }
    show(take_turns(cases, rounds=rounds, seconds=seconds), "RSA verify + JSON")

    session = {
        "iss": "stytch.com/project-test-1", "aud": ["project-test-1"], "sub": "member-test-1",
        "iat": issued, "nbf": issued, "exp": issued + 300,
        "https://stytch.com/session": {"id": "member-session-test-1", "roles": ["viewer"]},
    }  # fmt: skip
    octets = json.dumps(session).encode()

    def sign_floor() -> object:
        return private.sign(octets, padding, sha256)

    def sign_ours() -> object:
        return jwt.sign_jwt(session, key)

    def sign_theirs() -> object:
        return pyjwt.encode(session, private, algorithm="RS256")

    def parse_skipping() -> object:
        return load_pem_private_key(pem.encode(), None, unsafe_skip_rsa_key_validation=True)

    note("A session JWT, RS256; and what reading a stored key from PEM takes without a cache")
    cases = {
        "RSA sign": sign_floor,
        "Vestibule, sign_jwt": sign_ours,
        "PyJWT, encode": sign_theirs,
        "parse a stored private key": parse_skipping,
    }
    show(take_turns(cases, rounds=rounds, seconds=seconds), "RSA sign")
    _with_template(key, private, now, rounds=rounds, seconds=seconds)


# Twenty claims: fields, metadata of every type, text, roles, actions, nested ones and constants.
TEMPLATE = """{
  "email": {{ member.email_address }},
  "name": {{ member.name }},
  "status": {{ member.status }},
  "crm": {{ member.external_id }},
  "department": {{ member.trusted_metadata.department }},
  "level": {{ member.trusted_metadata.level }},
  "on_call": {{ member.trusted_metadata.on_call }},
  "sites": {{ member.trusted_metadata.sites }},
  "cost_center": {{ member.trusted_metadata.cost.center }},
  "cost": {{ member.trusted_metadata.cost }},
  "nickname": {{ member.untrusted_metadata.nickname }},
  "gone": {{ member.trusted_metadata.gone }},
  "org": {{ organization.organization_slug }},
  "org_name": {{ organization.organization_name }},
  "tier": {{ organization.trusted_metadata.tier }},
  "who": "{{ member.name }} <{{ member.email_address }}>",
  "https://hasura.io/jwt/claims": {
    "x-hasura-user-id": {{ member.member_id }},
    "x-hasura-allowed-roles": {{ member.rbac.roles }}
  },
  "documents": {{ member.rbac.documents.actions }},
  "experiments": {{ member.rbac.experiments.actions }},
  "version": 3
}"""


def _with_template(
    key: jwt.SigningKey, private: RSAPrivateKey, now: datetime, *, rounds: int, seconds: float
) -> None:
    member = Member(
        "member-test-1", "organization-test-1", "ada@northwind.example", "active", now, now,
        name="Ada Lovelace", external_id="crm-1001",
        trusted_metadata={
            "department": "Research", "level": 3, "on_call": True, "sites": ["lhr", "muc"],
            "cost": {"center": 4711, "owner": "1001"},
        },
        untrusted_metadata={"nickname": "ada"},
    )  # fmt: skip
    organization = Organization(
        "organization-test-1", "project-test-1", "Northwind", "northwind", now, now,
        trusted_metadata={"tier": "gold"},
    )  # fmt: skip
    policy = build_policy(
        custom_resources=[
            Resource("documents", "", ("read", "write", "publish")),
            Resource("experiments", "", ("read", "run")),
        ],
        custom_roles=[
            Role("viewer", "", (Permission("documents", ("read",)),)),
            Role("editor", "", (Permission("documents", ("read", "write")),)),
            Role("lab-lead", "", (Permission("experiments", ("*",)),)),
        ],
    )
    roles = ("editor", "lab-lead", "stytch_member", "viewer")
    factor = Factor("registration-1", "saml-1", "saml-1", "saml", "ada", now, now)
    session = Session(
        "member-session-1", "organization-test-1", "member-test-1", now, now,
        now + timedelta(hours=1), (factor,), {}, "192.0.2.7", "a browser",
    )  # fmt: skip
    template, empty = build_template(read_template(TEMPLATE)), build_template({})
    subject = Subject(member, organization, roles, roles, policy)

    def mint(chosen: Template) -> str:
        filled = fill(chosen, variables(chosen, subject), session.custom_claims)
        claims = jwt_claims(
            session, project_id="project-test-1", organization_slug="northwind", roles=roles,
            custom_claims=filled.claims, now=now,
        )  # fmt: skip
        return jwt.sign_jwt(claims, key)

    token = mint(template)
    signing_input = token.rpartition(".")[0].encode()
    padding, sha256 = PKCS1v15(), SHA256()
    assert len(template.claims) == 20
    note(f"Minting a session JWT: claims worked out, written and signed ({len(token)} characters)")
    cases = {
        "RSA sign": lambda: private.sign(signing_input, padding, sha256),
        "mint without a template": lambda: mint(empty),
        "mint with a 20-claim template": lambda: mint(template),
        "the 20 claims alone": lambda: fill(template, variables(template, subject)),
        "reading the template, once for each version": lambda: build_template(
            read_template(TEMPLATE)
        ),
    }
    show(take_turns(cases, rounds=rounds, seconds=seconds), "RSA sign")
