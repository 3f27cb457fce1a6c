"""The ways in which an OpenID Provider misbehaves, one fault a row, and what must come of it.

Owns the table that the server, the tests and `docs/security/openid-conformance.md` read. Knows
nothing of HTTP and nothing of how a token is signed: a deed changes one document, or names a
manner in which an endpoint answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Final

Document = dict[str, Any]
Facts = Mapping[str, Any]
Deed = Callable[[Document, Facts], None]

ACCEPTED: Final = "accepted"
DAY: Final = 86_400

# The suite's names begin with this, and the rest is what the tables of the docs print.
PREFIX: Final = "oidcc-client-test"


def put(**values: Any) -> Deed:
    """Set members; `{issuer}`, `{client_id}` and the like in a string are filled in, and a
    function is asked."""

    def change(document: Document, facts: Facts) -> None:
        for name, value in values.items():
            document[name] = _filled(value, facts)

    return change


def drop(*names: str) -> Deed:
    def change(document: Document, facts: Facts) -> None:
        for name in names:
            document.pop(name, None)

    return change


def shift(**seconds: int) -> Deed:
    """Set times, in seconds from now."""

    def change(document: Document, facts: Facts) -> None:
        for name, delta in seconds.items():
            document[name] = facts["now"] + delta

    return change


def only(**values: Any) -> Deed:
    """Say this and nothing else."""

    def change(document: Document, facts: Facts) -> None:
        document.clear()
        put(**values)(document, facts)

    return change


def _filled(value: Any, facts: Facts) -> Any:
    if isinstance(value, str):
        return value.format_map(facts)
    if callable(value):
        return value(facts)
    if isinstance(value, list):
        return [_filled(one, facts) for one in value]
    return value


@dataclass(frozen=True, slots=True)
class Mode:
    """One provider. What no field speaks of, it does as the standard asks.

    `expected` is `accepted` or the code of the refusal; `stage` is the step of the trace that
    tells of it. "Discovery" and "Refresh" are no login, and an answer that fits no login has no
    stage. `modules` are the modules of the
    conformance suite that the mode stands for, without their common prefix.

    `signed` is how ID tokens are signed, `keys` what the JWK Set holds, `manners` how an endpoint
    answers whatever it has to say; the server explains the words. `rotates` is when a new signing
    key takes the place of the old one.
    """

    name: str
    does: str
    expected: str = ACCEPTED
    stage: str = ""
    modules: tuple[str, ...] = ()
    discovery: Deed | None = None
    callback: Deed | None = None
    tokens: Deed | None = None
    id_token: Deed | None = None
    header: Deed | None = None
    userinfo: Deed | None = None
    refreshed: Deed | None = None
    signed: str = "RS256"
    refreshed_signed: str = "RS256"
    userinfo_signed: str = ""
    keys: str = "two"
    auth_methods: tuple[str, ...] = ("client_secret_basic",)
    takes: str = "client_secret_basic"
    rotates: str = ""
    manners: Mapping[str, str] = field(default_factory=dict)


def _good(name: str, does: str, *modules: str, **deeds: Any) -> Mode:
    return Mode(name, does, modules=modules, **deeds)


def _discovery(name: str, does: str, code: str, *modules: str, **deeds: Any) -> Mode:
    return Mode(name, does, code, "Discovery", modules, **deeds)


def _callback(name: str, does: str, code: str, *modules: str, **deeds: Any) -> Mode:
    return Mode(name, does, code, "Callback", modules, **deeds)


def _token(name: str, does: str, code: str, *modules: str, **deeds: Any) -> Mode:
    return Mode(name, does, code, "Token endpoint", modules, **deeds)


def _id_token(name: str, does: str, code: str, *modules: str, **deeds: Any) -> Mode:
    return Mode(name, does, code, "ID token", modules, **deeds)


def _userinfo(name: str, does: str, code: str, *modules: str, **deeds: Any) -> Mode:
    return Mode(name, does, code, "UserInfo", modules, **deeds)


def _refresh(name: str, does: str, code: str, *modules: str, **deeds: Any) -> Mode:
    return Mode(name, does, code, "Refresh", modules, **deeds)


MODES: Final = (
    # -- what has to work -------------------------------------------------------------------
    _good(
        "honest",
        "nothing wrong: Bearer tokens in headers only, e-mail and name from UserInfo only",
        "",
        "-idtoken-sig-rs256",
        "-scope-userinfo-claims",
        "-userinfo-bearer-header",
        "-nonce-unless-code-flow",
        "-discovery-openid-config",
        "-discovery-jwks-uri-keys",
    ),
    _good("secret-in-the-header", "takes client_secret_basic alone", "-client-secret-basic"),
    _good(
        "secret-in-the-body", "takes client_secret_post alone",
        auth_methods=("client_secret_post",), takes="client_secret_post",
    ),
    _good(
        "two-methods-one-taken", "lists two methods of client authentication and takes one",
        auth_methods=("client_secret_basic", "client_secret_post"), takes="client_secret_post",
    ),
    _good(
        "no-kid-and-one-key", "sends no kid; one key is published, without kid",
        "-kid-absent-single-jwks", header=drop("kid"), keys="one-bare",
    ),
    _good(
        "keys-of-unknown-kinds", "publishes keys that nobody can read beside the right one",
        "-ignores-unparseable-key-in-jwks", keys="unknown-kinds",
    ),
    _good(
        "rotation-between-logins", "has a new signing key at the second login, the old one is gone",
        "-signing-key-rotation", rotates="between logins",
    ),
    _good(
        "rotation-before-signing", "changes the key after we fetched the keys, before it signs",
        "-signing-key-rotation-just-before-signing", rotates="before signing",
    ),
    _good("signs-by-es256", "signs with ECDSA", signed="ES256"),
    _good("signs-by-ps256", "signs with RSA-PSS", signed="PS256"),
    _good(
        "signed-userinfo", "answers UserInfo with a signed JWT", "-userinfo-signed",
        userinfo_signed="RS256",
    ),
    _good("audience-as-a-list", "writes aud as a list of one", id_token=put(aud=["{client_id}"])),
    _good("azp-is-us", "names us as the authorized party", id_token=put(azp="{client_id}")),
    _good("no-at-hash", "leaves at_hash out", id_token=drop("at_hash")),
    _good("token-type-case", "writes token_type as bEARER", tokens=put(token_type="bEARER")),
    _good("no-expires-in", "does not say how long tokens last", tokens=drop("expires_in")),
    _good("clock-a-minute-ahead", "has a clock that is a minute fast", id_token=shift(iat=60)),
    _good("no-iss-in-the-callback", "does not know RFC 9207", discovery=drop(
        "authorization_response_iss_parameter_supported"), callback=drop("iss")),
    # -- discovery and keys -----------------------------------------------------------------
    _discovery(
        "discovery-names-another-issuer", "describes another issuer",
        "oidc_discovery_issuer_mismatch", "-discovery-issuer-mismatch",
        discovery=put(issuer="https://evil.example"),
    ),
    _discovery(
        "discovery-with-a-slash", "names itself with a slash more",
        "oidc_discovery_issuer_mismatch", discovery=put(issuer="{issuer}/"),
    ),
    _discovery(
        "discovery-without-keys", "does not say where its keys are", "oidc_discovery_invalid",
        discovery=drop("jwks_uri"),
    ),
    _discovery(
        "discovery-to-a-script", "has an authorization endpoint that is no URL of the web",
        "oidc_discovery_invalid", discovery=put(authorization_endpoint="javascript:alert(1)"),
    ),
    _discovery(
        "discovery-redirects", "sends us elsewhere", "oidc_discovery_invalid",
        manners={"discovery": "redirect"},
    ),
    _discovery(
        "discovery-is-huge", "sends 1 MB of configuration", "idp_answer_too_large",
        manners={"discovery": "huge"},
    ),
    _discovery(
        "discovery-hangs", "takes the question and says nothing", "idp_timeout",
        manners={"discovery": "hang"},
    ),
    _discovery(
        "discovery-is-a-page", "answers with HTML", "oidc_discovery_invalid",
        manners={"discovery": "page"},
    ),
    _discovery(
        "discovery-fails", "answers 503", "idp_answer_unusable", manners={"discovery": "fail"}
    ),
    _id_token(
        "keys-redirect", "sends us elsewhere for its keys", "oidc_jwks_invalid",
        manners={"jwks": "redirect"},
    ),
    _id_token(
        "keys-are-huge", "sends 1 MB of keys", "idp_answer_too_large", manners={"jwks": "huge"}
    ),
    _id_token(
        "keys-hang", "says nothing when asked for its keys", "idp_timeout",
        manners={"jwks": "hang"},
    ),
    _id_token("keys-are-a-page", "answers with HTML", "oidc_jwks_invalid",
              manners={"jwks": "page"}),
    _id_token("keys-are-none", "publishes an empty set", "oidc_key_not_found", keys="none"),
    _id_token(
        "keys-with-secrets", "publishes its private key; everybody could sign by it",
        "oidc_key_not_found", keys="private",
    ),
    # -- the callback -----------------------------------------------------------------------
    _callback(
        "mix-up-by-issuer", "answers in the name of another provider",
        "oidc_response_issuer_mismatch", callback=put(iss="https://evil.example"),
    ),
    _callback(
        "mix-up-by-silence", "promised to name itself in the callback and does not",
        "oidc_response_issuer_missing", callback=drop("iss"),
    ),
    _callback(
        "refuses-the-person", "answers access_denied", "oidc_authorization_failed",
        callback=only(error="access_denied", state="{state}", iss="{issuer}"),
    ),
    _callback(
        "refuses-in-another-name", "answers an error in the name of another provider",
        "oidc_response_issuer_mismatch",
        callback=only(error="access_denied", state="{state}", iss="https://evil.example"),
    ),
    _callback(
        "no-code", "answers neither a code nor an error", "oidc_callback_invalid",
        callback=drop("code"),
    ),
    Mode("no-state", "forgets the state", "oidc_state_missing", callback=drop("state")),
    Mode(
        "unknown-state", "answers a login that nobody began", "oidc_state_unknown",
        callback=put(state="A" * 43),
    ),
    Mode(
        "state-of-its-own-making", "adds to the state", "oidc_state_unknown",
        callback=put(state="{state}x"),
    ),
    # -- the token endpoint -----------------------------------------------------------------
    _token(
        "wants-a-private-key", "takes private_key_jwt alone, and the connection has a secret",
        "oidc_client_auth_unsupported", auth_methods=("private_key_jwt",),
    ),
    _token(
        "wants-another-secret", "does not know our client secret", "oidc_token_refused",
        takes="nothing of ours",
    ),
    _token(
        "code-spent", "says that somebody has used the code before us", "oidc_token_refused",
        manners={"token": "spent"},
    ),
    _token(
        "code-of-another-login", "sends the code of a login with another verifier (PKCE)",
        "oidc_token_refused", callback=put(code="{other_code}"),
    ),
    _token(
        "error-with-tokens", "sends an error and tokens in one answer", "oidc_token_refused",
        tokens=put(error="server_error"),
    ),
    _token(
        "no-access-token", "sends no access token", "oidc_token_response_invalid",
        tokens=drop("access_token"),
    ),
    _token(
        "token-type-mac", "sends tokens of a kind that nobody asked for",
        "oidc_token_response_invalid", tokens=put(token_type="mac"),
    ),
    _token(
        "lasts-forever-or-so", "says in words how long tokens last",
        "oidc_token_response_invalid", tokens=put(expires_in="for ever"),
    ),
    _token(
        "token-endpoint-inside", "names a token endpoint in a private network",
        "idp_address_forbidden", discovery=put(token_endpoint="https://10.0.0.1/token"),
    ),
    _token(
        "token-endpoint-redirects", "sends our code and secret elsewhere",
        "oidc_token_response_invalid", manners={"token": "redirect"},
    ),
    _token(
        "token-endpoint-is-huge", "sends 1 MB of tokens", "idp_answer_too_large",
        manners={"token": "huge"},
    ),
    _token(
        "token-endpoint-is-endless", "never ends its answer", "idp_answer_too_large",
        manners={"token": "endless"},
    ),
    _token(
        "token-endpoint-hangs", "says nothing", "idp_timeout", manners={"token": "hang"}
    ),
    _token(
        "token-endpoint-drips", "sends a byte now and then, for ever", "idp_timeout",
        manners={"token": "drip"},
    ),
    _token(
        "token-endpoint-breaks-off", "ends in the middle of its answer", "idp_unreachable",
        manners={"token": "cut"},
    ),
    _token(
        "token-endpoint-packs", "sends a small packed answer that unpacks to anything",
        "idp_unreachable", manners={"token": "packed"},
    ),
    _token(
        "token-endpoint-is-a-page", "answers with HTML", "oidc_token_response_invalid",
        manners={"token": "page"},
    ),
    _token(
        "token-endpoint-fails", "answers 503", "idp_answer_unusable", manners={"token": "fail"}
    ),
    # -- the ID token: how it is signed --------------------------------------------------------
    _id_token(
        "unsigned", "signs nothing (alg none)", "oidc_algorithm_forbidden", "-idtoken-sig-none",
        signed="none",
    ),
    _id_token(
        "unsigned-and-announced", "signs nothing and says so in its discovery document",
        "oidc_algorithm_forbidden", signed="none",
        discovery=put(id_token_signing_alg_values_supported=["none", "RS256"]),
    ),
    _id_token(
        "alg-is-null", "names no algorithm", "oidc_id_token_malformed", header=put(alg=None)
    ),
    _id_token(
        "public-key-as-secret", "signs by HS256 with its public key as the secret",
        "oidc_algorithm_forbidden", signed="HS256-public-key",
    ),
    _id_token(
        "client-secret-as-key", "signs by HS256 with the client secret, and announces it",
        "oidc_algorithm_forbidden", signed="HS256-client-secret",
        discovery=put(id_token_signing_alg_values_supported=["HS256"]),
    ),
    _id_token(
        "bad-hs256", "signs by HS256, and wrongly", "oidc_algorithm_forbidden",
        "-invalid-sig-hs256", signed="HS256-broken",
        discovery=put(id_token_signing_alg_values_supported=["HS256"]),
    ),
    _id_token(
        "bad-rs256", "has a wrong RS256 signature", "oidc_signature_invalid",
        "-invalid-sig-rs256", signed="RS256-broken",
    ),
    _id_token(
        "bad-es256", "has a wrong ES256 signature", "oidc_signature_invalid",
        "-invalid-sig-es256", signed="ES256-broken",
    ),
    _id_token(
        "not-the-announced-algorithm", "announces ES256 and signs by RS256",
        "oidc_algorithm_forbidden",
        discovery=put(id_token_signing_alg_values_supported=["ES256"]),
    ),
    _id_token(
        "another-key-of-that-name", "signs with a key of its own under a published kid",
        "oidc_signature_invalid", signed="stranger",
    ),
    _id_token(
        "wrong-kid-and-one-key", "names a key that is not published; one is",
        "oidc_key_not_found", header=put(kid="nobody"), keys="one",
    ),
    _id_token(
        "wrong-kid-and-many-keys", "names a key that is not published; three are",
        "oidc_key_not_found", header=put(kid="nobody"), keys="three",
    ),
    _id_token(
        "kid-of-another-key", "names another of its keys than the one that signed",
        "oidc_signature_invalid", header=put(kid="second"), keys="three",
    ),
    _id_token(
        "no-kid-and-many-keys", "sends no kid; two keys that fit are published, without kid",
        "oidc_key_ambiguous", "-kid-absent-multiple-jwks", header=drop("kid"), keys="two-bare",
    ),
    _id_token(
        "kid-is-a-number", "has a kid that is no string", "oidc_id_token_malformed",
        header=put(kid=1),
    ),
    _id_token(
        "brings-its-key-along", "has the key in the header", "oidc_signature_invalid",
        signed="stranger", header=put(jwk=itemgetter("stranger_jwk")),
    ),
    _id_token(
        "says-where-its-key-is", "has a jku in the header, where a fitting key lies",
        "oidc_key_not_found", signed="stranger", header=put(kid="stranger", jku="{issuer}/jku"),
    ),
    _id_token(
        "critical-header", "has a header that must be understood", "oidc_header_forbidden",
        header=put(crit=["exp"], exp=0),
    ),
    _id_token(
        "access-token-as-id-token", "sends a JWT of another type (at+jwt)",
        "oidc_header_forbidden", header=put(typ="at+jwt"),
    ),
    _id_token("no-id-token", "sends none", "oidc_id_token_missing", tokens=drop("id_token")),
    _id_token(
        "encrypted", "encrypts the ID token", "oidc_id_token_encrypted",
        tokens=put(id_token="e30.e30.e30.e30.e30"),
    ),
    _id_token(
        "no-jwt-at-all", "sends something else as the ID token", "oidc_id_token_malformed",
        tokens=put(id_token="hello"),
    ),
    # -- the ID token: what it says ------------------------------------------------------------
    _id_token(
        "wrong-iss", "names another issuer", "oidc_issuer_mismatch", "-invalid-iss",
        id_token=put(iss="https://evil.example"),
    ),
    _id_token("no-iss", "names no issuer", "oidc_claim_invalid", id_token=drop("iss")),
    _id_token(
        "iss-with-a-slash", "names itself with a slash more", "oidc_issuer_mismatch",
        id_token=put(iss="{issuer}/"),
    ),
    _id_token(
        "id-token-of-another-provider", "sends the ID token of another of our providers (mix-up)",
        "oidc_issuer_mismatch", id_token=put(iss="{base}/honest"),
    ),
    _id_token(
        "no-sub", "does not say who it is", "oidc_claim_invalid", "-missing-sub",
        id_token=drop("sub"),
    ),
    _id_token("sub-is-a-number", "has a number as sub", "oidc_claim_invalid",
              id_token=put(sub=1001)),
    _id_token("sub-is-empty", "has an empty sub", "oidc_claim_invalid", id_token=put(sub="")),
    _id_token("sub-is-long", "has a sub of 256 characters", "oidc_claim_invalid",
              id_token=put(sub="s" * 256)),
    _id_token(
        "wrong-aud", "made the ID token for another client", "oidc_audience_mismatch",
        "-invalid-aud", id_token=put(aud="somebody-else"),
    ),
    _id_token(
        "no-aud", "does not say for whom it is", "oidc_claim_invalid", "-missing-aud",
        id_token=drop("aud"),
    ),
    _id_token("aud-is-an-empty-list", "made it for nobody", "oidc_audience_mismatch",
              id_token=put(aud=[])),
    _id_token(
        "second-aud", "made it for us and for another client", "oidc_audience_mismatch",
        id_token=put(aud=["{client_id}", "somebody-else"], azp="{client_id}"),
    ),
    _id_token("wrong-azp", "made it for another party's use", "oidc_azp_mismatch",
              id_token=put(azp="somebody-else")),
    _id_token("expired", "sends one that ended ten minutes ago", "oidc_id_token_expired",
              id_token=shift(iat=-1200, exp=-600)),
    _id_token("no-exp", "does not say when it ends", "oidc_claim_invalid", id_token=drop("exp")),
    _id_token("exp-is-a-string", "says in a string when it ends", "oidc_claim_invalid",
              id_token=put(exp="9999999999")),
    _id_token(
        "no-iat", "does not say when it was made", "oidc_claim_invalid", "-missing-iat",
        id_token=drop("iat"),
    ),
    _id_token("iat-tomorrow", "made it tomorrow", "oidc_id_token_not_yet_valid",
              id_token=shift(iat=DAY, exp=2 * DAY)),
    _id_token("iat-last-week", "made it a week ago, to last a year", "oidc_id_token_expired",
              id_token=shift(iat=-7 * DAY, exp=365 * DAY)),
    _id_token("nbf-in-an-hour", "sends one that begins in an hour", "oidc_id_token_not_yet_valid",
              id_token=shift(nbf=3600)),
    _id_token(
        "wrong-nonce", "answers another login's nonce", "oidc_nonce_mismatch", "-nonce-invalid",
        id_token=put(nonce="of-another-login"),
    ),
    _id_token("no-nonce", "leaves the nonce out", "oidc_claim_invalid", id_token=drop("nonce")),
    _id_token(
        "wrong-at-hash", "sends another access token than the ID token speaks of",
        "oidc_at_hash_mismatch", "-invalid-athash", id_token=put(at_hash="A" * 22),
    ),
    _id_token(
        "wrong-c-hash", "speaks of another code", "oidc_c_hash_mismatch", "-invalid-chash",
        id_token=put(c_hash="A" * 22),
    ),
    # -- UserInfo ------------------------------------------------------------------------------
    _userinfo(
        "userinfo-of-another-person", "tells of somebody else", "oidc_userinfo_subject_mismatch",
        "-userinfo-invalid-sub", userinfo=put(sub="1002"),
    ),
    _userinfo("userinfo-of-nobody", "does not say of whom it tells", "oidc_userinfo_invalid",
              userinfo=drop("sub")),
    _userinfo(
        "aggregated-claims", "sends claims that others vouch for", "oidc_distributed_claims",
        "-aggregated-claims",
        userinfo=put(_claim_names={"address": "src"}, _claim_sources={"src": {"JWT": "e30.e30."}}),
    ),
    _userinfo(
        "distributed-claims", "sends us to others for claims", "oidc_distributed_claims",
        "-distributed-claims",
        userinfo=put(
            _claim_names={"address": "src"},
            _claim_sources={"src": {"endpoint": "http://169.254.169.254/"}},
        ),
    ),
    _userinfo("userinfo-signed-by-a-stranger", "has it signed by a key of its own",
              "oidc_signature_invalid", userinfo_signed="stranger"),
    _userinfo("userinfo-unsigned-jwt", "sends an unsigned JWT", "oidc_algorithm_forbidden",
              userinfo_signed="none"),
    _userinfo("userinfo-for-another-client", "signs an answer to another client",
              "oidc_audience_mismatch", userinfo_signed="RS256", userinfo=put(aud="another")),
    _userinfo("userinfo-of-another-issuer", "signs it in another's name",
              "oidc_issuer_mismatch", userinfo_signed="RS256",
              userinfo=put(iss="https://evil.example")),
    _userinfo("userinfo-redirects", "sends our access token elsewhere", "oidc_userinfo_invalid",
              manners={"userinfo": "redirect"}),
    _userinfo("userinfo-is-huge", "sends 1 MB of claims", "idp_answer_too_large",
              manners={"userinfo": "huge"}),
    _userinfo("userinfo-hangs", "says nothing", "idp_timeout", manners={"userinfo": "hang"}),
    _userinfo("userinfo-is-a-page", "answers with HTML", "oidc_userinfo_invalid",
              manners={"userinfo": "page"}),
    _userinfo("userinfo-fails", "answers 503", "idp_answer_unusable",
              manners={"userinfo": "fail"}),
    # -- refresh: the login was in order ---------------------------------------------------------
    _refresh("refresh", "nothing wrong: new tokens, the old refresh token is spent", ACCEPTED,
             "-refresh-token"),
    _refresh("refresh-after-rotation", "signs with a new key at the refresh", ACCEPTED,
             rotates="before refresh"),
    _refresh("refresh-by-one-of-two-methods", "lists two methods of client authentication, takes "
             "one", ACCEPTED, auth_methods=("client_secret_basic", "client_secret_post"),
             takes="client_secret_post"),
    _refresh("refresh-without-id-token", "sends no ID token with the refresh", ACCEPTED,
             refreshed=only()),
    _refresh("refresh-wrong-iss", "names another issuer", "oidc_refresh_mismatch",
             "-refresh-token-invalid-issuer", refreshed=put(iss="https://evil.example")),
    _refresh("refresh-wrong-sub", "sends the tokens of another person", "oidc_refresh_mismatch",
             "-refresh-token-invalid-sub", refreshed=put(sub="1002")),
    _refresh("refresh-wrong-aud", "made them for another client", "oidc_refresh_mismatch",
             "-refresh-token-invalid-aud", refreshed=put(aud="somebody-else")),
    _refresh("refresh-second-aud", "made them for us and for another client",
             "oidc_refresh_mismatch", refreshed=put(aud=["{client_id}", "somebody-else"])),
    _refresh("refresh-wrong-azp", "made them for another party's use", "oidc_azp_mismatch",
             "-refresh-token-invalid-azp", refreshed=put(azp="somebody-else")),
    _refresh("refresh-no-sub", "does not say whose they are", "oidc_claim_invalid",
             refreshed=drop("sub")),
    _refresh("refresh-expired", "sends an ID token that has ended", "oidc_id_token_expired",
             refreshed=shift(iat=-1200, exp=-600)),
    _refresh("refresh-unsigned", "signs nothing", "oidc_algorithm_forbidden",
             refreshed_signed="none"),
    _refresh("refresh-by-a-stranger", "signs with a key of its own", "oidc_signature_invalid",
             refreshed_signed="stranger"),
    _refresh("refresh-bad-signature", "has a wrong signature", "oidc_signature_invalid",
             refreshed_signed="RS256-broken"),
    _refresh("refresh-fails", "answers 503 to a refresh", "idp_answer_unusable",
             manners={"refresh": "fail"}),
    _refresh("refresh-redirects", "sends our refresh token elsewhere",
             "oidc_token_response_invalid", manners={"refresh": "redirect"}),
    _refresh("refresh-is-huge", "sends 1 MB of tokens", "idp_answer_too_large",
             manners={"refresh": "huge"}),
    _refresh("refresh-refused", "has withdrawn the refresh token", "oidc_token_refused",
             manners={"refresh": "spent"}),
)  # fmt: skip

BY_NAME: Final = {mode.name: mode for mode in MODES}


# -- the modules that no mode stands for ------------------------------------------------------

_IMPLICIT: Final = "tokens do not come by the browser here: the flow is code, always"
_FORM_POST: Final = (
    "the callback is a GET; response_mode is never sent, and a caller cannot send it"
)
_NO_LOGOUT: Final = "signing out at the identity provider is not offered; sessions end here"
_NO_REGISTRATION: Final = (
    "an administrator registers us at the provider and types the credentials in"
)

NOT_APPLICABLE: Final[Mapping[str, str]] = {
    "-missing-athash": "at_hash is optional in the code flow (mode no-at-hash); " + _IMPLICIT,
    "-missing-chash": "c_hash belongs to the hybrid flow; " + _IMPLICIT,
    "-userinfo-bearer-body": "one of the two ways is enough, and ours is the header",
    "-form-post-error": _FORM_POST,
    "-mtls-endpoint-aliases": "client certificates are not offered (RFC 8705)",
    "-discovery-webfinger-acct": "the connection is chosen by organization, not by address",
    "-discovery-webfinger-url": "the connection is chosen by organization, not by address",
    "-dynamic-registration": _NO_REGISTRATION,
    "-request-uri-signed-rs256": "request objects are not sent; the request carries no claims",
    "-request-uri-signed-none": "request objects are not sent, least of all unsigned ones",
    "-3rd-party-init-login": "a login begins at the application; a stranger's link begins none",
    "-rp-init-logout": _NO_LOGOUT,
    "-rp-init-logout-no-state": _NO_LOGOUT,
    "-rp-init-logout-other-state": _NO_LOGOUT,
    "-rp-backchannel-rpinitlogout": _NO_LOGOUT,
    "-rp-backchannel-rpinitlogout-alg-none": _NO_LOGOUT,
    "-rp-backchannel-rpinitlogout-no-event": _NO_LOGOUT,
    "-rp-backchannel-rpinitlogout-with-nonce": _NO_LOGOUT,
    "-rp-backchannel-rpinitlogout-wrong-alg": _NO_LOGOUT,
    "-rp-backchannel-rpinitlogout-wrong-aud": _NO_LOGOUT,
    "-rp-backchannel-rpinitlogout-wrong-event": _NO_LOGOUT,
    "-rp-backchannel-rpinitlogout-wrong-iss": _NO_LOGOUT,
    "-rp-frontchannel-opinitlogout": _NO_LOGOUT,
    "-rp-frontchannel-rpinitlogout": _NO_LOGOUT,
    "-session-management": _NO_LOGOUT,
}

# Where our answer is not the one that the suite waits for, or needs a word, and why it stays.
DIFFERS: Final[Mapping[str, str]] = {
    "-idtoken-sig-none": "The suite registers us for unsigned ID tokens and waits for acceptance. "
    "We verify a signature always.",
    "-kid-absent-multiple-jwks": "The suite takes either answer. We do not try keys in turn.",
    "-signing-key-rotation": "The second login has to come ten seconds after the first.",
    "-aggregated-claims": "The suite waits for acceptance. We read no claims that somebody else "
    "vouches for, and say so.",
    "-distributed-claims": "The suite waits for acceptance. We follow no address in an answer.",
}
