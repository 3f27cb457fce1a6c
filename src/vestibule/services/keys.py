"""Keys of our own: those that sign session JWTs, and a pair for each SAML connection.

Owns their making, their rotation and the parsed copies that requests use. Nothing on the hot path
parses a key: what was parsed is kept under the project's version, which every change raises.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from vestibule.domain.connections import SigningKeyPair, StoredCertificate
from vestibule.domain.projects import Project
from vestibule.errors import refusal
from vestibule.protocols import jwt
from vestibule.services.runtime import Runtime
from vestibule.storage import Tx
from vestibule.storage.keys import StoredSigningKey

# Clients keep a JWK Set for up to an hour, so a new key is published that long before it signs,
# and an old one stays for a month.
PUBLISH_AHEAD = timedelta(hours=2)
ROTATE_AFTER = timedelta(days=180)
OVERLAP = timedelta(days=30)
SP_CERTIFICATE_LIFETIME = timedelta(days=3653)


@dataclass(frozen=True, slots=True)
class _Parsed:
    version: int
    keys: tuple[StoredSigningKey, ...]
    signing: Mapping[str, jwt.SigningKey]
    public_keys: Mapping[str, str]


_parsed: dict[str, _Parsed] = {}


def project_keys(tx: Tx, project: Project, now: datetime) -> _Parsed:
    """The project's live keys, parsed. Read again when the project's version has changed."""
    known = _parsed.get(project.project_id)
    if known is None or known.version != project.version:
        keys = tuple(tx.keys.live(project.project_id, now))
        known = _parsed[project.project_id] = _Parsed(
            project.version,
            keys,
            {key.kid: jwt.read_signing_key(key.kid, key.private_key) for key in keys},
            {key.kid: key.public_key for key in keys},
        )
    return known


def sign(tx: Tx, project: Project, claims: Mapping[str, object], now: datetime) -> str:
    """Sign a session JWT with the newest key that may sign already."""
    held = project_keys(tx, project, now)
    active = [key for key in held.keys if key.activates_at <= now < key.retires_at]
    if not active:
        raise refusal("root_key_missing", detail=f"{project.project_id} has no signing key")
    return jwt.sign_jwt(claims, held.signing[active[-1].kid])


def read_session_jwt(
    tx: Tx, project: Project, token: str, now: datetime, *, allow_expired: bool
) -> Mapping[str, object]:
    """The claims of one of our session JWTs. Says nothing of whether its session still lives."""
    held = project_keys(tx, project, now)
    # What is kept was read at the last change, and a key retires without one.
    live = {key.kid: held.public_keys[key.kid] for key in held.keys if key.retires_at > now}
    return jwt.verify_session_jwt(
        token,
        live,
        project_id=project.project_id,
        now=now,
        allow_expired=allow_expired,
    )


async def jwks(rt: Runtime, project_id: str) -> list[dict[str, object]]:
    """The public keys of a project, those included that will sign next."""

    def work(tx: Tx) -> Sequence[StoredSigningKey]:
        project = tx.projects.find(project_id)
        if project is None:
            raise refusal("project_not_found", got=project_id)
        return project_keys(tx, project, rt.now()).keys

    keys = await rt.store.read(work)
    now = rt.now()
    return [jwt.render_jwk(key.public_key, key.kid) for key in keys if key.retires_at > now]


def create_signing_key(rt: Runtime, tx: Tx, project_id: str, *, activates_at: datetime) -> None:
    """Make a key that is published now and signs from `activates_at` on."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    now = rt.now()
    tx.keys.insert(
        StoredSigningKey(
            kid=f"jwk-{project_id.split('-')[1]}-{rt.random(16).hex()}",
            project_id=project_id,
            created_at=now,
            activates_at=activates_at,
            retires_at=activates_at + ROTATE_AFTER + OVERLAP,
            public_key=public.decode(),
            private_key=_pem(private),
        )
    )


async def rotate_signing_keys(rt: Runtime, *, force: bool = False) -> int:
    """Publish a successor for every key that has signed long enough. Returns how many.

    Safe to run on several servers: the project's version is compared when it is written.

    Args:
        force: publish a successor for every project now, whatever the age of its key.
    """

    def work(tx: Tx) -> int:
        now = rt.now()
        made = 0
        for project in tx.projects.all():
            keys = tx.keys.live(project.project_id, now)
            newest = max((key.activates_at for key in keys), default=None)
            if newest is None:
                create_signing_key(rt, tx, project.project_id, activates_at=now)
            elif newest <= now and (force or newest + ROTATE_AFTER <= now):
                create_signing_key(rt, tx, project.project_id, activates_at=now + PUBLISH_AHEAD)
            else:
                continue
            tx.projects.update(project)
            made += 1
        return made

    return await rt.store.write(work)


async def replace_signing_keys(rt: Runtime) -> int:
    """The emergency: a new key signs at once, and every JWT of the old ones is void at once."""

    def work(tx: Tx) -> int:
        now = rt.now()
        projects = tx.projects.all()
        for project in projects:
            for key in tx.keys.live(project.project_id, now):
                tx.keys.retire(key.kid, now)
            create_signing_key(rt, tx, project.project_id, activates_at=now)
            tx.projects.update(project)
        return len(projects)

    return await rt.store.write(work)


def create_connection_key(rt: Runtime, connection_id: str, environment: str) -> SigningKeyPair:
    """A key pair for one SAML connection, with a self-signed certificate that carries it."""
    return connection_key(
        rt, _pem(rsa.generate_private_key(public_exponent=65537, key_size=2048)), connection_id,
        environment,
    )  # fmt: skip


def connection_key(
    rt: Runtime, private_pem: str, connection_id: str, environment: str
) -> SigningKeyPair:
    """A self-signed certificate around a private key that was made here or checked before."""
    private = serialization.load_pem_private_key(private_pem.encode(), None)
    if not isinstance(private, rsa.RSAPrivateKey):
        raise refusal("saml_signing_private_key_invalid")
    now = rt.now().astimezone(UTC).replace(microsecond=0)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, connection_id[:64])])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(int.from_bytes(rt.random(16)) >> 1 or 1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + SP_CERTIFICATE_LIFETIME)
        .sign(private, hashes.SHA256())
    )
    stored = StoredCertificate(
        certificate_id=rt.new_id("saml-signing-key", environment),
        certificate=certificate.public_bytes(serialization.Encoding.PEM).decode(),
        issuer="Vestibule",
        created_at=now,
        expires_at=certificate.not_valid_after_utc,
    )
    return SigningKeyPair(stored, private_pem)


def _pem(private: rsa.RSAPrivateKey) -> str:
    return private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode()


__all__ = [
    "connection_key",
    "create_connection_key",
    "create_signing_key",
    "jwks",
    "project_keys",
    "read_session_jwt",
    "replace_signing_keys",
    "rotate_signing_keys",
    "sign",
]
