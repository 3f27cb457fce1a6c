"""Makes `cases.json`: mappings over what an identity provider said, and what has to come of them.

Every outcome is written here by hand from decision 0016 and the guide on attribute mapping, so that
neither the server nor an SDK is asked what is right. What evaluates mappings, on the server and in
each SDK, has to agree with every case; `expressions.json`, written by hand, has the single
expressions and the places of their faults.

A case has a name, a `protocol`, the `mapping`, and what was said: `claims` (oidc), or `attributes`,
`friendly_names`, `name_id` and `name_id_format` (saml; one value is a text, several are a list).
`before` is the member's trusted_metadata until now. It ends in an `error`, a code, or in an
`outcome`: `subject`, `email`, `name`, `groups`, `trusted_metadata` as it is afterwards, `sources`
by key, `warned`, the keys of the mapping with a warning (`NameID` for a transient one), and
`left_out`, the keys without room. The order of `warned` and `left_out` is the mapping's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
ADA = {"sub": "248289761001", "email": "ada@northwind.example", "name": "Ada Lovelace"}
NAMED = {"email": "mail", "full_name": "cn"}
SAID = {"mail": "ada@northwind.example", "cn": "Ada Lovelace"}

cases: list[dict[str, Any]] = []


def outcome(
    metadata: Mapping[str, object] | None = None,
    *,
    sources: Mapping[str, str],
    subject: str = ADA["sub"],
    email: str = ADA["email"],
    name: str = ADA["name"],
    groups: Sequence[str] = (),
    warned: Sequence[str] = (),
    left_out: Sequence[str] = (),
) -> dict[str, Any]:
    return {
        "subject": subject,
        "email": email,
        "name": name,
        "groups": list(groups),
        "trusted_metadata": dict(metadata or {}),
        "sources": dict(sources),
        "warned": list(warned),
        "left_out": list(left_out),
    }


def case(name: str, told: Mapping[str, object], end: str | dict[str, Any]) -> None:
    assert all(known["name"] != name for known in cases), name
    ending = {"error": end} if isinstance(end, str) else {"outcome": end}
    cases.append({"name": name, **told, **ending})


def oidc(
    name: str,
    mapping: Mapping[str, str],
    claims: Mapping[str, object],
    end: str | dict[str, Any],
    before: Mapping[str, object] | None = None,
) -> None:
    told: dict[str, object] = {"protocol": "oidc", "mapping": mapping, "claims": claims}
    if before is not None:
        told["before"] = before
    case(name, told, end)


def saml(
    name: str,
    mapping: Mapping[str, str],
    attributes: Mapping[str, object],
    end: str | dict[str, Any],
    *,
    name_id: str = ADA["sub"],
    name_id_format: str = PERSISTENT,
    friendly_names: Mapping[str, str] | None = None,
) -> None:
    told: dict[str, object] = {
        "protocol": "saml",
        "mapping": mapping,
        "attributes": attributes,
        "friendly_names": friendly_names or {},
        "name_id": name_id,
        "name_id_format": name_id_format,
    }
    case(name, told, end)


# --- OpenID Connect: which claims are read --------------------------------------------------------

USUAL = {"email": "email", "full_name": "name"}
PARTS = {"email": "email", "first_name": "given_name", "last_name": "family_name"}

oidc("no mapping reads the standard claims", {}, ADA, outcome(sources=USUAL))
oidc(
    "no mapping reads groups",
    {},
    {**ADA, "groups": ["eng", "ops", "eng"]},
    outcome(sources={**USUAL, "groups": "groups"}, groups=["eng", "ops"]),
)
oidc(
    "one group in a text",
    {},
    {**ADA, "groups": "eng"},
    outcome(sources={**USUAL, "groups": "groups"}, groups=["eng"]),
)
oidc(
    "numbers and booleans among the groups are texts, objects are none",
    {},
    {**ADA, "groups": ["eng", 7, True, {"name": "ops"}]},
    outcome(sources={**USUAL, "groups": "groups"}, groups=["eng", "7", "true"]),
)
oidc(
    "given and family name make a name",
    {},
    {"sub": ADA["sub"], "email": ADA["email"], "given_name": "Ada", "family_name": "Lovelace"},
    outcome(sources=PARTS),
)
oidc(
    "name wins over its parts",
    {},
    {**ADA, "given_name": "A.", "family_name": "L."},
    outcome(sources={**USUAL, "first_name": "given_name", "last_name": "family_name"}),
)
oidc(
    "one key for the name ends the standard claims for it",
    {"first_name": "nick"},
    {**ADA, "nick": "Countess"},
    outcome(sources={"email": "email", "first_name": "nick"}, name="Countess"),
)
oidc(
    "a person without a name",
    {},
    {"sub": ADA["sub"], "email": ADA["email"]},
    outcome(sources={"email": "email"}, name=""),
)
oidc(
    "an empty entry of the mapping counts as none",
    {"email": "", "department": ""},
    ADA,
    outcome(sources=USUAL),
)
oidc(
    "the domain of the address is written small, the rest as the provider wrote it",
    {},
    {**ADA, "email": "Ada.L@Northwind.Example"},
    outcome(sources=USUAL, email="Ada.L@northwind.example"),
)
oidc(
    "idp_user_id does not rename a person of OpenID Connect",
    {"idp_user_id": "oid"},
    {**ADA, "oid": "7"},
    outcome(sources={**USUAL, "idp_user_id": "oid"}),
)

# --- metadata: typed values, several values, paths ------------------------------------------------

oidc(
    "a key of one's own goes to the metadata",
    {"department": "dept"},
    {**ADA, "dept": "R&D"},
    outcome({"department": "R&D"}, sources={**USUAL, "department": "dept"}),
)
oidc(
    "values keep their type",
    {"text": "a", "number": "b", "half": "c", "flag": "d", "several": "e", "object": "f"},
    {**ADA, "a": "1", "b": 1, "c": 0.5, "d": False, "e": ["x", 2], "f": {"g": [True]}},
    outcome(
        {
            "text": "1",
            "number": 1,
            "half": 0.5,
            "flag": False,
            "several": ["x", 2],
            "object": {"g": [True]},
        },
        sources={
            **USUAL,
            "text": "a",
            "number": "b",
            "half": "c",
            "flag": "d",
            "several": "e",
            "object": "f",
        },
    ),
)
oidc(
    "a whole name wins over a path",
    {"x": "a.b"},
    {**ADA, "a.b": "whole", "a": {"b": "path"}},
    outcome({"x": "whole"}, sources={**USUAL, "x": "a.b"}),
)
oidc(
    "a whole name that is null is missing, whatever the path holds",
    {"x": "a.b"},
    {**ADA, "a.b": None, "a": {"b": "path"}},
    outcome(sources=USUAL, warned=["x"]),
)
oidc(
    "a path through an array, and to its element",
    {"all": "emails.value", "second": "emails.1.value", "beyond": "emails.2.value"},
    {**ADA, "emails": [{"value": "a"}, {"value": "b", "primary": True}]},
    outcome(
        {"all": ["a", "b"], "second": "b"},
        sources={**USUAL, "all": "emails.value", "second": "emails.1.value"},
        warned=["beyond"],
    ),
)
oidc(
    "a name that every object has is looked up like any other, and found only if it was said",
    {"x": "constructor", "y": "a.__proto__", "z": "a.toString"},
    {**ADA, "a": {}},
    outcome(sources=USUAL, warned=["x", "y", "z"]),
)
oidc(
    "such a name that was said is a value",
    {"x": "constructor", "y": "a.toString"},
    {**ADA, "constructor": "c", "a": {"toString": "t"}},
    outcome({"x": "c", "y": "t"}, sources={**USUAL, "x": "constructor", "y": "a.toString"}),
)
oidc(
    "the length of a list or a text is no part of it",
    {"x": "a.length", "y": "b.length"},
    {**ADA, "a": ["x"], "b": "text"},
    outcome(sources=USUAL, warned=["x", "y"]),
)
oidc(
    "what is missing is told, key by key, in the mapping's order",
    {"zeta": "z", "alpha": "a", "there": "name"},
    ADA,
    outcome({"there": ADA["name"]}, sources={**USUAL, "there": "name"}, warned=["zeta", "alpha"]),
)
oidc(
    "values are overwritten, and stay where nothing came",
    {"department": "dept", "level": "level"},
    {**ADA, "dept": "new"},
    outcome(
        {"department": "new", "level": 3, "other": [1]},
        sources={**USUAL, "department": "dept"},
        warned=["level"],
    ),
    before={"department": "old", "level": 3, "other": [1]},
)

# --- expressions ----------------------------------------------------------------------------------

oidc(
    "the first source that is there",
    {"department": "= dept, department, unit"},
    {**ADA, "department": "R&D", "unit": "U"},
    outcome({"department": "R&D"}, sources={**USUAL, "department": "department"}),
)
oidc(
    "the first source that is there counts, even where nothing is left of it",
    {"level": "= word, number | integer"},
    {**ADA, "word": "none", "number": 7},
    outcome(sources=USUAL, warned=["level"]),
)
oidc(
    "a default is taken as it stands",
    {"department": '= dept default "None" | lower'},
    ADA,
    outcome({"department": "None"}, sources={**USUAL, "department": "(default)"}),
)
oidc(
    "typed defaults",
    {"a": "= x default 3", "b": "= x default -1.5", "c": "= x default true", "d": '= x default ""'},
    ADA,
    outcome(
        {"a": 3, "b": -1.5, "c": True, "d": ""},
        sources={**USUAL, **dict.fromkeys("abcd", "(default)")},
    ),
)
oidc(
    "groups out of one text",
    {"groups": '= memberOf | split(";") | trim | lower'},
    {**ADA, "memberOf": "Eng; Ops;;ENG"},
    outcome(sources={**USUAL, "groups": "memberOf"}, groups=["eng", "ops"]),
)
oidc(
    "groups by a pattern; what is not like it is left out and told",
    {"groups": '= groups | capture("^CN=([^,]+)")'},
    {**ADA, "groups": ["CN=eng,OU=x", "everyone", "CN=ops"]},
    outcome(sources={**USUAL, "groups": "groups"}, groups=["eng", "ops"], warned=["groups"]),
)
oidc(
    "a pattern without a group gives the whole match, and a group need not take part",
    {"digits": '= code | capture("[0-9]+")', "maybe": '= code | capture("x(y)?")'},
    {**ADA, "code": "ab123x45"},
    outcome({"digits": "123"}, sources={**USUAL, "digits": "code"}, warned=["maybe"]),
)
oidc(
    "a pattern is case-sensitive, and (?i) makes it another",
    {"a": '= w | capture("^ada$")', "b": '= w | capture("(?i)^ada$")'},
    {**ADA, "w": "Ada"},
    outcome({"b": "Ada"}, sources={**USUAL, "b": "w"}, warned=["a"]),
)
oidc(
    "the dollar is the end of the text, not of a line",
    {"a": '= w | capture("^a$")'},
    {**ADA, "w": "a\n"},
    outcome(sources=USUAL, warned=["a"]),
)
oidc(
    "digits of a pattern are ASCII's",
    {"a": r'= w | capture("^\\d$")'},
    {**ADA, "w": "٣"},
    outcome(sources=USUAL, warned=["a"]),
)
oidc(
    "a dot of a pattern is one character, however it is written",
    {"a": '= w | capture("^.$")'},
    {**ADA, "w": "\U0001f600"},
    outcome({"a": "\U0001f600"}, sources={**USUAL, "a": "w"}),
)
oidc(
    "a pattern reads texts only",
    {"a": '= n | capture("1")'},
    {**ADA, "n": 1},
    outcome(sources=USUAL, warned=["a"]),
)
oidc(
    "booleans",
    {key: f"= {key} | boolean" for key in ("a", "b", "c", "d", "e", "f", "g", "h")},
    {**ADA, "a": " YES ", "b": "0", "c": 1, "d": True, "e": "on", "f": 2, "g": 0.0, "h": None},
    outcome(
        {"a": True, "b": False, "c": True, "d": True},
        sources={**USUAL, "a": "a", "b": "b", "c": "c", "d": "d"},
        warned=["e", "f", "g", "h"],
    ),
)
oidc(
    "integers",
    {key: f"= {key} | integer" for key in ("a", "b", "c", "d", "e", "f", "g", "h", "i")},
    {
        **ADA,
        "a": " -7 ",
        "b": "007",
        "c": 2.5,
        "d": True,
        "e": "1e3",
        "f": "+1",
        "g": "٣",
        "h": "1234567890123456789",
        "i": "1_000",
    },
    outcome(
        {"a": -7, "b": 7},
        sources={**USUAL, "a": "a", "b": "b"},
        warned=["c", "d", "e", "f", "g", "h", "i"],
    ),
)
oidc(
    "join leaves objects out, and what is empty is nothing",
    {"a": '= several | join("/")', "b": '= objects | join("/")', "c": '= one | join("/")'},
    {**ADA, "several": ["x", {"y": 1}, ["z", 2], False], "objects": [{"y": 1}], "one": "o"},
    outcome(
        {"a": "x/z/2/false", "c": "o"}, sources={**USUAL, "a": "several", "c": "one"}, warned=["b"]
    ),
)
oidc(
    "split keeps what is no text, and drops what is empty",
    {"a": '= several | split("::")', "b": '= nothing | split(",")'},
    {**ADA, "several": ["x::y:z", 3], "nothing": ",,"},
    outcome({"a": ["x", "y:z", 3]}, sources={**USUAL, "a": "several"}, warned=["b"]),
)
oidc(
    "first and all",
    {"a": "= one | all", "b": "= several | first", "c": "= one | first"},
    {**ADA, "one": 1, "several": [[1, 2], 3]},
    outcome(
        {"a": [1], "b": [1, 2], "c": 1}, sources={**USUAL, "a": "one", "b": "several", "c": "one"}
    ),
)
oidc(
    "blanks are Unicode's, and a byte order mark is none",
    {"a": "= a | trim", "b": "= b | trim"},
    {**ADA, "a": "\u00a0\u3000x\u0085\t", "b": "\ufeffx\ufeff"},
    outcome({"a": "x", "b": "\ufeffx\ufeff"}, sources={**USUAL, "a": "a", "b": "b"}),
)
oidc(
    "small letters are Unicode's, whatever the country",
    {"a": "= a | lower"},
    {**ADA, "a": "STRASSE ΟΔΟΣ I İ"},
    outcome({"a": "strasse οδος i i\u0307"}, sources={**USUAL, "a": "a"}),
)

# --- the address ----------------------------------------------------------------------------------

oidc("no address", {}, {"sub": "1"}, "oidc_response_email_missing")
oidc(
    "an address that the mapping does not find",
    {"email": "upn"},
    ADA,
    "oidc_response_email_missing",
)
oidc(
    "two addresses",
    {"email": "emails"},
    {**ADA, "emails": ["a@x.example", "b@x.example"]},
    "oidc_response_email_invalid",
)
oidc(
    "the same address twice is one",
    {"email": "emails"},
    {**ADA, "emails": [ADA["email"]] * 2},
    outcome(sources={**USUAL, "email": "emails"}),
)
oidc("no address but a word", {}, {**ADA, "email": "ada"}, "oidc_response_email_invalid")
oidc(
    "an address that only looks like one",
    {},
    {**ADA, "email": "ada\uff20northwind.example"},
    "oidc_response_email_invalid",
)
oidc(
    "an address that is not verified",
    {},
    {**ADA, "email_verified": False},
    "oidc_response_unverified_email",
)
oidc(
    "an address that is said to be verified in another word",
    {},
    {**ADA, "email_verified": "no"},
    "oidc_response_unverified_email",
)
oidc(
    "an unverified address, whatever the expression makes of it",
    {"email": "= upn, email | lower"},
    {**ADA, "email_verified": "false"},
    "oidc_response_unverified_email",
)
oidc(
    "an address that is verified in a word",
    {},
    {**ADA, "email_verified": "true"},
    outcome(sources=USUAL),
)
oidc(
    "what is said of the claim email does not count for another",
    {"email": "upn"},
    {**ADA, "upn": ADA["email"], "email_verified": False},
    outcome(sources={**USUAL, "email": "upn"}),
)
ELSEWHERE = {"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": "x"}}}
oidc(
    "groups that are only referred to",
    {},
    {**ADA, **ELSEWHERE},
    outcome(sources=USUAL, warned=["groups"]),
)
oidc(
    "an address that is only referred to",
    {},
    {"sub": "1", "_claim_names": {"email": "src1"}, "_claim_sources": {}},
    "oidc_distributed_claims",
)

# --- SAML -----------------------------------------------------------------------------------------

SAML = {"email": "mail", "full_name": "cn"}
saml("the mapping that every SAML connection has", NAMED, SAID, outcome(sources=SAML))
saml(
    "first and last name",
    {"email": "mail", "first_name": "gn", "last_name": "sn"},
    {**SAID, "gn": "Ada", "sn": "Lovelace"},
    outcome(sources={"email": "mail", "first_name": "gn", "last_name": "sn"}),
)
saml(
    "an attribute that is missing is told, the name's too",
    NAMED,
    {"mail": ADA["email"]},
    outcome(sources={"email": "mail"}, name="", warned=["full_name"]),
)
saml(
    "the NameID is a source",
    {**NAMED, "staff": "NameID"},
    SAID,
    outcome({"staff": ADA["sub"]}, sources={**SAML, "staff": "NameID"}),
)
saml(
    "no attribute can pass for the NameID",
    {**NAMED, "staff": "NameID"},
    {**SAID, "NameID": "somebody else"},
    outcome({"staff": ADA["sub"]}, sources={**SAML, "staff": "NameID"}),
)
saml(
    "a name that is a URL, and a FriendlyName where no Name fits",
    {"email": "http://schemas.example/mail", "full_name": "displayName"},
    {"http://schemas.example/mail": ADA["email"], "urn:oid:2.16.840": ADA["name"]},
    outcome(sources={"email": "http://schemas.example/mail", "full_name": "displayName"}),
    friendly_names={"urn:oid:2.16.840": "displayName"},
)
saml(
    "a Name wins over a FriendlyName",
    NAMED,
    {**SAID, "urn:oid:1": "Somebody Else"},
    outcome(sources=SAML),
    friendly_names={"urn:oid:1": "cn"},
)
saml(
    "the person by another name than the NameID",
    {**NAMED, "idp_user_id": "= uid | lower"},
    {**SAID, "uid": "ADA-7"},
    outcome(subject="ada-7", sources={**SAML, "idp_user_id": "uid"}),
)
saml(
    "without that name, the NameID",
    {**NAMED, "idp_user_id": "uid"},
    SAID,
    outcome(sources=SAML, warned=["idp_user_id"]),
)
saml(
    "a transient NameID: the person is known by the address",
    NAMED,
    {**SAID, "mail": "Ada@Northwind.example"},
    outcome(
        sources=SAML,
        subject="ada@northwind.example",
        email="Ada@northwind.example",
        warned=["NameID"],
    ),
    name_id="_x1",
    name_id_format=TRANSIENT,
)
saml(
    "a transient NameID cannot be the person's name",
    {**NAMED, "idp_user_id": "NameID"},
    SAID,
    "saml_name_id_transient",
    name_id="_x1",
    name_id_format=TRANSIENT,
)
saml(
    "groups of several values",
    {**NAMED, "groups": "memberOf"},
    {**SAID, "memberOf": ["b", "a", "b"]},
    outcome(sources={**SAML, "groups": "memberOf"}, groups=["b", "a"]),
)
saml("no address in the assertion", NAMED, {"cn": "Ada"}, "saml_response_email_invalid")
saml(
    "two addresses in the assertion",
    NAMED,
    {**SAID, "mail": ["a@x.example", "b@x.example"]},
    "saml_response_email_invalid",
)

# --- mappings that cannot be saved ----------------------------------------------------------------

saml(
    "a SAML mapping without an address",
    {"full_name": "cn"},
    SAID,
    "saml_connection_email_mapping_required",
)
saml(
    "a SAML mapping with an empty address",
    {"email": "", "full_name": "cn"},
    SAID,
    "saml_connection_email_mapping_required",
)
saml(
    "a SAML mapping without a name",
    {"email": "mail", "first_name": "gn"},
    SAID,
    "saml_connection_name_mapping_required",
)
saml(
    "a wrong expression is told before what is missing",
    {"full_name": "= cn |"},
    SAID,
    "attribute_mapping_invalid",
)
for title, text in (
    ("an expression that is none", "="),
    ("an unknown transform", "= a | upper"),
    ("a pattern that RE2 does not have", '= a | capture("(?=a)")'),
    ("a pattern with two groups", '= a | capture("(a)(b)")'),
    ("a default beyond every number", "= a default 1e999"),
    ("a no-break space in quotes", '= "a\u00a0b"'),
    ("a pattern of 257 characters", f'= a | capture("{"a" * 257}")'),
    ("a source of 513 characters", "a" * 513),
):
    oidc(title, {"x": text}, ADA, "attribute_mapping_invalid")
oidc(
    "a pattern of 256 characters",
    {"x": f'= a | capture("{"a" * 256}")'},
    {**ADA, "a": "a" * 300},
    outcome({"x": "a" * 256}, sources={**USUAL, "x": "a"}),
)
oidc(
    "a source of 512 characters",
    {"x": "a" * 512},
    {**ADA, "a" * 512: 1},
    outcome({"x": 1}, sources={**USUAL, "x": "a" * 512}),
)
oidc("a key of 129 characters", {"k" * 129: "a"}, ADA, "attribute_mapping_invalid")
oidc(
    "a key of 128 characters that take two code units each",
    {"\U0001f600" * 128: "a"},
    {**ADA, "a": 1},
    outcome({"\U0001f600" * 128: 1}, sources={**USUAL, "\U0001f600" * 128: "a"}),
)
oidc("an empty key", {"": "a"}, ADA, "attribute_mapping_invalid")
oidc("51 keys", {f"k{n:02}": "a" for n in range(51)}, ADA, "attribute_mapping_invalid")

# --- room: 20 keys and 4096 bytes -----------------------------------------------------------------

TWENTY = {f"k{n:02}": n for n in range(20)}
oidc(
    "the twenty-first key is left out, in the mapping's order",
    {key: key for key in (*TWENTY, "k20", "k21")},
    {**ADA, **TWENTY, "k20": 20, "k21": 21},
    outcome(
        TWENTY,
        sources={**USUAL, **{key: key for key in (*TWENTY, "k20", "k21")}},
        left_out=["k20", "k21"],
    ),
)
oidc(
    "what was there counts, and may be overwritten",
    {"k03": "a", "new": "a"},
    {**ADA, "a": "x"},
    outcome({**TWENTY, "k03": "x"}, sources={**USUAL, "k03": "a", "new": "a"}, left_out=["new"]),
    before=TWENTY,
)
# {"a":"…"} is 8 bytes and the text; é is two bytes, the face is four, a quote two.
oidc(
    "4096 bytes of JSON have room",
    {"a": "t"},
    {**ADA, "t": "é" * 2044},
    outcome({"a": "é" * 2044}, sources={**USUAL, "a": "t"}),
)
oidc(
    "4097 bytes have none, and what comes after them may",
    {"a": "t", "b": "u"},
    {**ADA, "t": "é" * 2041 + '"x\U0001f600', "u": 1},
    outcome({"b": 1}, sources={**USUAL, "a": "t", "b": "u"}, left_out=["a"]),
)
oidc(
    "a value that does not fit leaves the old one",
    {"a": "t"},
    {**ADA, "t": "x" * 4096},
    outcome({"a": "old"}, sources={**USUAL, "a": "t"}, left_out=["a"]),
    before={"a": "old"},
)

lines = ",\n  ".join(json.dumps(one, ensure_ascii=False) for one in cases)
text = f'{{\n "cases": [\n  {lines}\n ]\n}}\n'
(Path(__file__).parent / "cases.json").write_text(text)
