"""Presets: what is known of each identity provider, and its set-up for one connection.

Owns the shape of a preset, what makes one complete, and the filling-in of a connection's own
values. Refuses to know where presets are kept: they come in as parsed data. A new identity
provider is data; nothing here names one, save `generic`, which stands in for what another lacks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from vestibule.domain.attributes import check_oidc_mapping, check_saml_mapping
from vestibule.domain.connections import SamlConnection, SourceConnection, missing_parts
from vestibule.protocols.oidc import RESERVED_PARAMETERS

Protocol = Literal["saml", "oidc"]

GENERIC = "generic"
MIN_STEPS = 3
# What a text or a value may leave open, by protocol; a connection fills all of them.
PLACEHOLDERS: Mapping[Protocol, frozenset[str]] = {
    "saml": frozenset({
        "acs_url", "audience_uri", "sp_metadata_url", "base_url", "organization_name",
        "connection_id",
    }),
    "oidc": frozenset({"redirect_url", "base_url", "organization_name", "connection_id"}),
}  # fmt: skip
# What a provider can give back: fields of the update calls, and of `…/url` for the metadata.
_RECEIVABLE: Mapping[Protocol, frozenset[str]] = {
    "saml": frozenset({"metadata_url", "idp_entity_id", "idp_sso_url", "x509_certificate"}),
    "oidc": frozenset({
        "issuer", "client_id", "client_secret", "authorization_url", "token_url", "userinfo_url",
        "jwks_url",
    }),
}  # fmt: skip
_BY_HAND = frozenset({"idp_entity_id", "idp_sso_url", "x509_certificate"})
_OIDC_NEEDED = frozenset({"issuer", "client_id", "client_secret"})
# The name of a quirk that says why a mapping has no groups.
_NO_GROUPS = "no_groups"
_PLACEHOLDER = re.compile(r"\{(\w*)\}")
_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Value:
    """Something to copy into the provider's form, under the provider's own label."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Step:
    """One step at the provider, in its own order.

    Attributes:
        collects: fields of ours whose values are shown at this step.
        unconfirmed: the provider's own documentation could not be compared.
    """

    title: str
    text: str
    values: tuple[Value, ...] = ()
    collects: tuple[str, ...] = ()
    unconfirmed: bool = False


@dataclass(frozen=True, slots=True)
class Received:
    """What the provider gives back.

    Attributes:
        name: of the field of our update call that it goes into.
        label: the provider's name of it.
        pattern: a regular expression for the whole value, "" for any.
        template: how the value is built; what is in braces is explained in `variables`.
        example: a value that the pattern recognises.
    """

    name: str
    label: str
    pattern: str = ""
    template: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    example: str = ""


@dataclass(frozen=True, slots=True)
class Quirk:
    """A way in which this provider differs: what it does, what Vestibule makes of it, and what is
    left for the administrator; the latter two may be "", though not both."""

    id: str
    text: str
    vestibule: str = ""
    administrator: str = ""
    unconfirmed: bool = False


@dataclass(frozen=True, slots=True)
class ProtocolPreset:
    """One provider over one protocol. `start_parameters` are for `/v1/public/sso/start`."""

    documentation: str
    attribute_mapping: Mapping[str, str]
    receives: tuple[Received, ...]
    steps: tuple[Step, ...]
    quirks: tuple[Quirk, ...] = ()
    nameid_format: str = ""
    custom_scopes: str = ""
    start_parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Preset:
    identity_provider: str
    display_name: str
    description: str
    saml: ProtocolPreset | None
    oidc: ProtocolPreset | None

    @property
    def protocols(self) -> tuple[Protocol, ...]:
        found: list[Protocol] = []
        if self.saml is not None:
            found.append("saml")
        if self.oidc is not None:
            found.append("oidc")
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Setup:
    """The set-up of one connection, with nothing left open.

    Attributes:
        preset: whose steps these are: `generic` where the provider has none for this protocol.
        content: those steps, with the connection's values in them.
        missing: fields that the connection still needs to become active.
    """

    connection_id: str
    protocol: Protocol
    identity_provider: str
    display_name: str
    description: str
    preset: str
    content: ProtocolPreset
    missing: tuple[str, ...]


def setup_of(
    connection: SourceConnection, presets: Mapping[str, Preset], values: Mapping[str, str]
) -> Setup:
    """The steps for this very connection.

    Args:
        presets: by identity provider, `generic` among them.
        values: one for each of the protocol's `PLACEHOLDERS`.
    """
    # A provider that has left the list may still stand on an old connection.
    preset = presets.get(connection.identity_provider, presets[GENERIC])
    content, used = _content(preset, connection), preset
    if content is None:
        used = presets[GENERIC]
        content = _content(used, connection)
    if content is None:
        raise ValueError(f"{GENERIC} has no steps for {connection.kind}")
    return Setup(
        connection_id=connection.connection_id,
        protocol="saml" if isinstance(connection, SamlConnection) else "oidc",
        identity_provider=connection.identity_provider,
        display_name=preset.display_name,
        description=preset.description,
        preset=used.identity_provider,
        content=_filled(content, values),
        missing=missing_parts(connection),
    )


def _content(preset: Preset, connection: SourceConnection) -> ProtocolPreset | None:
    return preset.saml if isinstance(connection, SamlConnection) else preset.oidc


def _filled(content: ProtocolPreset, values: Mapping[str, str]) -> ProtocolPreset:
    def fill(text: str) -> str:
        # In one pass: what a value brings along is never looked at again.
        return _PLACEHOLDER.sub(lambda found: values[found[1]], text)

    return replace(
        content,
        steps=tuple(
            replace(
                step,
                title=fill(step.title),
                text=fill(step.text),
                values=tuple(Value(one.label, fill(one.value)) for one in step.values),
            )
            for step in content.steps
        ),
    )


# --- reading ------------------------------------------------------------------------------------


def read_preset(identity_provider: str, document: Mapping[str, object]) -> Preset:
    """Read one preset, and refuse one that would leave an administrator standing.

    Raises:
        ValueError: with the place; a preset is part of the program, so this is for its authors.
        attribute_mapping_invalid, saml_connection_*_mapping_required: of its mapping.
    """
    table = _Table(identity_provider, document)
    preset = Preset(
        identity_provider,
        display_name=table.text("display_name"),
        description=table.text("description"),
        saml=_read_protocol(table, "saml"),
        oidc=_read_protocol(table, "oidc"),
    )
    table.done()
    if not preset.protocols:
        raise ValueError(f"{identity_provider}: neither saml nor oidc")
    quirks = [q.id for p in (preset.saml, preset.oidc) if p is not None for q in p.quirks]
    if len(set(quirks)) != len(quirks):
        raise ValueError(f"{identity_provider}: two quirks of one name")
    return preset


def _read_protocol(parent: _Table, protocol: Protocol) -> ProtocolPreset | None:
    table = parent.table(protocol)
    if table is None:
        return None
    found = ProtocolPreset(
        documentation=table.text("documentation"),
        attribute_mapping=table.texts("attribute_mapping"),
        receives=tuple(_read_received(one) for one in table.tables("receives")),
        steps=tuple(_read_step(one) for one in table.tables("steps")),
        quirks=tuple(_read_quirk(one) for one in table.tables("quirks")),
        nameid_format=table.text("nameid_format") if protocol == "saml" else "",
        custom_scopes=table.text("custom_scopes") if protocol == "oidc" else "",
        start_parameters=table.texts("start_parameters") if protocol == "oidc" else {},
    )
    table.done()
    _check(found, protocol, table.where)
    return found


def _read_received(table: _Table) -> Received:
    found = Received(
        name=table.text("name"),
        label=table.text("label"),
        pattern=table.text("pattern", ""),
        template=table.text("template", ""),
        variables=table.texts("variables"),
        example=table.text("example", ""),
    )
    table.done()
    named = set(_PLACEHOLDER.findall(found.template))
    if named != found.variables.keys():
        raise ValueError(f"{table.where}: template and variables name different things")
    if found.pattern and not re.fullmatch(found.pattern, found.example):
        raise ValueError(f"{table.where}: the pattern does not recognise the example")
    return found


def _read_step(table: _Table) -> Step:
    values = []
    for one in table.tables("values"):
        values.append(Value(one.text("label"), one.text("value")))
        one.done()
    found = Step(
        title=table.text("title"),
        text=table.text("text"),
        values=tuple(values),
        collects=table.names("collects"),
        unconfirmed=table.flag("unconfirmed"),
    )
    table.done()
    return found


def _read_quirk(table: _Table) -> Quirk:
    found = Quirk(
        id=table.text("id"),
        text=table.text("text"),
        vestibule=table.text("vestibule", ""),
        administrator=table.text("administrator", ""),
        unconfirmed=table.flag("unconfirmed"),
    )
    table.done()
    if not _NAME.fullmatch(found.id):
        raise ValueError(f"{table.where}: {found.id} is no name for a quirk")
    if not found.vestibule and not found.administrator:
        raise ValueError(f"{table.where}: {found.id} has no answer")
    return found


def _check(found: ProtocolPreset, protocol: Protocol, where: str) -> None:
    texts = [t for s in found.steps for t in (s.title, s.text, *(v.value for v in s.values))]
    left = {name for text in texts for name in _PLACEHOLDER.findall(text)}
    strange = left - PLACEHOLDERS[protocol]
    if strange or any(sign in _PLACEHOLDER.sub("", text) for text in texts for sign in "{}"):
        raise ValueError(f"{where}: nobody fills {sorted(strange) or 'a lone brace'}")
    if len(found.steps) < MIN_STEPS:
        raise ValueError(f"{where}: fewer than {MIN_STEPS} steps")
    given = {n for s in found.steps for v in s.values for n in _PLACEHOLDER.findall(v.value)}
    received = [one.name for one in found.receives]
    collected = {name for step in found.steps for name in step.collects}
    if len(set(received)) != len(received) or collected != set(received):
        raise ValueError(f"{where}: the steps collect {sorted(collected)}, not {sorted(received)}")
    if not collected <= _RECEIVABLE[protocol]:
        raise ValueError(
            f"{where}: {sorted(collected - _RECEIVABLE[protocol])} is no field of ours"
        )
    mapping = found.attribute_mapping
    if protocol == "saml":
        check_saml_mapping(mapping)
        if not ({"acs_url", "audience_uri"} <= given or "sp_metadata_url" in given):
            raise ValueError(f"{where}: the provider never learns our ACS URL and entity id")
        if not ("metadata_url" in collected or collected >= _BY_HAND):
            raise ValueError(f"{where}: neither metadata nor entity id, SSO URL and certificate")
    else:
        check_oidc_mapping(mapping)
        if "redirect_url" not in given:
            raise ValueError(f"{where}: the provider never learns our redirect URI")
        if not collected >= _OIDC_NEEDED:
            raise ValueError(f"{where}: {sorted(_OIDC_NEEDED - collected)} is never collected")
    if ("groups" in mapping) == any(q.id.startswith(_NO_GROUPS) for q in found.quirks):
        raise ValueError(f"{where}: map groups, or have a quirk {_NO_GROUPS}… that says why not")
    for name in found.start_parameters:
        bare = name.removeprefix("provider_")
        if bare == name or bare in RESERVED_PARAMETERS:
            raise ValueError(f"{where}: {name} cannot be sent at the start of a login")


class _Table:
    """A table of parsed data that is asked for each key once; what nobody asked for is a slip."""

    def __init__(self, where: str, found: object) -> None:
        if not isinstance(found, Mapping):
            raise ValueError(f"{where}: not a table")
        self.where = where
        self._left: dict[str, object] = dict(found)

    def text(self, key: str, default: str | None = None) -> str:
        found = self._left.pop(key, default)
        if not isinstance(found, str) or (default is None and not found.strip()):
            raise ValueError(f"{self.where}: {key} is missing or no text")
        # Long texts are broken over lines where they are kept.
        return " ".join(found.split())

    def flag(self, key: str) -> bool:
        found = self._left.pop(key, False)
        if not isinstance(found, bool):
            raise ValueError(f"{self.where}: {key} is neither true nor false")
        return found

    def texts(self, key: str) -> dict[str, str]:
        found = self._left.pop(key, {})
        if not isinstance(found, Mapping) or not all(isinstance(v, str) for v in found.values()):
            raise ValueError(f"{self.where}: {key} is no table of texts")
        return dict(found)

    def names(self, key: str) -> tuple[str, ...]:
        found = self._left.pop(key, [])
        if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
            raise ValueError(f"{self.where}: {key} is no list of names")
        return tuple(found)

    def table(self, key: str) -> _Table | None:
        found = self._left.pop(key, None)
        return None if found is None else _Table(f"{self.where}.{key}", found)

    def tables(self, key: str) -> Sequence[_Table]:
        found = self._left.pop(key, [])
        if not isinstance(found, list):
            raise ValueError(f"{self.where}: {key} is no list")
        return [_Table(f"{self.where}.{key}[{i}]", one) for i, one in enumerate(found)]

    def done(self) -> None:
        if self._left:
            raise ValueError(f"{self.where}: nobody knows {', '.join(sorted(self._left))}")
