"""From what an identity provider says to what we keep of a person: the attribute mapping.

Owns the mapping's grammar (wire contract §3.2, §3.3), the profile that comes out of it and the
rules on e-mail addresses that decide whom a login may become. Reads only verified assertions and
claims; knows neither members nor organizations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from vestibule.errors import VestibuleError, refusal

NAME_ID = "NameID"
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
    """

    subject: str
    email: str
    name: str = ""
    groups: tuple[str, ...] = ()
    custom: Mapping[str, object] = field(default_factory=dict)
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


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
    _check_sizes(kept)
    if "email" not in kept:
        raise refusal("saml_connection_email_mapping_required")
    if "full_name" not in kept and not {"first_name", "last_name"} <= kept.keys():
        raise refusal("saml_connection_name_mapping_required")
    return kept


def check_oidc_mapping(mapping: Mapped) -> dict[str, str]:
    """Return the mapping without its empty entries. No key is mandatory: claims have defaults."""
    kept = {key: source for key, source in mapping.items() if source}
    _check_sizes(kept)
    return kept


def _check_sizes(mapping: Mapped) -> None:
    if len(mapping) > 50:
        raise refusal("attribute_mapping_invalid", want="at most 50 keys", got=str(len(mapping)))
    for key, source in mapping.items():
        if not 1 <= len(key) <= 128 or len(source) > 512:
            raise refusal(
                "attribute_mapping_invalid", want="keys to 128, sources to 512 characters", got=key
            )


def map_saml(
    mapping: Mapped,
    *,
    name_id: str,
    name_id_format: str,
    attributes: Mapping[str, Sequence[str]],
    friendly_names: Mapping[str, str],
) -> Profile:
    """Read a verified assertion through the mapping.

    A source is `NameID`, an attribute's Name, or, when no Name fits, its FriendlyName.

    Raises:
        saml_response_email_invalid: no value, several different ones, or none that is an address.
    """
    by_friendly_name = {friendly: name for name, friendly in friendly_names.items()}

    def values_of(source: str) -> tuple[str, ...]:
        if source == NAME_ID:
            return (name_id,)
        found = attributes.get(source)
        if found is None and source in by_friendly_name:
            found = attributes[by_friendly_name[source]]
        return tuple(found or ())

    mapped = {key: values_of(source) for key, source in mapping.items() if source}
    email = _one_email(mapped.get("email", ()), "saml_response_email_invalid")
    subject = next(iter(mapped.get("idp_user_id", ())), "")
    if not subject:
        # A transient NameID names nobody the next time; the address is what stays.
        subject = email_key(email) if name_id_format == TRANSIENT else name_id
    custom = {
        key: values[0] if len(values) == 1 else list(values)
        for key, values in mapped.items()
        if key not in RESERVED_KEYS and values
    }
    warnings = [
        f"{key}: the assertion has no attribute {mapping[key]}"
        for key, values in mapped.items()
        if not values
    ]
    return _profile(subject, email, _name(mapped), mapped, custom, warnings)


def map_oidc(mapping: Mapped, *, subject: str, claims: Mapping[str, object]) -> Profile:
    """Read verified claims (ID token and UserInfo merged) through the mapping.

    A source is a claim's name or a dotted path into objects and arrays.

    Raises:
        oidc_response_email_missing, oidc_response_email_invalid, oidc_response_unverified_email.
    """
    sources = {"email": "email", "groups": "groups", **{k: v for k, v in mapping.items() if v}}
    if not sources.keys() & {"full_name", "first_name", "last_name"}:
        sources |= {"full_name": "name", "first_name": "given_name", "last_name": "family_name"}
    found = {key: claim_at(claims, source) for key, source in sources.items()}
    mapped = {key: strings_of(value) for key, value in found.items() if value is not None}
    if not mapped.get("email"):
        raise refusal("oidc_response_email_missing", want=f"claim {sources['email']}")
    email = _one_email(mapped["email"], "oidc_response_email_invalid")
    verified = claims.get("email_verified")
    # Some providers send the word. What is absent is accepted, what does not say yes is not.
    if sources["email"] == "email" and verified not in (None, True, "true", "True", "1"):
        raise refusal("oidc_response_unverified_email", want="email_verified true", got="false")
    custom = {
        key: value for key, value in found.items() if key not in RESERVED_KEYS and value is not None
    }
    warnings = [
        f"{key}: there is no claim {source}"
        for key, source in mapping.items()
        if source and found.get(key) is None
    ]
    return _profile(subject, email, _name(mapped), mapped, custom, warnings)


def claim_at(claims: Mapping[str, object], source: str) -> object:
    """The value at a claim's name or dotted path, or None. A whole name wins over a path.

    Through an array a number picks an element, and a name is looked up in each element.
    """
    if source in claims:
        return claims[source]
    value: object = claims
    for part in source.split("."):
        value = _step(value, part)
        if value is None:
            return None
    return value


def _step(value: object, part: str) -> object:
    if isinstance(value, Mapping):
        return value.get(part)
    if isinstance(value, list):
        if part.isascii() and part.isdigit():
            index = int(part[:6])
            return value[index] if index < len(value) else None
        inner = [v[part] for v in value if isinstance(v, Mapping) and part in v]
        return inner or None
    return None


def strings_of(value: object) -> tuple[str, ...]:
    """A claim's value as strings; objects inside are left out."""
    if isinstance(value, list):
        return tuple(s for item in value for s in strings_of(item))
    if isinstance(value, bool):
        return ("true" if value else "false",)
    if isinstance(value, str):
        return (value,)
    if isinstance(value, int | float):
        return (str(value),)
    return ()


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
    name: str,
    mapped: Mapping[str, tuple[str, ...]],
    custom: Mapping[str, object],
    warnings: Sequence[str],
) -> Profile:
    groups = tuple(dict.fromkeys(mapped.get("groups", ())))
    if len(groups) > MAX_GROUPS:
        warnings = [*warnings, f"groups: only the first {MAX_GROUPS} of {len(groups)} are kept"]
    attributes = {key: values for key, values in mapped.items() if values}
    return Profile(subject, email, name, groups[:MAX_GROUPS], custom, attributes, tuple(warnings))
