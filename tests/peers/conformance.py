"""The RP modules of the OpenID Foundation's conformance suite, and which mode stands for each.

Owns the list of plans and the two tables of `docs/security/openid-conformance.md`. Print them anew
with `PYTHONPATH=tests python -m peers.conformance`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from peers.misbehaving_provider.modes import ACCEPTED, DIFFERS, MODES, NOT_APPLICABLE, PREFIX

# Names as of August 2026. Modules of an earlier plan are not named again.
PLANS: Final[Mapping[str, tuple[str, ...]]] = {
    "Basic RP": (
        "", "-invalid-iss", "-missing-sub", "-invalid-aud", "-missing-iat",
        "-kid-absent-single-jwks", "-kid-absent-multiple-jwks", "-idtoken-sig-rs256",
        "-idtoken-sig-none", "-invalid-sig-rs256", "-userinfo-invalid-sub", "-nonce-invalid",
        "-scope-userinfo-claims", "-client-secret-basic",
    ),
    "Config RP": (
        "-discovery-openid-config", "-discovery-jwks-uri-keys", "-discovery-issuer-mismatch",
        "-signing-key-rotation-just-before-signing", "-signing-key-rotation",
    ),
    "Refresh token": (
        "-refresh-token", "-refresh-token-invalid-issuer", "-refresh-token-invalid-sub",
        "-refresh-token-invalid-aud", "-refresh-token-invalid-azp",
    ),
    "Form Post RP": ("-form-post-error",),
    "Implicit and Hybrid RP": (
        "-missing-aud", "-missing-athash", "-invalid-athash", "-missing-chash", "-invalid-chash",
        "-nonce-unless-code-flow", "-invalid-sig-es256", "-invalid-sig-hs256",
        "-userinfo-bearer-header", "-userinfo-bearer-body", "-userinfo-signed",
        "-aggregated-claims", "-distributed-claims", "-mtls-endpoint-aliases",
        "-ignores-unparseable-key-in-jwks",
    ),
    "Dynamic RP": (
        "-discovery-webfinger-acct", "-discovery-webfinger-url", "-dynamic-registration",
        "-request-uri-signed-rs256", "-request-uri-signed-none",
    ),
    "Third-party-initiated login": ("-3rd-party-init-login",),
    "Logout RPs": (
        "-rp-init-logout", "-rp-init-logout-no-state", "-rp-init-logout-other-state",
        "-rp-backchannel-rpinitlogout", "-rp-backchannel-rpinitlogout-alg-none",
        "-rp-backchannel-rpinitlogout-no-event", "-rp-backchannel-rpinitlogout-with-nonce",
        "-rp-backchannel-rpinitlogout-wrong-alg", "-rp-backchannel-rpinitlogout-wrong-aud",
        "-rp-backchannel-rpinitlogout-wrong-event", "-rp-backchannel-rpinitlogout-wrong-iss",
        "-rp-frontchannel-opinitlogout", "-rp-frontchannel-rpinitlogout", "-session-management",
    ),
}  # fmt: skip

_MODE_OF: Final = {module: mode for mode in MODES for module in mode.modules}


def modules_of_all_plans() -> Iterator[str]:
    for modules in PLANS.values():
        yield from modules


def modules_table() -> str:
    """Plan, module, mode, result; or why a module has no mode."""
    rows = []
    for plan, modules in PLANS.items():
        for module in modules:
            name = f"`{PREFIX}{module}`" if not module else f"`{module}`"
            if module in NOT_APPLICABLE:
                rows.append((plan, name, "–", f"not applicable: {NOT_APPLICABLE[module]}"))
                continue
            mode = _MODE_OF[module]
            note = f". {DIFFERS[module]}" if module in DIFFERS else ""
            rows.append((plan, name, f"`{mode.name}`", f"{_result(mode.expected)}{note}"))
    return _table(("plan", "module", "mode", "result"), rows)


def modes_table() -> str:
    """Mode, what it does, where it is seen, result."""
    return _table(
        ("mode", "what the provider does", "seen at", "result"),
        ((f"`{m.name}`", m.does, m.stage or "–", _result(m.expected)) for m in MODES),
    )


def _result(expected: str) -> str:
    return expected if expected == ACCEPTED else f"refused, `{expected}`"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    print(modules_table(), modes_table(), sep="\n\n")
