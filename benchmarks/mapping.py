"""An attribute mapping of 20 keys: plain names, paths, and expressions with transforms."""

from __future__ import annotations

from benchmarks.measure import show, take_turns
from vestibule.domain.attributes import Statement, map_statement


def run(*, quick: bool) -> None:
    plain = {f"plain_{n}": f"attribute-{n}" for n in range(17)}
    richer = {
        **{f"plain_{n}": f"attribute-{n}" for n in range(9)},
        "city": "address.city",
        "first": "groups.0",
        **{f"tidy_{n}": f"= nobody, attribute-{n} | trim | lower" for n in range(3)},
        "units": '= units | split(";") | capture("OU=([^,]+)")',
        "level": "= level default 1 | integer",
        "active": "= active | boolean",
    }
    who = {"email": "mail", "full_name": "cn", "groups": "groups"}
    attributes: dict[str, object] = {
        **{f"attribute-{n}": f" Value {n} " for n in range(17)},
        "mail": "ada@northwind.example",
        "cn": "Ada Lovelace",
        "groups": [f"group-{n}" for n in range(10)],
        "address": {"city": "London"},
        "units": "OU=research,O=x;OU=engines,O=x",
        "level": "7",
        "active": "yes",
    }
    saml = Statement("saml", "1001", attributes)
    oidc = Statement("oidc", "1001", attributes)
    # What no mapping can do without: a look-up of each name, and a copy of what is found.
    names = [*plain.values(), *who.values()]
    assert len(names) == len({**richer, **who}) == 20
    cases = {
        "20 look-ups": lambda: {name: attributes.get(name) for name in names},
        "SAML, 20 plain names": lambda: map_statement({**plain, **who}, saml),
        "OpenID Connect, 20 plain names": lambda: map_statement({**plain, **who}, oidc),
        "SAML, paths and expressions": lambda: map_statement({**richer, **who}, saml),
        "OpenID Connect, paths and expressions": lambda: map_statement({**richer, **who}, oidc),
    }
    assert map_statement({**richer, **who}, saml).custom["units"] == ["research", "engines"]
    show(take_turns(cases, rounds=5 if quick else 15, seconds=0.05), "20 look-ups")
