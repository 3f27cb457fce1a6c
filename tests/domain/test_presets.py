"""What makes a preset complete, how it is filled in, and that each of ours is."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from vestibule.domain.attributes import Statement, map_statement
from vestibule.domain.connections import (
    OidcChanges,
    OidcConnection,
    SamlChanges,
    SamlConnection,
    StoredCertificate,
    missing_parts,
    update_oidc,
    update_saml,
    with_certificate,
)
from vestibule.domain.presets import (
    PLACEHOLDERS,
    Preset,
    ProtocolPreset,
    read_preset,
    setup_of,
)
from vestibule.protocols.oidc import requested_scopes
from vestibule.services.presets import all_presets

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SAML = SamlConnection("saml-connection-test-1", "organization-test-1", NOW, NOW)
OIDC = OidcConnection("oidc-connection-test-1", "organization-test-1", NOW, NOW)
VALUES = {
    "acs_url": "https://sso.example/callback/1",
    "audience_uri": "https://sso.example/entity/1",
    "sp_metadata_url": "https://sso.example/metadata/1",
    "redirect_url": "https://sso.example/redirect/1",
    "base_url": "https://sso.example",
    "organization_name": "Harbour {acs_url} Group",
    "connection_id": "connection-1",
}
EACH = [
    pytest.param(preset, content, id=f"{preset.identity_provider}-{name}")
    for preset in all_presets().values()
    for name, content in (("saml", preset.saml), ("oidc", preset.oidc))
    if content is not None
]
# Custom apps of Rippling speak SAML only.
SAML_ONLY = {"rippling"}


def document() -> dict[str, Any]:
    """A preset with all that it needs and nothing more."""
    return {
        "display_name": "Acme",
        "description": "An identity provider.",
        "saml": {
            "documentation": "https://acme.example/docs",
            "nameid_format": "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
            "attribute_mapping": {"email": "NameID", "full_name": "name", "groups": "groups"},
            "receives": [
                {
                    "name": "metadata_url",
                    "label": "Metadata",
                    "template": "https://{tenant}.acme.example/metadata",
                    "variables": {"tenant": "of the account"},
                    "pattern": r"https://\w+\.acme\.example/metadata",
                    "example": "https://harbour.acme.example/metadata",
                }
            ],
            "steps": [
                {"title": "Create", "text": "Create an app for {organization_name}."},
                {
                    "title": "Fill in",
                    "text": "Two\n   fields.",
                    "values": [
                        {"label": "ACS", "value": "{acs_url}"},
                        {"label": "Audience", "value": "{audience_uri}"},
                    ],
                },
                {"title": "Copy", "text": "Copy it.", "collects": ["metadata_url"]},
            ],
            "quirks": [{"id": "odd", "text": "It is odd.", "vestibule": "Bears it."}],
        },
        "oidc": {
            "documentation": "https://acme.example/docs",
            "custom_scopes": "openid email",
            "attribute_mapping": {"groups": "groups"},
            "receives": [
                {"name": name, "label": name} for name in ("issuer", "client_id", "client_secret")
            ],
            "steps": [
                {"title": "Create", "text": "Create a client."},
                {
                    "title": "Fill in",
                    "text": "One field.",
                    "values": [{"label": "Redirect", "value": "{redirect_url}"}],
                },
                {
                    "title": "Copy",
                    "text": "Copy them.",
                    "collects": ["issuer", "client_id", "client_secret"],
                },
            ],
        },
    }


def without(*path: str | int) -> Callable[[Any], None]:
    def change(found: Any) -> None:
        for key in path[:-1]:
            found = found[key]
        del found[path[-1]]

    return change


def with_(value: object, *path: str | int) -> Callable[[Any], None]:
    def change(found: Any) -> None:
        for key in path[:-1]:
            found = found[key]
        found[path[-1]] = value

    return change


# --- what makes one complete --------------------------------------------------------------------


def test_a_complete_preset_is_read() -> None:
    preset = read_preset("acme", document())
    assert preset.protocols == ("saml", "oidc")
    assert preset.saml is not None
    assert preset.saml.steps[1].text == "Two fields."
    alone = document()
    del alone["oidc"]
    assert read_preset("acme", alone).protocols == ("saml",)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (without("display_name"), "display_name"),
        (with_("  ", "description"), "description"),
        (with_("x", "colour"), "nobody knows colour"),
        (with_("x", "saml", "custom_scopes"), "nobody knows custom_scopes"),
        (with_("x", "saml", "steps", 0, "txet"), "nobody knows txet"),
        (with_([], "saml"), "not a table"),
        (without("saml", "nameid_format"), "nameid_format"),
        (without("oidc", "custom_scopes"), "custom_scopes"),
        (without("saml", "steps", 0), "fewer than 3 steps"),
        (with_("Of {tenant}.", "saml", "steps", 0, "text"), "nobody fills"),
        (with_("{redirect_url}", "saml", "steps", 0, "title"), "nobody fills"),
        (with_("{acs_url}", "oidc", "steps", 0, "title"), "nobody fills"),
        (with_("a { b", "saml", "steps", 0, "text"), "lone brace"),
        (with_("{}", "saml", "steps", 0, "text"), "nobody fills"),
        (without("saml", "steps", 1, "values", 0), "ACS URL"),
        (without("oidc", "steps", 1, "values", 0), "redirect URI"),
        (with_([], "saml", "steps", 2, "collects"), "the steps collect"),
        (with_(["metadata_url"], "saml", "steps", 2, "values"), "not a table"),
        (with_("colour", "saml", "receives", 0, "name"), "the steps collect"),
        (with_({}, "saml", "receives", 0, "variables"), "template and variables"),
        (with_("https://x.example/", "saml", "receives", 0, "example"), "does not recognise"),
        (without("saml", "attribute_mapping", "groups"), "map groups"),
        (with_("no_groups_here", "saml", "quirks", 0, "id"), "map groups"),
        (with_("Odd!", "saml", "quirks", 0, "id"), "no name for a quirk"),
        (without("saml", "quirks", 0, "vestibule"), "has no answer"),
        (with_("yes", "saml", "quirks", 0, "unconfirmed"), "neither true nor false"),
        (with_({"access_type": "offline"}, "oidc", "start_parameters"), "cannot be sent"),
        (with_({"provider_state": "x"}, "oidc", "start_parameters"), "cannot be sent"),
        (with_({"groups": ["a"]}, "oidc", "attribute_mapping"), "no table of texts"),
        (with_("issuer", "oidc", "steps", 2, "collects"), "no list of names"),
        (with_({}, "oidc", "steps"), "no list"),
    ],
)
def test_an_incomplete_preset_is_refused(change: Callable[[Any], None], said: str) -> None:
    found = document()
    change(found)
    with pytest.raises(ValueError, match=re.escape(said)):
        read_preset("acme", found)


def test_a_field_that_no_update_takes_is_refused() -> None:
    found = document()
    found["saml"]["receives"][0]["name"] = "issuer"
    found["saml"]["steps"][2]["collects"] = ["issuer"]
    with pytest.raises(ValueError, match="no field of ours"):
        read_preset("acme", found)


def test_saml_needs_metadata_or_all_three_parts() -> None:
    found = document()
    parts = ["idp_entity_id", "idp_sso_url", "x509_certificate"]
    found["saml"]["receives"] = [{"name": name, "label": name} for name in parts]
    found["saml"]["steps"][2]["collects"] = parts
    assert read_preset("acme", copy.deepcopy(found)).saml is not None
    found["saml"]["receives"].pop()
    found["saml"]["steps"][2]["collects"] = parts[:-1]
    with pytest.raises(ValueError, match="neither metadata nor"):
        read_preset("acme", found)


def test_oidc_needs_issuer_and_client() -> None:
    found = document()
    found["oidc"]["receives"].pop()
    found["oidc"]["steps"][2]["collects"] = ["issuer", "client_id"]
    with pytest.raises(ValueError, match="client_secret"):
        read_preset("acme", found)


def test_two_quirks_of_one_name_are_refused() -> None:
    found = document()
    found["oidc"]["quirks"] = copy.deepcopy(found["saml"]["quirks"])
    with pytest.raises(ValueError, match="two quirks"):
        read_preset("acme", found)


def test_a_preset_without_a_protocol_is_refused() -> None:
    found = document()
    del found["saml"], found["oidc"]
    with pytest.raises(ValueError, match="neither saml nor oidc"):
        read_preset("acme", found)


# --- filling in ---------------------------------------------------------------------------------


@pytest.mark.parametrize("connection", [SAML, OIDC], ids=["saml", "oidc"])
@pytest.mark.parametrize("name", all_presets())
def test_a_set_up_leaves_nothing_open(name: str, connection: SamlConnection) -> None:
    values = {key: VALUES[key] for key in PLACEHOLDERS[connection.kind]}
    values["organization_name"] = "Harbour Group"
    setup = setup_of(replace(connection, identity_provider=name), all_presets(), values)
    assert (setup.identity_provider, setup.protocol) == (name, connection.kind)
    for step in setup.content.steps:
        for text in (step.title, step.text, *(one.value for one in step.values)):
            assert not re.search("[{}]", text)
    given = {one.value for step in setup.content.steps for one in step.values}
    if connection.kind == "oidc":
        assert VALUES["redirect_url"] in given
    else:
        assert given & {VALUES["acs_url"], VALUES["sp_metadata_url"]}
    assert setup.missing == missing_parts(connection)


def test_a_name_with_braces_is_not_filled_again() -> None:
    presets = {"generic": read_preset("generic", document())}
    setup = setup_of(SAML, presets, VALUES)
    assert setup.content.steps[0].text == "Create an app for Harbour {acs_url} Group."


def test_another_protocol_takes_the_generic_steps() -> None:
    found = document()
    del found["oidc"]
    presets = {"generic": read_preset("generic", document()), "okta": read_preset("okta", found)}
    setup = setup_of(replace(OIDC, identity_provider="okta"), presets, VALUES)
    assert (setup.identity_provider, setup.preset, setup.protocol) == ("okta", "generic", "oidc")
    direct = setup_of(replace(SAML, identity_provider="okta"), presets, VALUES)
    assert direct.preset == "okta"
    with pytest.raises(ValueError, match="has no steps for oidc"):
        setup_of(
            replace(OIDC, identity_provider="okta"), {**presets, "generic": presets["okta"]}, VALUES
        )


def test_a_provider_that_is_no_longer_known_takes_the_generic_preset() -> None:
    presets = {"generic": read_preset("generic", document())}
    setup = setup_of(replace(SAML, identity_provider="bygone"), presets, VALUES)
    assert (setup.identity_provider, setup.preset) == ("bygone", "generic")


def test_what_is_missing_is_what_keeps_a_connection_pending() -> None:
    """The list agrees with the rule that activates: nothing missing, active; anything, pending."""
    certificate = StoredCertificate("c", "PEM", "CN=acme", NOW, NOW)
    saml = with_certificate(SAML, certificate)
    for changes in (
        SamlChanges(idp_entity_id="urn:acme"),
        SamlChanges(idp_sso_url="https://acme.example/sso"),
        SamlChanges(attribute_mapping={"email": "NameID", "full_name": "name"}),
    ):
        assert saml.status == "pending"
        assert missing_parts(saml)
        saml = update_saml(saml, changes, insecure_http=False, now=NOW)
    assert (saml.status, missing_parts(saml)) == ("active", ())
    assert missing_parts(replace(saml, verification_certificates=())) == ("x509_certificate",)
    oidc = OIDC
    for name in missing_parts(OIDC):
        assert oidc.status == "pending"
        assert name in missing_parts(oidc)
        value = "x" if name.startswith("client_") else f"https://acme.example/{name}"
        oidc = update_oidc(oidc, OidcChanges(**{name: value}), insecure_http=False, now=NOW)
    assert (oidc.status, missing_parts(oidc)) == ("active", ())
    by_key = OidcChanges(token_endpoint_auth_method="private_key_jwt", client_secret="")
    oidc = update_oidc(oidc, by_key, insecure_http=False, now=NOW)
    assert (oidc.status, missing_parts(oidc)) == ("active", ())


# --- ours ---------------------------------------------------------------------------------------


def test_each_has_saml_and_all_but_one_have_oidc() -> None:
    for name, preset in all_presets().items():
        assert preset.saml is not None
        assert (preset.oidc is None) == (name in SAML_ONLY)


@pytest.mark.parametrize(("preset", "content"), EACH)
def test_ours_are_written_in_full_sentences(preset: Preset, content: ProtocolPreset) -> None:
    assert preset.description.endswith(".")
    for step in content.steps:
        assert step.text.endswith(".")
        assert not step.title.endswith(".")
    assert content.quirks
    for quirk in content.quirks:
        for text in (quirk.text, quirk.vestibule, quirk.administrator):
            assert not text or text.endswith(".")
            assert "](" not in text
    assert content.documentation.startswith(("https://", "http://docs.oasis-open.org/"))


@pytest.mark.parametrize(("preset", "content"), EACH)
def test_ours_can_be_asked_for(preset: Preset, content: ProtocolPreset) -> None:
    """Suggested scopes and mapping pass the checks of an update, and none is changed by them."""
    if content is preset.oidc:
        assert " ".join(requested_scopes(content.custom_scopes, "")) == content.custom_scopes
        changed = update_oidc(
            OIDC,
            OidcChanges(
                attribute_mapping=content.attribute_mapping, custom_scopes=content.custom_scopes
            ),
            insecure_http=False,
            now=NOW,
        )
        assert changed.attribute_mapping == content.attribute_mapping
        return
    assert content.nameid_format.startswith("urn:oasis:names:tc:SAML:")
    saml = update_saml(
        SAML, SamlChanges(attribute_mapping=content.attribute_mapping), insecure_http=False, now=NOW
    )
    assert saml.attribute_mapping == content.attribute_mapping


@pytest.mark.parametrize("preset", all_presets().values(), ids=lambda p: p.identity_provider)
def test_attributes_that_a_step_makes_up_are_those_that_the_mapping_reads(preset: Preset) -> None:
    """One name in the steps and another in the mapping would be found at the first login only."""
    assert preset.saml is not None
    texts = [text for s in preset.saml.steps for v in s.values for text in (v.label, v.value)]
    said = " ".join([*texts, *(step.text for step in preset.saml.steps)])
    for source in preset.saml.attribute_mapping.values():
        name = source.removeprefix("= ").partition(" ")[0]
        if name in {"email", "firstName", "lastName", "groups", "role", "id"}:
            assert re.search(rf"\b{name}\b", said), name


@pytest.mark.parametrize(("preset", "content"), EACH)
def test_patterns_mean_the_same_in_a_form(preset: Preset, content: ProtocolPreset) -> None:
    """A browser reads the `pattern` of a field in unicode sets mode: there a sign of syntax in a
    class has to be escaped, or the whole pattern is passed over without a word."""
    assert preset.display_name
    for one in content.receives:
        for within in re.findall(r"\[\^?((?:\\.|[^\]\\])*)\]", one.pattern):
            plain = re.sub(r"\\.|\w-\w", "", within)
            assert not set(plain) & set("()[]{}/-|"), one.pattern


def test_groups_of_one_text_are_split() -> None:
    """OneLogin joins them with semicolons; sent one by one they stay as they are."""
    onelogin = all_presets()["onelogin"].saml
    assert onelogin is not None
    for groups in ("Sales;Support", ["Sales", "Support"]):
        statement = Statement(
            "saml",
            "ada",
            {"email": "ada@acme.example", "firstName": "Ada", "lastName": "L", "groups": groups},
        )
        assert map_statement(onelogin.attribute_mapping, statement).groups == ("Sales", "Support")
