"""Used twice, in another browser, or in a form of another shape: steps of attacks on one login."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from urllib.parse import urlencode, urlsplit

from vestibule.attack.client import Answer
from vestibule.attack.live import Door
from vestibule.attack.scene import finish
from vestibule.attack.stage import BINDINGS, PROFILES, UNSOLICITED, Stage, sequence

# --- replay -----------------------------------------------------------------------------------

REPLAY = "Replay"


@sequence(REPLAY, "the same form once more, in the same browser", PROFILES, "saml_unsolicited")
def _a_response_a_second_time(on: Stage) -> tuple[Answer, Door]:
    login = on.live.begin(on.here.connection_id)
    _, response = on.answer(on.here, login)
    on.live.post(on.here, response, login)
    return on.live.post(on.here, response, login), on.here


@sequence(REPLAY, "an old response in a new login", PROFILES, "saml_request_mismatch")
def _a_response_in_a_new_login(on: Stage) -> tuple[Answer, Door]:
    login = on.live.begin(on.here.connection_id)
    _, response = on.answer(on.here, login)
    on.live.post(on.here, response, login)
    return on.live.post(on.here, response, on.live.begin(on.here.connection_id)), on.here


@sequence(REPLAY, "an unsolicited response a second time", UNSOLICITED, "saml_replayed")
def _an_unsolicited_response_a_second_time(on: Stage) -> tuple[Answer, Door]:
    _, response = on.answer(on.here, None)
    on.live.post(on.here, response, None)
    return on.live.post(on.here, response, None), on.here


@sequence(REPLAY, "its signed assertion in a new envelope", UNSOLICITED, "saml_replayed")
def _an_unsolicited_assertion_in_a_new_envelope(on: Stage) -> tuple[Answer, Door]:
    scene, response = on.answer(on.here, None)
    on.live.post(on.here, response, None)
    other = response.replace(scene.response_id.encode(), b"_another-envelope")
    return on.live.post(on.here, other, None), on.here


@sequence(
    REPLAY,
    "the assertion of a finished login, stripped of its envelope's InResponseTo",
    UNSOLICITED,
    "saml_unsolicited",
    "saml_request_mismatch",
)
def _a_used_assertion_as_an_unsolicited_one(on: Stage) -> tuple[Answer, Door]:
    login = on.live.begin(on.here.connection_id)
    scene = on.live.scene(on.here, login.request)
    response = finish(scene.sign(scene.response(in_response_to=None))).encode()
    on.live.post(on.here, response, login)
    return on.live.post(on.here, response, None), on.here


@sequence(
    REPLAY,
    "a login whose first answer was refused takes no second one",
    PROFILES,
    "saml_unsolicited",
)
def _a_second_try_after_a_refusal(on: Stage) -> tuple[Answer, Door]:
    login = on.live.begin(on.here.connection_id)
    _, forged = on.answer(on.here, login, key="attacker")
    on.live.post(on.here, forged, login)
    _, response = on.answer(on.here, login)
    return on.live.post(on.here, response, login), on.here


@sequence(
    REPLAY, "the one-time token exchanged twice", "SAML Profiles §4.1.4.5", "sso_token_not_found"
)
def _a_token_a_second_time(on: Stage) -> tuple[Answer, Door]:
    login = on.live.begin(on.here.connection_id)
    _, response = on.answer(on.here, login)
    token = on.live.token_in(on.live.post(on.here, response, login)) or ""
    on.live.exchange(token, on.here.connection_id)
    return on.live.exchange(token, on.here.connection_id)[0], on.here


# --- another browser --------------------------------------------------------------------------

BROWSER = "Another browser, another login"


@sequence(
    BROWSER,
    "a stolen response and RelayState in a browser that began nothing",
    BINDINGS,
    "saml_csrf_cookie_missing",
)
def _no_cookie(on: Stage) -> tuple[Answer, Door]:
    login = on.live.begin(on.here.connection_id)
    _, response = on.answer(on.here, login)
    return on.live.post(on.here, response, replace(login, cookie="")), on.here


@sequence(
    BROWSER,
    "the same in a browser that began a login of its own",
    BINDINGS,
    "saml_csrf_cookie_mismatch",
)
def _the_cookie_of_another_login(on: Stage) -> tuple[Answer, Door]:
    login, other = (on.live.begin(on.here.connection_id) for _ in range(2))
    _, response = on.answer(on.here, login)
    return on.live.post(on.here, response, login, cookie=other.cookie), on.here


@sequence(
    BROWSER,
    "the victim's response with the attacker's RelayState",
    PROFILES,
    "saml_request_mismatch",
    "saml_relay_state_mismatch",
)
def _the_relay_state_of_another_login(on: Stage) -> tuple[Answer, Door]:
    login, other = (on.live.begin(on.here.connection_id) for _ in range(2))
    _, response = on.answer(on.here, login)
    return on.live.post(on.here, response, other), on.here


@sequence(
    BROWSER,
    "an answer to a request, and no RelayState",
    BINDINGS,
    "saml_unsolicited",
)
def _no_relay_state(on: Stage) -> tuple[Answer, Door]:
    login = on.live.begin(on.here.connection_id)
    _, response = on.answer(on.here, login)
    return on.live.post(on.here, response, None, cookie=login.cookie), on.here


@sequence(
    BROWSER,
    "a RelayState that nobody gave out",
    BINDINGS,
    "saml_unsolicited",
)
def _an_unknown_relay_state(on: Stage) -> tuple[Answer, Door]:
    login = on.live.begin(on.here.connection_id)
    _, response = on.answer(on.here, login)
    return on.live.post(on.here, response, login, relay_state="x" * 43), on.here


# --- the form ---------------------------------------------------------------------------------

FORM_OF_POST = "The form and the way it comes"


@sequence(FORM_OF_POST, "two SAMLResponse fields, the forged one first", BINDINGS, "bad_request")
def _two_responses_forged_first(on: Stage) -> tuple[Answer, Door]:
    return _two_responses(on, ("attacker", "idp"))


@sequence(FORM_OF_POST, "two SAMLResponse fields, the forged one last", BINDINGS, "bad_request")
def _two_responses_forged_last(on: Stage) -> tuple[Answer, Door]:
    return _two_responses(on, ("idp", "attacker"))


def _two_responses(on: Stage, keys: tuple[str, str]) -> tuple[Answer, Door]:
    login = on.live.begin(on.here.connection_id)
    fields = [
        ("SAMLResponse", b64encode(on.answer(on.here, login, key=key)[1]).decode()) for key in keys
    ]
    body = urlencode([*fields, ("RelayState", login.relay_state)]).encode()
    return on.live.submit(on.here, body, cookie=login.cookie), on.here


@sequence(FORM_OF_POST, "two RelayState fields", BINDINGS, "bad_request")
def _two_relay_states(on: Stage) -> tuple[Answer, Door]:
    login, other = (on.live.begin(on.here.connection_id) for _ in range(2))
    response = b64encode(on.answer(on.here, login)[1]).decode()
    states = [("RelayState", state) for state in (other.relay_state, login.relay_state)]
    body = urlencode([("SAMLResponse", response), *states]).encode()
    return on.live.submit(on.here, body, cookie=login.cookie), on.here


@sequence(FORM_OF_POST, "a multipart form", BINDINGS, "saml_response_missing")
def _a_multipart_form(on: Stage) -> tuple[Answer, Door]:
    login = on.live.begin(on.here.connection_id)
    fields = {
        "SAMLResponse": b64encode(on.answer(on.here, login)[1]).decode(),
        "RelayState": login.relay_state,
    }
    parts = "".join(
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    body = f"{parts}--x--\r\n".encode()
    kind = "multipart/form-data; boundary=x"
    return on.live.submit(on.here, body, cookie=login.cookie, kind=kind), on.here


@sequence(
    FORM_OF_POST,
    "a signed response by GET, where no form is",
    BINDINGS,
    "oidc_state_missing",
    "oidc_state_unknown",
    "saml_response_missing",
)
def _a_response_in_the_query(on: Stage) -> tuple[Answer, Door]:
    login = on.live.begin(on.here.connection_id)
    query = urlencode(
        {
            "SAMLResponse": b64encode(on.answer(on.here, login)[1]).decode(),
            "RelayState": login.relay_state,
        }
    )
    headers = {"cookie": login.cookie, "accept": "application/json"}
    path = f"{urlsplit(on.here.acs).path}?{query}"
    return on.live.client.send("GET", path, headers=headers), on.here


# --- started at the identity provider ---------------------------------------------------------

AT_THE_IDP = "Started at the identity provider"


@sequence(
    AT_THE_IDP,
    "the connection has it switched off",
    UNSOLICITED,
    "saml_idp_initiated_auth_disabled",
)
def _where_it_is_switched_off(on: Stage) -> tuple[Answer, Door]:
    door = on.live.make_door(on.live.make_organization(), idp_initiated_auth_disabled=True)
    _, response = on.answer(door, None)
    return on.live.post(door, response, None), door


@sequence(
    AT_THE_IDP,
    "unsolicited, in a browser that holds an open login of this connection",
    UNSOLICITED,
    "saml_request_mismatch",
)
def _in_an_open_login(on: Stage) -> tuple[Answer, Door]:
    login = on.live.begin(on.here.connection_id)
    _, response = on.answer(on.here, None)
    return on.live.post(on.here, response, login), on.here


@sequence(
    AT_THE_IDP,
    "unsolicited, and signed by nobody we know",
    UNSOLICITED,
    "saml_signature_invalid",
)
def _signed_by_the_attacker(on: Stage) -> tuple[Answer, Door]:
    _, response = on.answer(on.here, None, key="attacker")
    return on.live.post(on.here, response, None), on.here
