"""From what an identity provider says to what we keep of a person: the attribute mapping.

Owns the mapping's grammar (wire contract §3.2, §3.3), the profile that comes out of it and the
rules on e-mail addresses that decide whom a login may become. Reads only verified assertions and
claims; knows neither members nor organizations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from vestibule.domain.mapping import Found, evaluate, read_expression, strings_of
from vestibule.errors import VestibuleError, refusal

NAME_ID = "NameID"
DEFAULT = "(default)"
# Keys of a mapping with a meaning of their own; every other key goes to trusted_metadata.
RESERVED_KEYS = frozenset({
    "email", "full_name", "first_name", "last_name", "groups", "idp_user_id",
})  # fmt: skip
TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"

MAX_GROUPS = 5000

# A company's own directory often ends in .local, a staging one in .test: nobody has to be able to
# send mail there. The list is the library's setting for that.
for _domain in ("local", "localhost", "test"):
    if _domain in SPECIAL_USE_DOMAIN_NAMES:
        SPECIAL_USE_DOMAIN_NAMES.remove(_domain)
Mapped = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Profile:
    """What one login says of a person.

    Attributes:
        subject: the identity provider's own name of the person, unique at that provider only.
        email: a valid address, as the provider wrote it.
        name: "" when the provider gave none.
        groups: exact values in their order, without duplicates.
        custom: what goes to the member's trusted_metadata, by key.
        attributes: every mapped value as strings, for `sso_attributes`.
        warnings: what was missing or left out, in words for the administrator.
        sources: by key, the name or path that gave the value; `(default)` for a mapping's default.
    """

    subject: str
    email: str
    name: str = ""
    groups: tuple[str, ...] = ()
    custom: Mapping[str, object] = field(default_factory=dict)
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Statement:
    """What an identity provider said of a person, once it has been verified.

    Attributes:
        subject: `sub`, or the NameID.
        attributes: claims, ID token and UserInfo merged; or SAML attributes by Name, one value as
            a text and several as a list.
        friendly_names: of SAML attributes, by Name.
    """

    protocol: Literal["saml", "oidc"]
    subject: str
    attributes: Mapping[str, object]
    name_id_format: str = ""
    friendly_names: Mapping[str, str] = field(default_factory=dict)


@lru_cache(maxsize=8192)
def read_email(value: str, code: str = "invalid_email") -> str:
    """Return a plain ASCII address with its domain in lower case, or refuse.

    Look-alikes (full-width @, dotless i, no-break spaces) are not ASCII, so none can pass.
    """
    if len(value) > 254 or not value.isascii():
        raise refusal(code, want="a plain ASCII address", got=value)
    try:
        address = validate_email(
            value, check_deliverability=False, globally_deliverable=False, allow_smtputf8=False
        )
    except EmailNotValidError:
        raise refusal(code, want="one address such as ada@example.com", got=value) from None
    # `domain` would give a punycode name back in the letters that it stands for.
    return f"{address.local_part}@{address.ascii_domain.lower()}"


def email_key(address: str) -> str:
    """The one form in which two addresses are compared. ASCII only, so lower() is exact."""
    return address.lower()


def email_domain(address: str) -> str:
    return address.rpartition("@")[2].lower()


def check_saml_mapping(mapping: Mapped) -> dict[str, str]:
    """Return the mapping without its empty entries; refuse one that cannot name a person."""
    kept = {key: source for key, source in mapping.items() if source}
    _check(kept)
    if "email" not in kept:
        raise refusal("saml_connection_email_mapping_required")
    if "full_name" not in kept and not {"first_name", "last_name"} <= kept.keys():
        raise refusal("saml_connection_name_mapping_required")
    return kept


def check_oidc_mapping(mapping: Mapped) -> dict[str, str]:
    """Return the mapping without its empty entries. No key is mandatory: claims have defaults."""
    kept = {key: source for key, source in mapping.items() if source}
    _check(kept)
    return kept


def _check(mapping: Mapped) -> None:
    if len(mapping) > 50:
        raise refusal("attribute_mapping_invalid", want="at most 50 keys", got=str(len(mapping)))
    for key, source in mapping.items():
        if not 1 <= len(key) <= 128 or len(source) > 512:
            raise refusal(
                "attribute_mapping_invalid", want="keys to 128, sources to 512 characters", got=key
            )
        read_expression(source)


def map_statement(mapping: Mapped, statement: Statement) -> Profile:
    """Read a verified statement through the mapping.

    Raises:
        saml_response_email_invalid, saml_name_id_transient, oidc_response_email_missing,
        oidc_response_email_invalid,
        oidc_response_unverified_email.
    """
    if statement.protocol == "saml":
        return _map_saml(mapping, statement)
    return _map_oidc(mapping, statement)


def _map_saml(mapping: Mapped, statement: Statement) -> Profile:
    """A source is `NameID`, an attribute's Name, or, when no Name fits, its FriendlyName."""
    attributes = statement.attributes
    claims = {
        **{friendly: attributes[name] for name, friendly in statement.friendly_names.items()},
        **attributes,
        NAME_ID: statement.subject,
    }
    found = {
        key: evaluate(read_expression(source), claims) for key, source in mapping.items() if source
    }
    mapped = {key: strings_of(one.value) for key, one in found.items()}
    email = _one_email(mapped.get("email", ()), "saml_response_email_invalid")
    warnings = _warnings(mapping, found, "the assertion has no attribute", frozenset())
    transient = statement.name_id_format == TRANSIENT
    subject = next(iter(mapped.get("idp_user_id", ())), "")
    if subject and transient and found["idp_user_id"].source == NAME_ID:
        # Each sign-in would be somebody new, and one day perhaps somebody else.
        raise refusal("saml_name_id_transient", want="a NameID that stays", got=TRANSIENT)
    if not subject and transient:
        subject = email_key(email)
        warnings.append(
            "NameID: it is transient, another one at each sign-in, so the person is known by the "
            "e-mail address alone; a changed address is a new person"
        )
    subject = subject or statement.subject
    return _profile(subject, email, mapped, found, warnings)


def _map_oidc(mapping: Mapped, statement: Statement) -> Profile:
    """A source is a claim's name or a dotted path; standard claims are the default."""
    claims = statement.attributes
    sources = {"email": "email", "groups": "groups", **{k: v for k, v in mapping.items() if v}}
    if not sources.keys() & {"full_name", "first_name", "last_name"}:
        sources |= {"full_name": "name", "first_name": "given_name", "last_name": "family_name"}
    found = {key: evaluate(read_expression(source), claims) for key, source in sources.items()}
    mapped = {key: strings_of(one.value) for key, one in found.items()}
    elsewhere = _named_elsewhere(claims)
    if not mapped["email"]:
        if elsewhere & set(read_expression(sources["email"]).sources):
            raise refusal("oidc_distributed_claims", want=f"claim {sources['email']}")
        raise refusal("oidc_response_email_missing", want=f"claim {sources['email']}")
    email = _one_email(mapped["email"], "oidc_response_email_invalid")
    verified = claims.get("email_verified")
    # Some providers send the word. What is absent is accepted, what does not say yes is not.
    if found["email"].source == "email" and verified not in (None, True, "true", "True", "1"):
        raise refusal("oidc_response_unverified_email", want="email_verified true", got="false")
    asked = {"groups": "groups", **mapping} if "groups" in elsewhere else mapping
    warnings = _warnings(asked, found, "there is no claim", elsewhere)
    return _profile(statement.subject, email, mapped, found, warnings)


def _named_elsewhere(claims: Mapping[str, object]) -> frozenset[str]:
    """Claims that the provider only refers to (OIDC Core §5.6.2). They are not fetched: whoever
    names the place would choose whose word we take."""
    names = claims.get("_claim_names")
    return frozenset(names) if isinstance(names, Mapping) else frozenset()


def _warnings(
    mapping: Mapped, found: Mapping[str, Found], missing: str, elsewhere: frozenset[str]
) -> list[str]:
    told = []
    for key, text in mapping.items():
        one = found.get(key)
        if one is None or (one.value is not None and not one.warnings):
            continue
        told += [f"{key}: {warning}" for warning in one.warnings]
        if one.value is not None or one.warnings:
            continue
        sources = read_expression(text).sources
        referred = [source for source in sources if source in elsewhere]
        if referred:
            told.append(
                f"{key}: the provider sent a reference instead of the claim {referred[0]} "
                "(a distributed or aggregated claim), which is not followed"
            )
        else:
            told.append(f"{key}: {missing} {', '.join(sources)}")
    return told


def _one_email(values: Sequence[str], code: str) -> str:
    distinct = tuple(dict.fromkeys(values))
    if len(distinct) != 1:
        # Two addresses would leave the choice of the person to the order of a document.
        raise refusal(code, want="exactly one address", got=f"{len(distinct)} values")
    try:
        return read_email(distinct[0])
    except VestibuleError as error:
        raise refusal(code, want=error.want, got=error.got) from None


def _name(mapped: Mapping[str, Sequence[str]]) -> str:
    full = " ".join(mapped.get("full_name", ())[:1])
    parts = [*mapped.get("first_name", ())[:1], *mapped.get("last_name", ())[:1]]
    return (full or " ".join(parts)).strip()[:256]


def _profile(
    subject: str,
    email: str,
    mapped: Mapping[str, tuple[str, ...]],
    found: Mapping[str, Found],
    warnings: list[str],
) -> Profile:
    groups = tuple(dict.fromkeys(mapped.get("groups", ())))
    if len(groups) > MAX_GROUPS:
        warnings.append(f"groups: only the first {MAX_GROUPS} of {len(groups)} are kept")
    return Profile(
        subject,
        email,
        _name(mapped),
        groups[:MAX_GROUPS],
        {k: f.value for k, f in found.items() if k not in RESERVED_KEYS and f.value is not None},
        {key: values for key, values in mapped.items() if values},
        tuple(warnings),
        {k: f.source or DEFAULT for k, f in found.items() if f.value is not None},
    )
