"""Logout messages: whose word counts, what exactly was signed, and what is read of it.

Each attack differs from a good message in one thing, and the good ones are there to show that it is
that one thing.
"""

from __future__ import annotations

import zlib
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from protocols.saml.material import NOW, cert_pem, certificate, key_pem
from protocols.saml.test_encryption import encrypted_by_xmlsec, envelope, sealed, value
from vestibule.errors import SamlError, VestibuleError
from vestibule.protocols.saml import (
    STATUS_PARTIAL_LOGOUT,
    STATUS_RESPONDER,
    STATUS_SUCCESS,
    LogoutExpectations,
    NameId,
    UnverifiedMessage,
    VerifiedLogoutRequest,
    VerifiedLogoutResponse,
    build_logout_request,
    build_logout_response,
    encode_post,
    encode_redirect,
    read_logout_request,
    read_logout_response,
    read_post,
    read_private_key,
    read_redirect,
    sign_enveloped,
    sign_query,
    verify_logout_request,
    verify_logout_response,
)
from vestibule.protocols.saml.names import RSA_SHA256

IDP = "https://idp.example/metadata"
OUR_URL = "https://sso.example/v1/b2b/sso/logout/saml-connection-1"
ADA = NameId("ada@northwind.example", "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress")
EXPECTED = LogoutExpectations(
    idp_entity_id=IDP, certificates=(certificate("idp"),), logout_url=OUR_URL
)
DS = 'xmlns:ds="http://www.w3.org/2000/09/xmldsig#"'


def request(**changes: object) -> bytes:
    given: dict[str, object] = {
        "destination": OUR_URL,
        "request_id": "_request",
        "name_id": ADA,
        "session_index": "_index",
        "now": NOW,
        **changes,
    }
    issuer = str(given.pop("issuer", IDP))
    return build_logout_request(issuer, **given)  # type: ignore[arg-type]


def response(**changes: object) -> bytes:
    given: dict[str, object] = {
        "destination": OUR_URL,
        "response_id": "_response",
        "in_response_to": "_ours",
        "status": (STATUS_SUCCESS,),
        "now": NOW,
        **changes,
    }
    return build_logout_response(IDP, **given)  # type: ignore[arg-type]


def query_of(document: bytes, key: str = "idp", relay_state: str = "", **options: str) -> bytes:
    """The raw query in which the document travels, signed."""
    url = encode_redirect(document, OUR_URL, relay_state, key_pem(key), **options)  # type: ignore[arg-type]
    return url.partition("?")[2].encode()


def redirected(document: bytes, key: str = "idp") -> UnverifiedMessage:
    return read_redirect(query_of(document, key))


def posted(document: bytes, key: str = "idp", element_id: str = "_request") -> UnverifiedMessage:
    signed = sign_enveloped(document, element_id, read_private_key(key_pem(key)), cert_pem(key))
    return read_post({"SAMLRequest": b64encode(signed).decode()})


CARRIERS = pytest.mark.parametrize("carried", [redirected, posted])
Carrier = Callable[[bytes], UnverifiedMessage]


def verify(
    message: UnverifiedMessage, expected: LogoutExpectations = EXPECTED, **later: float
) -> VerifiedLogoutRequest:
    now = NOW + timedelta(**later)
    return verify_logout_request(read_logout_request(message), expected, now=now)


def verify_answer(message: UnverifiedMessage, request_id: str = "_ours") -> VerifiedLogoutResponse:
    unverified = read_logout_response(message)
    return verify_logout_response(unverified, EXPECTED, request_id=request_id, now=NOW)


def refuses(code: str, work: Callable[[], object]) -> VestibuleError:
    with pytest.raises(SamlError) as refused:
        work()
    assert refused.value.code == code, str(refused.value)
    return refused.value


# --- good ones ------------------------------------------------------------------------------------


@CARRIERS
def test_a_signed_request_says_whom_and_which_session(carried: Carrier) -> None:
    found = verify(carried(request()))
    assert found.id == "_request"
    assert found.issuer == IDP
    assert found.name_id == ADA
    assert found.session_indexes == ("_index",)
    assert found.replay_until == NOW + timedelta(minutes=7)


@CARRIERS
def test_a_name_keeps_its_format_and_qualifiers(carried: Carrier) -> None:
    name = NameId("a & <b>", "urn:f", "https://q.example/?a=1&b=2", 'https://sp.example/"')
    assert verify(carried(request(name_id=name, session_index=""))).name_id == name


@CARRIERS
def test_no_index_means_none_and_several_mean_each(carried: Carrier) -> None:
    assert verify(carried(request(session_index=""))).session_indexes == ()
    two = request().replace(
        b"</samlp:LogoutRequest>",
        b"<samlp:SessionIndex> _two </samlp:SessionIndex></samlp:LogoutRequest>",
    )
    assert verify(carried(two)).session_indexes == ("_index", "_two")


@pytest.mark.parametrize("relay_state", ["", "r", "a b&c=d+e/é"])
def test_a_relay_state_is_part_of_what_is_signed(relay_state: str) -> None:
    message = read_redirect(query_of(request(), relay_state=relay_state))
    assert verify(message).relay_state == relay_state


def test_an_answer_says_how_it_went() -> None:
    for carried in (
        read_redirect(query_of(response(), name="SAMLResponse")),
        posted(response(), element_id="_response"),
    ):
        found = verify_answer(carried)
        assert found.complete
        assert found.in_response_to == "_ours"
    partly = (STATUS_RESPONDER, STATUS_PARTIAL_LOGOUT)
    for status, complete in ((partly, False), ((STATUS_SUCCESS, STATUS_PARTIAL_LOGOUT), False)):
        told = verify_answer(redirected(response(status=status)))
        assert told.status == status
        assert told.complete is complete


def test_any_of_the_pinned_keys_may_have_signed() -> None:
    both = replace(EXPECTED, certificates=(certificate("idp"), certificate("idp-next")))
    assert verify(redirected(request(), "idp-next"), both).id == "_request"


# --- who signed -----------------------------------------------------------------------------------


def test_an_unsigned_message_is_refused() -> None:
    bare = encode_redirect(request(), OUR_URL, "", None).partition("?")[2].encode()
    refuses("saml_logout_unsigned", lambda: verify(read_redirect(bare)))
    form = encode_post(request(), OUR_URL, "")
    refuses("saml_logout_unsigned", lambda: verify(read_post(form)))
    answer = encode_post(response(), OUR_URL, "", name="SAMLResponse")
    refuses("saml_logout_unsigned", lambda: verify_answer(read_post(answer)))


@CARRIERS
def test_a_key_that_is_not_pinned_is_refused(carried: Callable[..., UnverifiedMessage]) -> None:
    refuses("saml_signature_invalid", lambda: verify(carried(request(), "attacker")))


@CARRIERS
def test_a_connection_without_certificates_believes_nobody(carried: Carrier) -> None:
    nobody = replace(EXPECTED, certificates=())
    refuses("saml_certificate_missing", lambda: verify(carried(request()), nobody))


def test_a_signature_inside_a_redirect_is_not_believed_instead() -> None:
    """Bindings §3.4.4.1: with it, whoever has one signed document could send it in any query."""
    key = read_private_key(key_pem("idp"))
    inside = sign_enveloped(request(), "_request", key, None)
    unsigned = encode_redirect(inside, OUR_URL, "", None).partition("?")[2].encode()
    refuses("saml_signature_malformed", lambda: verify(read_redirect(unsigned)))
    refuses("saml_signature_malformed", lambda: verify(redirected(inside, "attacker")))
    refuses("saml_signature_malformed", lambda: verify(redirected(inside)))


def test_a_signature_in_a_form_field_is_not_believed() -> None:
    """The query's signature has no place in the POST binding."""
    names = [part.split("=", 1) for part in query_of(request()).decode().split("&")]
    form = dict(names) | encode_post(request(), OUR_URL, "")
    refuses("saml_logout_unsigned", lambda: verify(read_post(form)))


# --- what exactly was signed in a query -----------------------------------------------------------


def signed_by_hand(query: str, algorithm: str = RSA_SHA256) -> bytes:
    """Sign a query as it is written, however somebody wrote it."""
    covered = f"{query}&SigAlg={quote(algorithm, safe='')}"
    signature = sign_query(covered.encode(), read_private_key(key_pem("idp")))
    return f"{covered}&Signature={quote(b64encode(signature).decode(), safe='')}".encode()


def deflated(document: bytes) -> str:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return b64encode(packer.compress(document) + packer.flush()).decode()


def lower(text: str) -> str:
    """The same percent-encoding with small letters, as ADFS and .NET write it."""
    encoded = quote(text, safe="")
    return "".join(
        part if index == 0 else part[:2].lower() + part[2:]
        for index, part in enumerate(encoded.replace("%", "\0%").split("\0"))
        for part in [part if index == 0 else "%" + part[1:3].lower() + part[3:]]
    )


def test_the_octets_are_those_of_the_wire_however_they_were_escaped() -> None:
    """Whoever decodes and encodes again verifies another text, and refuses honest providers."""
    packed = lower(deflated(request()))
    state = lower("https://app.example/ä?b=c")
    assert packed != quote(deflated(request()), safe="")
    query = signed_by_hand(f"SAMLRequest={packed}&RelayState={state}")
    assert verify(read_redirect(query)).relay_state == "https://app.example/ä?b=c"
    assert query.decode() != query.decode().upper()
    again = signed_by_hand(f"SAMLRequest={packed}&RelayState={state}").decode()
    changed = again.replace(state, quote("https://app.example/ä?b=c", safe=""))
    refuses("saml_signature_invalid", lambda: verify(read_redirect(changed.encode())))


def test_a_reordered_query_is_refused() -> None:
    first, *rest = query_of(request(), relay_state="state").split(b"&")
    assert len(rest) == 3
    moved = b"&".join([rest[0], first, *rest[1:]])
    refuses("saml_signature_invalid", lambda: verify(read_redirect(moved)))


@pytest.mark.parametrize("name", ["SAMLRequest", "RelayState", "SigAlg", "Signature"])
def test_a_doubled_parameter_is_refused(name: str) -> None:
    query = query_of(request(), relay_state="state")
    value = next(part for part in query.split(b"&") if part.startswith(name.encode() + b"="))
    for doubled in (query + b"&" + value, value + b"&" + query, query + f"&{name}=".encode()):
        refuses("saml_structure_invalid", lambda q=doubled: verify(read_redirect(q)))


@pytest.mark.parametrize("written", ["SAML%52equest", "%53AMLRequest", "SAMLReques%74"])
def test_a_parameter_that_only_a_decoder_recognizes_is_refused(written: str) -> None:
    query = query_of(request())
    for changed in (
        query.replace(b"SAMLRequest", written.encode(), 1),
        query + f"&{written}=x".encode(),
    ):
        refuses("saml_structure_invalid", lambda q=changed: verify(read_redirect(q)))


def test_request_and_response_in_one_query_are_refused() -> None:
    both = query_of(request()) + b"&SAMLResponse=x"
    refuses("saml_structure_invalid", lambda: read_redirect(both))
    form = encode_post(request(), OUR_URL, "") | {"SAMLResponse": "x"}
    refuses("saml_structure_invalid", lambda: read_post(form))


@pytest.mark.parametrize("query", [b"", b"RelayState=x", b"SAMLRequest=", b"x=y&z", b"&&="])
def test_nothing_is_refused_as_nothing(query: bytes) -> None:
    refuses("saml_logout_missing", lambda: read_redirect(query))


def test_a_changed_relay_state_is_refused() -> None:
    query = query_of(request(), relay_state="state")
    for changed in (
        query.replace(b"RelayState=state", b"RelayState=other"),
        query.replace(b"&RelayState=state", b""),
        query_of(request()) + b"&RelayState=state",
    ):
        refuses("saml_signature_invalid", lambda q=changed: verify(read_redirect(q)))


@pytest.mark.parametrize(
    "algorithm",
    [
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
        "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1",
        "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
    ],
)
def test_a_changed_algorithm_is_refused(algorithm: str) -> None:
    old, new = quote(RSA_SHA256, safe="").encode(), quote(algorithm, safe="").encode()
    query = query_of(request()).replace(old, new)
    refuses("saml_signature_invalid", lambda: verify(read_redirect(query)))


@pytest.mark.parametrize(
    "algorithm",
    [
        "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
        "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
        "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
        "http://www.w3.org/2000/09/xmldsig#dsa-sha1",
        "none",
        "",
    ],
)
def test_an_algorithm_outside_the_list_is_refused(algorithm: str) -> None:
    """SHA-1 with a true signature: an honest old provider, and anybody who can make two documents
    of one digest."""
    covered = f"SAMLRequest={quote(deflated(request()), safe='')}"
    covered += f"&SigAlg={quote(algorithm, safe='')}"
    signature = read_private_key(key_pem("idp")).sign(
        covered.encode(),
        padding.PKCS1v15(),
        hashes.SHA1(),  # noqa: S303 - what is refused
    )
    query = f"{covered}&Signature={quote(b64encode(signature).decode(), safe='')}"
    refuses("saml_algorithm_forbidden", lambda: verify(read_redirect(query.encode())))


def test_a_query_without_an_algorithm_is_refused() -> None:
    parts = query_of(request()).split(b"&")
    query = b"&".join(part for part in parts if not part.startswith(b"SigAlg"))
    refuses("saml_algorithm_forbidden", lambda: verify(read_redirect(query)))


def test_a_signature_of_another_message_is_refused() -> None:
    """Each half is honest: the message of one query under the signature of another."""
    one = query_of(request()).split(b"&")
    other = query_of(request(session_index="_other")).split(b"&")
    mixed = b"&".join([other[0], *one[1:]])
    refuses("saml_signature_invalid", lambda: verify(read_redirect(mixed)))


def test_a_bomb_is_refused_before_it_grows() -> None:
    document = request().replace(b"</samlp:LogoutRequest>", b" " * 50_000_000)
    query = signed_by_hand(f"SAMLRequest={quote(deflated(document), safe='')}")
    refuses("saml_too_large", lambda: read_redirect(query))
    refuses("saml_too_large", lambda: read_redirect(b"SAMLRequest=" + b"A" * 500_000))
    refuses("saml_too_large", lambda: read_post({"SAMLRequest": "A" * 1_600_000}))


@pytest.mark.parametrize("value", ["%", "%zz", "AAAA", "é", "%ff", "%00"])
def test_what_is_no_deflated_xml_is_refused(value: str) -> None:
    refuses("saml_encoding_invalid", lambda: read_redirect(f"SAMLRequest={value}".encode()))


def test_another_encoding_of_the_message_is_refused() -> None:
    query = query_of(request())
    known = quote("urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE", safe="").encode()
    assert verify(read_redirect(query + b"&SAMLEncoding=" + known)).id == "_request"
    refuses("saml_encoding_invalid", lambda: read_redirect(query + b"&SAMLEncoding=other"))


# --- what exactly was signed in a form ------------------------------------------------------------


def signed_request(**changes: object) -> bytes:
    key = read_private_key(key_pem("idp"))
    return sign_enveloped(request(**changes), "_request", key, cert_pem("idp"))


def of(document: bytes) -> UnverifiedMessage:
    return read_post({"SAMLRequest": b64encode(document).decode()})


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"ada@northwind", b"eve@northwind"),
        (b"_index</", b"_other</"),
        (b"<samlp:SessionIndex>_index</samlp:SessionIndex>", b""),
        (b'Version="2.0"', b'Version="2.0" Consent="urn:x"'),
    ],
)
def test_what_was_changed_after_signing_is_refused(old: bytes, new: bytes) -> None:
    document = signed_request()
    assert old in document
    refuses("saml_digest_mismatch", lambda: verify(of(document.replace(old, new))))


def test_a_wrapped_request_is_refused() -> None:
    """The honest request hidden in another one that names somebody else (CVE-2025-31335)."""
    honest = signed_request()
    evil = request(request_id="_evil", name_id=NameId("victim@northwind.example"))
    start, end = evil.index(b"<saml:NameID"), evil.index(b"</samlp:LogoutRequest>")
    in_extensions = (
        evil[:start] + b"<samlp:Extensions>" + honest + b"</samlp:Extensions>" + evil[start:]
    )
    behind = evil[:end] + honest + evil[end:]
    for document in (in_extensions, behind):
        refuses("saml_structure_invalid", lambda d=document: verify(of(d)))
    # With the honest signature moved to where a reader looks for it.
    cut = honest.index(b"<ds:Signature"), honest.index(b"</ds:Signature>") + len("</ds:Signature>")
    signature, bare = honest[cut[0] : cut[1]], honest[: cut[0]] + honest[cut[1] :]
    moved = evil[:start] + signature + evil[start:]
    refuses("saml_reference_invalid", lambda: verify(of(moved)))
    same_id = moved.replace(b'"_evil"', b'"_request"')
    refuses("saml_digest_mismatch", lambda: verify(of(same_id)))
    inside = signature.replace(
        b"</ds:Signature>", b"<ds:Object>" + bare + b"</ds:Object></ds:Signature>"
    )
    refuses("saml_structure_invalid", lambda: verify(of(evil[:start] + inside + evil[start:])))


def test_a_name_outside_of_what_was_signed_is_not_read() -> None:
    """A second name, before or behind the signed one (samlify #634)."""
    document = signed_request()
    victim = b"<saml:NameID>victim@northwind.example</saml:NameID>"
    at = document.index(b"<saml:NameID")
    for place in (at, document.index(b"</saml:NameID>") + len("</saml:NameID>")):
        changed = document[:place] + victim + document[place:]
        refuses("saml_structure_invalid", lambda d=changed: verify(of(d)))


def test_a_signature_in_another_place_is_refused() -> None:
    document = signed_request()
    start = document.index(b"<ds:Signature")
    end = document.index(b"</ds:Signature>") + len("</ds:Signature>")
    signature, bare = document[start:end], document[:start] + document[end:]
    last = bare.index(b"</samlp:LogoutRequest>")
    refuses("saml_structure_invalid", lambda: verify(of(bare[:last] + signature + bare[last:])))
    twice = document[:end] + signature + document[end:]
    refuses("saml_signature_malformed", lambda: verify(of(twice)))
    at = bare.index(b"<saml:NameID")
    deeper = bare[:at] + b"<samlp:Extensions>" + signature + b"</samlp:Extensions>" + bare[at:]
    refuses("saml_signature_malformed", lambda: verify(of(deeper)))


@CARRIERS
def test_a_comment_in_a_name_is_refused(carried: Carrier) -> None:
    """Canonical form leaves comments out, so `ada@x<!---->.evil` and `ada@x` share a signature."""
    document = request().replace(b"northwind.example", b"northwind.example<!-- -->.evil")
    if carried is redirected:
        refuses("saml_xml_forbidden", lambda: verify(carried(document)))
    signed = signed_request(name_id=NameId("ada@northwind.example.evil"))
    changed = signed.replace(b"northwind.example.evil", b"northwind.example<!-- -->.evil")
    refuses("saml_xml_forbidden", lambda: verify(of(changed)))


def test_an_entity_a_processing_instruction_and_cdata_are_refused() -> None:
    for old, new in (
        (b"<samlp:LogoutRequest", b"<!DOCTYPE x [<!ENTITY a 'b'>]><samlp:LogoutRequest"),
        (b"ada@", b"<?x y?>ada@"),
        (b"ada@", b"<![CDATA[ada@]]>"),
    ):
        document = request().replace(old, new, 1)
        refuses("saml_xml_forbidden", lambda d=document: verify(redirected(d)))


# --- an encrypted name ----------------------------------------------------------------------------

OURS = replace(EXPECTED, decryption_keys=(key_pem("sp-next"), key_pem("sp")))
PLAIN = '<a:NameID xmlns:a="urn:oasis:names:tc:SAML:2.0:assertion" Format="urn:f">ada</a:NameID>'


def encrypted(plaintext: str) -> bytes:
    """The request with `plaintext` encrypted where the name stands."""
    holder = envelope(value(sealed(plaintext.encode()))).replace("Assertion", "ID")
    document = request()
    start = document.index(b"<saml:NameID")
    end = document.index(b"</saml:NameID>") + len("</saml:NameID>")
    return document[:start] + holder.encode() + document[end:]


@CARRIERS
def test_an_encrypted_name_is_read_with_our_keys(carried: Carrier) -> None:
    assert verify(carried(encrypted(PLAIN)), OURS).name_id == NameId("ada", "urn:f")
    leaning = PLAIN.replace(' xmlns:a="urn:oasis:names:tc:SAML:2.0:assertion"', "")
    assert verify(carried(encrypted(leaning)), OURS).name_id == NameId("ada", "urn:f")


@CARRIERS
@pytest.mark.parametrize(
    "plaintext",
    ["", "ada", "<NameID>ada</NameID>", PLAIN.replace("NameID", "Issuer"), PLAIN + PLAIN],
)
def test_whatever_else_is_inside_has_the_one_face_of_a_failed_decryption(
    carried: Carrier, plaintext: str
) -> None:
    refuses("saml_decryption_failed", lambda: verify(carried(encrypted(plaintext)), OURS))


def test_a_name_that_none_of_our_keys_opens_is_refused() -> None:
    refuses("saml_decryption_failed", lambda: verify(redirected(encrypted(PLAIN))))
    refuses(
        "saml_name_id_missing",
        lambda: verify(redirected(encrypted(PLAIN.replace(">ada<", "> <"))), OURS),
    )
    refuses(
        "saml_structure_invalid",
        lambda: verify(redirected(encrypted(PLAIN.replace(" Format", " Evil"))), OURS),
    )


def test_nobody_unknown_gets_to_ask_what_our_keys_open() -> None:
    """The signature first: an answer that depends on a decryption is an oracle."""
    for carried in (redirected, posted):
        for plaintext in (PLAIN, "garbage"):
            message = carried(encrypted(plaintext), "attacker")
            refuses("saml_signature_invalid", lambda m=message: verify(m, OURS))


def test_what_libxmlsec_encrypted_is_opened_and_judged() -> None:
    """An assertion where the name should be opens, and is none."""
    holder = encrypted_by_xmlsec("AES256").replace(b"EncryptedAssertion", b"EncryptedID")
    document = request()
    start = document.index(b"<saml:NameID")
    end = document.index(b"</saml:NameID>") + len("</saml:NameID>")
    changed = document[:start] + holder + document[end:]
    refuses("saml_decryption_failed", lambda: verify(redirected(changed), OURS))


# --- what a message must say ----------------------------------------------------------------------


@CARRIERS
def test_another_issuer_is_refused(carried: Carrier) -> None:
    refuses("saml_issuer_mismatch", lambda: verify(carried(request(issuer=IDP + "/"))))


def test_a_message_without_an_issuer_is_refused() -> None:
    document = request().replace(f"<saml:Issuer>{IDP}</saml:Issuer>".encode(), b"")
    refuses("saml_issuer_mismatch", lambda: verify(redirected(document)))


@CARRIERS
@pytest.mark.parametrize("url", [OUR_URL + "/", OUR_URL + "?", OUR_URL.upper(), "", OUR_URL[:-1]])
def test_another_destination_is_refused(carried: Carrier, url: str) -> None:
    """The request of one connection, carried to another that trusts the same key."""
    document = request(destination=url)
    refuses("saml_logout_destination_mismatch", lambda: verify(carried(document)))


def test_a_signed_message_without_a_destination_is_refused() -> None:
    document = request().replace(f' Destination="{OUR_URL}"'.encode(), b"")
    refuses("saml_logout_destination_mismatch", lambda: verify(redirected(document)))
    answer = response(destination="https://elsewhere.example/")
    refuses("saml_logout_destination_mismatch", lambda: verify_answer(redirected(answer)))


@CARRIERS
def test_a_message_is_fresh_for_five_minutes_and_the_skew(carried: Carrier) -> None:
    assert verify(carried(request()), seconds=-120).id == "_request"
    refuses("saml_logout_expired", lambda: verify(carried(request()), seconds=-121))
    assert verify(carried(request()), seconds=419).id == "_request"
    refuses("saml_logout_expired", lambda: verify(carried(request()), seconds=420))


def test_an_end_of_its_own_can_only_shorten_it() -> None:
    def ending(text: str) -> UnverifiedMessage:
        return redirected(request().replace(b"2026-06-01T12:05:00Z", text.encode()))

    assert verify(ending("2026-06-01T12:00:01Z"), seconds=120).id == "_request"
    refuses("saml_logout_expired", lambda: verify(ending("2026-06-01T12:00:01Z"), seconds=121))
    refuses("saml_logout_expired", lambda: verify(ending("2036-06-01T12:00:00Z"), minutes=7))
    refuses("saml_time_invalid", lambda: verify(ending("tomorrow")))
    bare = request().replace(b' NotOnOrAfter="2026-06-01T12:05:00Z"', b"")
    refuses("saml_logout_expired", lambda: verify(redirected(bare), minutes=7))


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (b'Version="2.0"', b'Version="1.1"', "saml_version_unsupported"),
        (b' Version="2.0"', b"", "saml_version_unsupported"),
        (b'ID="_request"', b'ID=""', "saml_structure_invalid"),
        (b' ID="_request"', b' ID="_a" Id="_request"', "saml_structure_invalid"),
        (b' IssueInstant="2026-06-01T12:00:00Z"', b"", "saml_time_invalid"),
        (b"_index</", b" </", "saml_structure_invalid"),
        (b">ada@northwind.example<", b"> <", "saml_name_id_missing"),
        (b">ada@northwind.example<", b"><b>ada</b><", "saml_value_invalid"),
        (b"<saml:NameID ", b'<saml:NameID Evil="1" ', "saml_structure_invalid"),
        (b"<saml:NameID", b"<samlp:Unknown/><saml:NameID", "saml_structure_invalid"),
        (b"saml:NameID", b"saml:BaseID", "saml_name_id_missing"),
        (b"samlp:LogoutRequest", b"samlp:AuthnRequest", "saml_structure_invalid"),
    ],
)
def test_another_shape_is_refused(old: bytes, new: bytes, code: str) -> None:
    document = request()
    assert old in document
    refuses(code, lambda: verify(redirected(document.replace(old, new))))


def test_the_schemas_order_is_asked_for() -> None:
    index = b"<samlp:SessionIndex>_index</samlp:SessionIndex>"
    document = request().replace(index, b"").replace(b"<saml:NameID", index + b"<saml:NameID")
    refuses("saml_structure_invalid", lambda: verify(redirected(document)))


def test_a_response_is_no_request_and_a_request_no_response() -> None:
    refuses("saml_structure_invalid", lambda: read_logout_request(redirected(response())))
    refuses("saml_structure_invalid", lambda: read_logout_response(redirected(request())))


# --- answers --------------------------------------------------------------------------------------


def test_an_answer_to_another_request_is_refused() -> None:
    refuses("saml_logout_unknown", lambda: verify_answer(redirected(response()), "_other"))
    refuses("saml_logout_unknown", lambda: verify_answer(redirected(response()), ""))
    silent = response().replace(b' InResponseTo="_ours"', b"")
    refuses("saml_logout_unknown", lambda: verify_answer(redirected(silent), ""))
    foreign = response().replace(IDP.encode(), b"https://other.example")
    refuses("saml_issuer_mismatch", lambda: verify_answer(redirected(foreign)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<samlp:Status>", b"<samlp:Statu>"),
        (b"<samlp:StatusCode", b"<samlp:StatusMessage/><samlp:StatusCode"),
        (b"</samlp:StatusCode>", b"<samlp:StatusMessage/></samlp:StatusCode>"),
        (b"</samlp:StatusCode>", b"<samlp:StatusCode/><samlp:StatusCode/></samlp:StatusCode>"),
    ],
)
def test_a_status_of_another_shape_is_refused(old: bytes, new: bytes) -> None:
    document = response().replace(old, new)
    if old == b"<samlp:Status>":
        document = document.replace(b"</samlp:Status>", b"</samlp:Statu>")
    refuses("saml_structure_invalid", lambda: verify_answer(redirected(document)))
