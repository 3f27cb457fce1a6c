"""Steps of attacks that cross a border: another connection, another organization, a door or a
certificate that went away meanwhile."""

from __future__ import annotations

from dataclasses import replace

from vestibule.attack.client import Answer
from vestibule.attack.live import OTHER_IDP, Door
from vestibule.attack.scene import finish
from vestibule.attack.stage import EXTERNAL, PROFILES, UNSOLICITED, Stage, sequence

# --- another connection -----------------------------------------------------------------------

CONNECTION = "Another connection of the organization"


@sequence(
    CONNECTION,
    "the response and the login of one connection, at the other's ACS URL",
    PROFILES,
    "saml_request_mismatch",
)
def _a_login_posted_to_the_other_acs(on: Stage) -> tuple[Answer, Door]:
    login = on.live.begin(on.here.connection_id)
    _, response = on.answer(on.here, login)
    return on.live.post(on.beside, response, login), on.beside


@sequence(
    CONNECTION,
    "the response of one connection, in a login of the other; one provider serves both",
    PROFILES,
    "saml_destination_mismatch",
    "saml_request_mismatch",
)
def _a_response_in_a_login_of_the_other(on: Stage) -> tuple[Answer, Door]:
    _, response = on.answer(on.here, on.live.begin(on.here.connection_id))
    login = on.live.begin(on.beside.connection_id)
    return on.live.post(on.beside, response, login), on.beside


@sequence(
    CONNECTION,
    "made for one connection, with the request of the other's login",
    PROFILES,
    "saml_destination_mismatch",
)
def _a_response_that_answers_the_others_request(on: Stage) -> tuple[Answer, Door]:
    login = on.live.begin(on.beside.connection_id)
    _, response = on.answer(on.here, login)
    return on.live.post(on.beside, response, login), on.beside


@sequence(
    CONNECTION,
    "recipient and destination fit, the audience is the other connection",
    PROFILES,
    "saml_audience_mismatch",
)
def _only_the_audience_is_another(on: Stage) -> tuple[Answer, Door]:
    login = on.live.begin(on.beside.connection_id)
    _, response = on.answer(on.beside, login, sp=on.here.acs)
    return on.live.post(on.beside, response, login), on.beside


@sequence(
    CONNECTION,
    "audience and destination fit, the recipient is the other connection",
    PROFILES,
    "saml_recipient_mismatch",
)
def _only_the_recipient_is_another(on: Stage) -> tuple[Answer, Door]:
    login = on.live.begin(on.beside.connection_id)
    scene = on.live.scene(on.beside, login.request)
    assertion = scene.assertion(recipient=on.here.acs)
    response = finish(scene.sign(scene.response(assertion))).encode()
    return on.live.post(on.beside, response, login), on.beside


@sequence(
    CONNECTION,
    "the other provider of the organization signs under this one's name",
    PROFILES,
    "saml_signature_invalid",
)
def _the_other_provider_takes_this_name(on: Stage) -> tuple[Answer, Door]:
    login = on.live.begin(on.here.connection_id)
    _, response = on.answer(on.here, login, key="idp-next")
    return on.live.post(on.here, response, login), on.here


@sequence(
    CONNECTION,
    "this provider signs under the other one's name, at its own door",
    PROFILES,
    "saml_issuer_mismatch",
)
def _this_provider_takes_the_others_name(on: Stage) -> tuple[Answer, Door]:
    login = on.live.begin(on.here.connection_id)
    _, response = on.answer(on.here, login, idp=OTHER_IDP)
    return on.live.post(on.here, response, login), on.here


@sequence(
    CONNECTION,
    "this provider signs at the other one's door, under the other one's name",
    PROFILES,
    "saml_signature_invalid",
)
def _this_provider_at_the_others_door(on: Stage) -> tuple[Answer, Door]:
    login = on.live.begin(on.theirs.connection_id)
    _, response = on.answer(on.theirs, login)
    return on.live.post(on.theirs, response, login), on.theirs


@sequence(
    CONNECTION,
    "an unsolicited response for the one, at the other",
    UNSOLICITED,
    "saml_destination_mismatch",
)
def _an_unsolicited_response_at_the_other(on: Stage) -> tuple[Answer, Door]:
    _, response = on.answer(on.here, None)
    return on.live.post(on.beside, response, None), on.beside


# --- another organization ---------------------------------------------------------------------

ORGANIZATION = "Another organization"


@sequence(
    ORGANIZATION,
    "their provider signs for our door, under our provider's name",
    PROFILES,
    "saml_signature_invalid",
)
def _their_provider_at_our_door(on: Stage) -> tuple[Answer, Door]:
    login = on.live.begin(on.here.connection_id)
    _, response = on.answer(on.here, login, key="idp-next")
    return on.live.post(on.here, response, login), on.here


@sequence(
    ORGANIZATION,
    "their provider signs for our door, under its own name",
    PROFILES,
    "saml_signature_invalid",
    "saml_issuer_mismatch",
)
def _their_provider_at_our_door_under_its_name(on: Stage) -> tuple[Answer, Door]:
    login = on.live.begin(on.here.connection_id)
    _, response = on.answer(on.here, login, key="idp-next", idp=OTHER_IDP)
    return on.live.post(on.here, response, login), on.here


@sequence(
    ORGANIZATION,
    "a login at their door, its answer at ours",
    PROFILES,
    "saml_request_mismatch",
)
def _their_login_ends_at_our_door(on: Stage) -> tuple[Answer, Door]:
    login = on.live.begin(on.elsewhere.connection_id)
    _, response = on.answer(on.here, login)
    return on.live.post(on.here, response, login), on.here


@sequence(
    ORGANIZATION,
    "a response for our door in a login at theirs",
    PROFILES,
    "saml_issuer_mismatch",
)
def _our_response_in_their_login(on: Stage) -> tuple[Answer, Door]:
    _, response = on.answer(on.here, on.live.begin(on.here.connection_id))
    login = on.live.begin(on.elsewhere.connection_id)
    return on.live.post(on.elsewhere, response, login), on.elsewhere


@sequence(
    ORGANIZATION,
    "at the External connection's own address, where no answer is awaited",
    EXTERNAL,
    "saml_request_mismatch",
    "sso_connection_not_found",
)
def _an_answer_at_the_externals_own_address(on: Stage) -> tuple[Answer, Door]:
    login = on.live.begin(on.external.connection_id)
    _, response = on.answer(on.here, login)
    own = replace(
        on.here, acs=on.here.acs.replace(on.here.connection_id, on.external.connection_id)
    )
    return on.live.post(own, response, login), on.external


@sequence(
    ORGANIZATION,
    "an unsolicited response for the External connection's own address",
    EXTERNAL,
    "sso_connection_not_found",
)
def _an_unsolicited_answer_for_the_external(on: Stage) -> tuple[Answer, Door]:
    own = replace(
        on.external, acs=on.here.acs.replace(on.here.connection_id, on.external.connection_id)
    )
    _, response = on.answer(own, None)
    return on.live.post(own, response, None), on.external


@sequence(
    ORGANIZATION,
    "the answer of a direct login, in the External login of the same browser",
    EXTERNAL,
    "saml_request_mismatch",
)
def _a_direct_answer_in_an_external_login(on: Stage) -> tuple[Answer, Door]:
    direct = on.live.begin(on.here.connection_id)
    external = on.live.begin(on.external.connection_id)
    _, response = on.answer(on.here, direct)
    return on.live.post(on.here, response, external), on.external


@sequence(
    ORGANIZATION,
    "the answer of an External login, in a direct one",
    EXTERNAL,
    "saml_request_mismatch",
)
def _an_external_answer_in_a_direct_login(on: Stage) -> tuple[Answer, Door]:
    direct = on.live.begin(on.here.connection_id)
    external = on.live.begin(on.external.connection_id)
    _, response = on.answer(on.here, external)
    return on.live.post(on.here, response, direct), on.here


@sequence(
    ORGANIZATION,
    "the audience names the External connection instead of the source",
    EXTERNAL,
    "saml_audience_mismatch",
)
def _the_audience_names_the_external(on: Stage) -> tuple[Answer, Door]:
    login = on.live.begin(on.external.connection_id)
    named = on.here.acs.replace(on.here.connection_id, on.external.connection_id)
    _, response = on.answer(on.here, login, sp=named)
    return on.live.post(on.here, response, login), on.external


@sequence(
    ORGANIZATION,
    "the External connection is taken away while its login is on the way",
    EXTERNAL,
    "sso_connection_not_found",
)
def _an_external_that_was_deleted_meanwhile(on: Stage) -> tuple[Answer, Door]:
    external = on.make_external(on.live.make_organization(), on.here)
    login = on.live.begin(external.connection_id)
    _, response = on.answer(on.here, login)
    on.delete(external)
    return on.live.post(on.here, response, login), external


@sequence(
    ORGANIZATION,
    "the source is taken away while an External login is on the way",
    EXTERNAL,
    "sso_connection_not_found",
)
def _a_source_that_was_deleted_meanwhile(on: Stage) -> tuple[Answer, Door]:
    source = on.live.make_door(on.live.make_organization())
    external = on.make_external(on.live.make_organization(), source)
    login = on.live.begin(external.connection_id)
    _, response = on.answer(source, login)
    on.delete(source)
    return on.live.post(source, response, login), external


# --- certificates -----------------------------------------------------------------------------

CERTIFICATES = "Certificates that come and go"


@sequence(
    CERTIFICATES,
    "signed with a certificate that was taken away",
    PROFILES,
    "saml_signature_invalid",
)
def _a_certificate_that_was_taken_away(on: Stage) -> tuple[Answer, Door]:
    door = on.live.make_door(on.live.make_organization(), certificates=("idp", "idp-next"))
    path = f"/v1/b2b/sso/saml/{door.organization_id}/connections/{door.connection_id}"
    found = on.live.must("GET", f"/v1/b2b/sso/{door.organization_id}")["saml_connections"][0]
    first = found["verification_certificates"][0]["certificate_id"]
    on.live.must("DELETE", f"{path}/verification_certificates/{first}")
    login = on.live.begin(door.connection_id)
    _, response = on.answer(door, login)
    return on.live.post(door, response, login), door


@sequence(
    CERTIFICATES,
    "taken away while the answer was on its way",
    PROFILES,
    "saml_signature_invalid",
)
def _taken_away_meanwhile(on: Stage) -> tuple[Answer, Door]:
    door = on.live.make_door(on.live.make_organization(), certificates=("idp", "idp-next"))
    path = f"/v1/b2b/sso/saml/{door.organization_id}/connections/{door.connection_id}"
    login = on.live.begin(door.connection_id)
    _, response = on.answer(door, login)
    found = on.live.must("GET", f"/v1/b2b/sso/{door.organization_id}")["saml_connections"][0]
    first = found["verification_certificates"][0]["certificate_id"]
    on.live.must("DELETE", f"{path}/verification_certificates/{first}")
    return on.live.post(door, response, login), door


@sequence(
    CERTIFICATES,
    "a connection that is deleted while the answer is on its way",
    PROFILES,
    "sso_connection_not_found",
)
def _a_connection_that_was_deleted(on: Stage) -> tuple[Answer, Door]:
    door = on.live.make_door(on.live.make_organization())
    login = on.live.begin(door.connection_id)
    _, response = on.answer(door, login)
    on.delete(door)
    return on.live.post(door, response, login), door
