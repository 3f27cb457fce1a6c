"""The API of presets: which identity providers we know, and the set-up of a connection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from vestibule.domain.presets import Setup
from vestibule.services import presets
from vestibule.web.api.registry import Call, Nothing, Response, operation


class PresetDocument(msgspec.Struct):
    identity_provider: str
    display_name: str
    description: str
    protocols: Sequence[str]


class Presets(Response):
    presets: list[PresetDocument]


class SetupValue(msgspec.Struct):
    label: str
    value: str


class SetupStep(msgspec.Struct):
    title: str
    text: str
    values: list[SetupValue]
    collects: Sequence[str]
    unconfirmed: bool


class SetupReceived(msgspec.Struct):
    name: str
    label: str
    pattern: str
    template: str
    variables: Mapping[str, str]
    example: str


class SetupQuirk(msgspec.Struct):
    id: str
    text: str
    vestibule: str
    administrator: str
    unconfirmed: bool


class SetupSuggestion(msgspec.Struct):
    attribute_mapping: Mapping[str, str]
    nameid_format: str
    custom_scopes: str
    start_parameters: Mapping[str, str]


class ConnectionSetup(Response):
    connection_id: str
    protocol: str
    identity_provider: str
    display_name: str
    description: str
    documentation: str
    preset: str
    steps: list[SetupStep]
    receives: list[SetupReceived]
    suggested: SetupSuggestion
    quirks: list[SetupQuirk]
    missing: Sequence[str]


@operation(
    "sso.get_presets", "GET", "/v1/b2b/presets", "List the identity providers with a preset",
    extension=True,
)  # fmt: skip
async def get_presets(_: Call, __: Nothing) -> Presets:
    """The values of `identity_provider` on a connection, with a name to show and the protocols that
    we have set-up steps for. For another protocol the steps of `generic` stand in."""
    return Presets(
        presets=[
            PresetDocument(p.identity_provider, p.display_name, p.description, p.protocols)
            for p in presets.all_presets().values()
        ]
    )


@operation(
    "sso.get_setup", "GET", "/v1/b2b/sso/{organization_id}/connections/{connection_id}/setup",
    "Get the set-up steps of a connection",
    rule="sso.get_connections", extension=True,
)  # fmt: skip
async def get_setup(call: Call, _: Nothing) -> ConnectionSetup:
    """What to do at the identity provider of a SAML or OIDC connection, in that provider's own
    order and words, with this connection's values filled in. `receives` says what comes back from
    there and into which field of the connection it goes; `suggested` is what to set on the
    connection, which nobody does by himself; `missing` is what it still needs to become active."""
    path = call.path
    found = await presets.setup(call.rt, call.actor, path["organization_id"], path["connection_id"])
    return _document(found)


def _document(found: Setup) -> ConnectionSetup:
    content = found.content
    return ConnectionSetup(
        connection_id=found.connection_id,
        protocol=found.protocol,
        identity_provider=found.identity_provider,
        display_name=found.display_name,
        description=found.description,
        documentation=content.documentation,
        preset=found.preset,
        steps=[
            SetupStep(
                step.title,
                step.text,
                [SetupValue(one.label, one.value) for one in step.values],
                step.collects,
                step.unconfirmed,
            )
            for step in content.steps
        ],
        receives=[
            SetupReceived(r.name, r.label, r.pattern, r.template, r.variables, r.example)
            for r in content.receives
        ],
        suggested=SetupSuggestion(
            content.attribute_mapping,
            content.nameid_format,
            content.custom_scopes,
            content.start_parameters,
        ),
        quirks=[
            SetupQuirk(q.id, q.text, q.vestibule, q.administrator, q.unconfirmed)
            for q in content.quirks
        ],
        missing=found.missing,
    )
