"""The OpenAPI 3.1 document and the reference, read off the registry."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from vestibule import __version__
from vestibule.domain.idempotency import MAX_KEY
from vestibule.domain.rbac import OPERATION_RULES, Rule
from vestibule.errors import CODES
from vestibule.web.api.frontend import FRONTEND
from vestibule.web.api.registry import OPERATIONS, Operation
from vestibule.web.problems import Problem, status_of

_REF = "#/components/schemas/{name}"
_TAGS = {
    "organizations": "Organizations",
    "organizations_members": "Members",
    "sso": "Single sign-on",
    "sso_saml": "SAML connections",
    "sso_oidc": "OIDC connections",
    "sso_external": "External connections",
    "sessions": "Sessions",
    "magic_links": "Magic links",
    "magic_links_email": "Magic links",
    "magic_links_email_discovery": "Magic links",
    "magic_links_discovery": "Magic links",
    "discovery_organizations": "Discovery",
    "discovery_intermediate_sessions": "Discovery",
    "scim_connection": "SCIM",
    "setup_links": "Setup links",
    "rbac": "RBAC",
    "rbac_organizations": "RBAC",
    "management": "Management",
    "audit": "Audit log",
    "branding": "Branding",
    "sdk": "Frontend API",
}


def _leg(
    name: str, method: str, path: str, summary: str, description: str, response: str, *fields: str
) -> dict[str, Any]:
    """A leg of the browser for the reference; `fields` are `name: meaning`, `name*` if required."""
    place = "query" if method == "GET" else "form"
    parameters = []
    for entry in fields:
        field_name, _, meaning = entry.partition(": ")
        parameters.append(
            {
                "name": field_name.rstrip("*"),
                "place": place,
                "type": "string",
                "required": field_name.endswith("*"),
                "description": meaning,
            }
        )
    return {
        "id": name, "method": method, "path": path, "summary": summary,
        "description": description, "auth": "none", "rbac": "", "extension": False,
        "parameters": parameters, "response": response,
    }  # fmt: skip


# Redirects and pages rather than JSON, so they stand in the reference and not in OpenAPI.
_BROWSER_LEGS = (
    _leg(
        "sso.start", "GET", "/v1/public/sso/start", "Start a login",
        "Send the browser here. It goes on to the identity provider and comes back to the redirect "
        "URL with `stytch_token_type=sso` and a `token`.",
        "302 to the identity provider",
        "public_token*: of the project",
        "connection_id: SAML, OIDC or External; this or organization_id",
        "organization_id: its default connection, or its only one",
        "login_redirect_url: a registered URL; the project's default otherwise",
        "signup_redirect_url: for new members; the login URL otherwise",
        "pkce_code_challenge: base64url(SHA-256(verifier)), for the application's own PKCE",
        "custom_scopes: OIDC only, separated by spaces, added to the connection's",
        "provider_…: OIDC only, forwarded without the prefix, such as provider_login_hint",
    ),
    _leg(
        "sso.callback.saml", "POST", "/v1/b2b/sso/callback/{connection_id}",
        "SAML assertion consumer service",
        "The ACS URL and the entity id of a SAML connection.",
        "303 to the redirect URL",
        "SAMLResponse*: base64", "RelayState: as we sent it",
    ),
    _leg(
        "sso.callback.oidc", "GET", "/v1/b2b/sso/callback/{connection_id}", "OIDC redirect URI",
        "The redirect URI of an OIDC connection.",
        "303 to the redirect URL",
        "code: of the identity provider", "state*: as we sent it", "iss: RFC 9207",
        "error: instead of a code", "error_description: what the provider says of it",
    ),
    _leg(
        "sso.metadata", "GET", "/v1/public/sso/metadata/{connection_id}", "SP metadata",
        "What a SAML identity provider needs to know of us for one connection.",
        "an EntityDescriptor",
    ),
    _leg(
        "sso.jwks", "GET", "/v1/public/sso/jwks/{connection_id}", "Our key for one OpenID Provider",
        "The public key by which a connection with `private_key_jwt` proves itself.",
        "a JWK Set, empty where the connection has no key of its own",
    ),
    _leg(
        "sso.test.start", "GET", "/v1/public/sso/test/{token}", "Start a test login",
        "The `test_url` of `sso.test_connection`. Open it once, within ten minutes. "
        "What comes back at the callback ends in a page that tells what was checked and who it "
        "would have been; nobody is let in. `Accept: application/json` gets the same as JSON.",
        "302 to the identity provider, or a page with a form that sends itself",
    ),
    _leg(
        "sso.logout.start", "GET", "/v1/public/sso/logout/{token}", "Carry a logout",
        "The `logout_url` of `sso.logout`. Send the browser here, once and within ten minutes: it "
        "goes on to the identity provider with a signed LogoutRequest.",
        "303 to the identity provider, or a page with a form that sends itself",
    ),
    _leg(
        "sso.logout.redirect", "GET", "/v1/b2b/sso/logout/{connection_id}",
        "SAML single logout service, HTTP-Redirect",
        "Takes the identity provider's signed LogoutRequest, which ends every session that stands "
        "on the one it names, and its LogoutResponse to ours.",
        "303 to the identity provider with a signed LogoutResponse, or to the application",
        "SAMLRequest: deflated base64", "SAMLResponse: instead of a request",
        "RelayState: given back, 80 bytes at most",
        "SigAlg*: RSA or ECDSA with SHA-256 or stronger",
        "Signature*: over the query as it stands on the wire",
    ),
    _leg(
        "sso.logout.post", "POST", "/v1/b2b/sso/logout/{connection_id}",
        "SAML single logout service, HTTP-POST",
        "The same in a form. The signature stands inside the message.",
        "303, or a page with a form that sends itself",
        "SAMLRequest: base64", "SAMLResponse: instead of a request",
        "RelayState: given back, 80 bytes at most",
    ),
    _leg(
        "magic_links.redirect", "GET", "/v1/b2b/magic_links/redirect", "Follow a magic link",
        "Where the links in mails lead. The token is not used up here, so a scanner of mails may "
        "come first; the application exchanges it.",
        "303 to the redirect URL with `token` and `stytch_token_type`",
        "token*: of the mail",
    ),
)  # fmt: skip


@cache
def document(base_url: str) -> dict[str, Any]:
    """The OpenAPI 3.1 description of every operation."""
    operations = [*OPERATIONS, *FRONTEND]
    types = [t for op in operations for t in (op.request, op.response)] + [Problem]
    schemas, components = msgspec.json.schema_components(types, ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    problem = {
        "description": "A refusal",
        "content": {"application/json": {"schema": schemas[-1]}},
    }
    for index, op in enumerate(operations):
        request, response = schemas[2 * index], schemas[2 * index + 1]
        entry: dict[str, Any] = {
            "operationId": op.id,
            "summary": op.summary,
            "description": op.description,
            "tags": [tag_of(op)],
            "parameters": [
                *_path_parameters(op),
                *_query_parameters(op, request, components),
                *_header_parameters(op),
            ],
            "responses": {
                "200": {
                    "description": "Done",
                    "content": {"application/json": {"schema": _wrapped(op, response)}},
                },
                **{str(status): problem for status in _statuses(op)},
            },
            "security": _security(op),
            "x-extension": op.extension,
        }
        if op.rule in OPERATION_RULES:
            entry["x-rbac"] = rbac_text(OPERATION_RULES[op.rule])
        if op.method in ("POST", "PUT"):
            entry["requestBody"] = {
                "required": bool(_required(request, components)),
                "content": {"application/json": {"schema": request}},
            }
        paths.setdefault(op.path, {})[op.method.lower()] = entry
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Vestibule",
            "version": __version__,
            "description": "B2B single sign-on: organizations, members, connections, sessions.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": base_url}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "project": {
                    "type": "http",
                    "scheme": "basic",
                    "description": "project_id as the user, secret as the password",
                },
                "memberSession": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "X-Stytch-Member-Session",
                    "description": "on behalf of a member, beside the project's credentials",
                },
                "workspace": {
                    "type": "http",
                    "scheme": "basic",
                    "description": "workspace key id as the user, its secret as the password",
                },
                "publicToken": {
                    "type": "http",
                    "scheme": "basic",
                    "description": "public token as the user; as the password the session token, "
                    "or the public token again where there is no session",
                },
            },
        },
    }


def _wrapped(op: Operation, schema: dict[str, Any]) -> dict[str, Any]:
    """Successes of the frontend surface stand in `data` (wire §8.1)."""
    if tag_of(op) != _TAGS["sdk"]:
        return schema
    return {"type": "object", "required": ["data"], "properties": {"data": schema}}


def tag_of(op: Operation) -> str:
    return _TAGS[op.id.split(".", maxsplit=1)[0]]


def rbac_text(rule: Rule) -> str:
    """What a member needs, in words of the policy."""
    if rule.fields and not rule.action:
        text = f"{rule.resource}: one action for each field"
    else:
        text = f"{rule.resource}:{rule.action}"
    return f"{text}, or {rule.self_resource} for oneself" if rule.self_resource else text


def reference() -> list[dict[str, Any]]:
    """The operations in groups, as the reference page shows them."""
    spec = document("")
    groups: dict[str, list[dict[str, Any]]] = {}
    for op in [*OPERATIONS, *FRONTEND]:
        entry = spec["paths"][op.path][op.method.lower()]
        parameters = [
            {
                "name": p["name"],
                "place": p["in"],
                "type": type_text(p["schema"]),
                "required": p["required"],
                "description": p.get("description", ""),
            }
            for p in entry["parameters"]
        ]
        body = entry.get("requestBody")
        if body:
            schema = _resolve(body["content"]["application/json"]["schema"], spec["components"])
            parameters += [
                {
                    "name": name,
                    "place": "body",
                    "type": type_text(inner),
                    "required": name in schema.get("required", ()),
                    "description": "",
                }
                for name, inner in schema.get("properties", {}).items()
            ]
        groups.setdefault(tag_of(op), []).append(
            {
                "id": op.id,
                "method": op.method,
                "path": op.path,
                "summary": op.summary,
                "description": op.description,
                "auth": _AUTH.get((op.auth, op.presence), "none"),
                "rbac": entry.get("x-rbac", ""),
                "extension": op.extension,
                "parameters": parameters,
                "response": ", ".join(
                    name
                    for name in op.response.__struct_fields__
                    if name not in ("request_id", "status_code")
                )
                or "the envelope only",
            }
        )
    order = ["The browser's legs", *dict.fromkeys(_TAGS.values())]
    groups[order[0]] = [dict(leg) for leg in _BROWSER_LEGS]
    return [{"name": name, "operations": groups[name]} for name in order if name in groups]


_AUTH = {
    ("secret", "none"): "project secret",
    ("workspace", "none"): "workspace key",
    ("public", "none"): "public token",
    ("public", "optional"): "public token, and a session if there is one",
    ("public", "required"): "public token and session",
}


def errors() -> list[dict[str, Any]]:
    """Every code with what it means and who mends it."""
    return [
        {
            "code": row.code,
            "error_type": row.wire,
            "status": status_of(row),
            "message": row.message,
            "remedy": row.remedy,
            "spec": row.spec,
        }
        for row in CODES.values()
    ]


def type_text(schema: dict[str, Any]) -> str:
    """A schema in a few words."""
    if "anyOf" in schema:
        return " or ".join(
            type_text(inner) for inner in schema["anyOf"] if inner.get("type") != "null"
        )
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {type_text(schema.get('items', {}))}"
    return str(schema.get("type", "any"))


def _path_parameters(op: Operation) -> list[dict[str, Any]]:
    return [
        {
            "name": part[1:-1],
            "in": "path",
            "required": True,
            "schema": {"type": "string", "minLength": 1},
        }
        for part in op.segments
        if part.startswith("{")
    ]


def _query_parameters(
    op: Operation, request: dict[str, Any], components: dict[str, Any]
) -> list[dict[str, Any]]:
    if op.method not in ("GET", "DELETE"):
        return []
    schema = _resolve(request, {"schemas": components})
    return [
        {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", ()),
            "schema": next((s for s in inner.get("anyOf", ()) if s.get("type") != "null"), inner),
        }
        for name, inner in schema.get("properties", {}).items()
    ]


def _header_parameters(op: Operation) -> list[dict[str, Any]]:
    if not op.idempotency_key:
        return []
    return [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "description": "the same request with the same key is answered again and done once",
            "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY},
        }
    ]


def _resolve(schema: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        found: dict[str, Any] = components["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
        return found
    return schema


def _required(schema: dict[str, Any], components: dict[str, Any]) -> list[str]:
    found: list[str] = _resolve(schema, {"schemas": components}).get("required", [])
    return found


def _statuses(op: Operation) -> tuple[int, ...]:
    if op.auth == "public":
        return (400, 401, 403, 404, 405, 409, 413, 429, 502)
    if op.auth == "none":
        # What asks about an address is limited, by `door`.
        return (400, 404, 405, 413, 429) if op.method == "POST" else (400, 404, 405, 413)
    found: tuple[int, ...] = (400, 401, 404, 405, 409, 413, 502)
    if op.session_headers:
        found = (*found, 403)
    if op.idempotency_key:
        found = (*found, 422)
    return tuple(sorted(found))


def _security(op: Operation) -> list[dict[str, list[str]]]:
    if op.auth == "none":
        return []
    if op.auth == "workspace":
        return [{"workspace": []}, {"project": []}]
    if op.auth == "public":
        return [{"publicToken": []}]
    both: list[dict[str, list[str]]] = [{"project": []}]
    return [*both, {"project": [], "memberSession": []}] if op.session_headers else both
