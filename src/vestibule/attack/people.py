"""Steps with a true signature about a person: look-alikes, old sign-ins, and honest logins."""

from __future__ import annotations

from vestibule.attack.client import Answer
from vestibule.attack.live import Door
from vestibule.attack.scene import ALICE, finish
from vestibule.attack.stage import (
    BINDINGS,
    EXTERNAL,
    PROFILES,
    SEQUENCES,
    UNSOLICITED,
    Sequence,
    Stage,
    Steps,
    sequence,
)

# --- how somebody signed in -------------------------------------------------------------------

AUTHENTICATION = "How somebody signed in"


@sequence(
    AUTHENTICATION,
    "a fresh sign-in is asked for (ForceAuthn), the answer tells of one an hour ago",
    "SAML Core §3.4.1",
    "saml_authn_too_old",
)
def _an_old_sign_in_where_a_fresh_one_was_asked(on: Stage) -> tuple[Answer, Door]:
    door = on.live.make_door(on.live.make_organization(), force_authn=True)
    login = on.live.begin(door.connection_id)
    scene = on.live.scene(door, login.request)
    old = scene.response().replace(scene.stamp(-1), scene.stamp(-60))
    return on.live.post(door, finish(scene.sign(old)).encode(), login), door


@sequence(
    AUTHENTICATION,
    "a second factor is asked for (RequestedAuthnContext), the answer tells of a password",
    "SAML Core §3.3.2.2.1",
    "saml_authn_context_mismatch",
)
def _a_password_where_a_second_factor_was_asked(on: Stage) -> tuple[Answer, Door]:
    door = on.live.make_door(
        on.live.make_organization(),
        requested_authn_context=["urn:oasis:names:tc:SAML:2.0:ac:classes:TimeSyncToken"],
    )
    login = on.live.begin(door.connection_id)
    _, response = on.answer(door, login)
    return on.live.post(door, response, login), door


# --- who is asserted --------------------------------------------------------------------------

LOOK_ALIKES = "Look-alike and double addresses"
ADDRESSES = {
    "no-break-space-behind": "alice@corp.example\u00a0",
    "zero-width-space": "al\u200bice@corp.example",
    "full-width-at": "alice\uff20corp.example",
    "cyrillic-domain": "alice@c\u043erp.example",
    "cyrillic-name": "\u0430lice@corp.example",
    "dotless-i": "al\u0131ce@corp.example",
    "two-at-signs": "alice@corp.example@evil.example",
    "a-list": "alice@corp.example,mallory@evil.example",
    "display-name": "Alice &lt;alice@corp.example&gt;",
    "comment": "alice(x)@corp.example",
    "quoted": "&quot;alice@corp.example&quot;@evil.example",
    "line-break-inside": "alice@corp.example\nmallory@evil.example",
    "empty": "",
}


def _address(values: list[str]) -> Steps:
    def run(on: Stage) -> tuple[Answer, Door]:
        login = on.live.begin(on.here.connection_id)
        scene = on.live.scene(on.here, login.request)
        assertion = scene.assertion(name_id="mallory", attributes={"email": values})
        return on.live.post(
            on.here, finish(scene.sign(scene.response(assertion))).encode(), login
        ), on.here

    return run


def _an_address_that_is_taken(on: Stage) -> tuple[Answer, Door]:
    login = on.live.begin(on.here.connection_id)
    on.live.post(on.here, on.answer(on.here, login)[1], login)
    return _address([ALICE])(on)


SEQUENCES += [
    Sequence(
        LOOK_ALIKES,
        name,
        "a true signature over an address that somebody may take for Alice's",
        "docs/guides/attribute-mapping.md",
        _address([value]),
        ("saml_response_email_invalid",),
    )
    for name, value in ADDRESSES.items()
]
SEQUENCES += [
    Sequence(
        LOOK_ALIKES,
        "two-addresses",
        "two addresses for one person: nobody may choose",
        "docs/guides/attribute-mapping.md",
        _address([ALICE, "mallory@evil.example"]),
        ("saml_response_email_invalid",),
    ),
    Sequence(
        LOOK_ALIKES,
        "the-address-of-a-member-under-another-name-id",
        "the address is Alice's, the NameID is not: she keeps her registration",
        "SAML Core §8.3",
        _an_address_that_is_taken,
        ("duplicate_member_email",),
    ),
]


# --- and the honest ones ----------------------------------------------------------------------

HONEST = "Logins in several steps"


@sequence(HONEST, "two logins of one browser end in any order", PROFILES)
def _two_tabs_end_in_reverse_order(on: Stage) -> tuple[Answer, Door]:
    first, second = (on.live.begin(on.here.connection_id) for _ in range(2))
    both = f"{first.cookie}; {second.cookie}"
    _, later = on.answer(on.here, second)
    on.live.post(on.here, later, second, cookie=both)
    _, response = on.answer(on.here, first)
    return on.live.post(on.here, response, first, cookie=both), on.here


@sequence(HONEST, "unsolicited, into the organization that owns the connection", UNSOLICITED)
def _started_at_the_provider(on: Stage) -> tuple[Answer, Door]:
    _, response = on.answer(on.here, None)
    return on.live.post(on.here, response, None), on.here


@sequence(
    HONEST, "unsolicited, with a RelayState of the provider's own that leads nowhere", BINDINGS
)
def _a_relay_state_of_the_providers_own(on: Stage) -> tuple[Answer, Door]:
    _, response = on.answer(on.here, None)
    state = "https://evil.example/after"
    return on.live.post(on.here, response, None, relay_state=state), on.here


@sequence(HONEST, "an External login, into the organization that began it", EXTERNAL)
def _through_an_external_connection(on: Stage) -> tuple[Answer, Door]:
    login = on.live.begin(on.external.connection_id)
    _, response = on.answer(on.here, login)
    return on.live.post(on.here, response, login), on.external


@sequence(
    HONEST, "the same address asserted elsewhere is another member, in that organization", EXTERNAL
)
def _the_same_address_in_another_organization(on: Stage) -> tuple[Answer, Door]:
    login = on.live.begin(on.elsewhere.connection_id)
    _, response = on.answer(on.elsewhere, login, key="idp-next")
    return on.live.post(on.elsewhere, response, login), on.elsewhere
