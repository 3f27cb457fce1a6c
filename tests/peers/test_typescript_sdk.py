"""Our own TypeScript SDKs outside a browser: their types, their tests, what they weigh, and the
Node package against a live `vestibule dev`. The tests proper are written for Node's test runner and
lie beside the packages."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import pytest
import re2

from peers import typescript
from peers.typescript import WORKSPACE
from peers.vestibule_server import Vestibule
from vestibule.web.mock_idp import CLIENT_ID, CLIENT_SECRET, PREFIX

pytestmark = pytest.mark.peer

PACKAGES = ("core", "node", "browser", "react")
FILES = sorted(WORKSPACE.glob("packages/*/test/*.test.mjs"))


def run_tests(*files: Path, **env: str) -> None:
    typescript.build()
    said = typescript.run(
        "--test", "--test-reporter=tap", *(str(f.relative_to(WORKSPACE)) for f in files), env=env
    )
    counted = {name: int(number) for name, number in re.findall(r"^# (\w+) (\d+)$", said, re.M)}
    assert counted["tests"] == counted["pass"] > 0


def test_the_packages_compile_without_a_fault() -> None:
    typescript.build()


@pytest.mark.parametrize("file", FILES, ids=lambda path: f"{path.parts[-3]}/{path.name}")
def test_what_a_package_promises(file: Path) -> None:
    run_tests(file)


def test_the_node_package_walks_the_scenarios(vestibule_dev: Vestibule) -> None:
    run_tests(
        WORKSPACE / "packages" / "node" / "test" / "live.mjs",
        VESTIBULE_CREDENTIALS=str(vestibule_dev.data / "credentials.json"),
        VESTIBULE_IDP=f"{vestibule_dev.base_url}{PREFIX}",
        VESTIBULE_IDP_CLIENT_ID=CLIENT_ID,
        VESTIBULE_IDP_CLIENT_SECRET=CLIENT_SECRET,
    )


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_needs_nothing_of_other_people(name: str) -> None:
    """Who installs one gets our code alone."""
    told = json.loads((WORKSPACE / "packages" / name / "package.json").read_text())
    assert all(needed.startswith("@vestibule-sso/") for needed in told.get("dependencies", {}))
    assert told["type"] == "module"
    assert told["sideEffects"] is False
    assert told.get("peerDependencies", {}).keys() <= {"react"}


def size(source: str) -> tuple[int, str]:
    """How many bytes a bundle of `source` has, minified and gzipped, and the bundle."""
    typescript.build()
    bundle = typescript.run("scripts/bundle.mjs", source)
    told = json.loads(bundle)
    return told["gzipped"], told["text"]


def test_the_whole_client_of_a_page_is_below_8_kilobytes() -> None:
    gzipped, text = size('export * from "@vestibule-sso/browser"')
    assert gzipped <= 8 * 1024
    assert "/sdk/v1/b2b/sso/saml" in text


def test_a_page_pays_for_what_it_uses() -> None:
    whole, _ = size('export { Vestibule } from "@vestibule-sso/browser"')
    part, text = size('export { Page } from "@vestibule-sso/browser"')
    assert part < whole
    assert "/sdk/v1/b2b/sessions/authenticate" in text
    assert "/sdk/v1/b2b/sso/saml" not in text
    least, text = size('export { grantingRoles } from "@vestibule-sso/browser"')
    assert least < 400
    assert "/sdk/v1" not in text


# --- patterns of mappings: our engine in the Node package against RE2 itself ----------------------

_ASK = """
import { Pattern } from "./packages/node/dist/pattern.js";
let said = "";
for await (const part of process.stdin) said += part;
const found = JSON.parse(said).map(([pattern, text]) => {
  try {
    return [new Pattern(pattern).find(text) ?? null];
  } catch (reason) {
    return String(reason);
  }
});
console.log(JSON.stringify(found));
"""
_ATOMS = (
    "a", "b", "B", "é", "É", "\U0001f600", ".", "^", "$", "\\n", "\\.", "\\d", "\\D", "\\w",
    "\\W", "\\s", "\\b", "\\B", "\\A", "\\z", "[ab]", "[^ab]", "[a-c1]", "[]a]", "[^]a]", "[a-]",
    "[\\d_]", "[\\w.-]", "[[:alpha:]]", "[[:^digit:]x]", "\\pL", "\\p{Lu}", "\\PN", "\\p{Greek}",
    "\\x41", "\\x{e9}", "\\Qa.b\\E", "\\t", "\\-", "(?i)", "(?s)", "(?m)", "(?U)", "(?-i)",
)  # fmt: skip
_REPEATS = (
    "", "", "", "", "*", "+", "?", "*?", "+?", "??", "{2}", "{1,3}", "{0,}", "{2,}?", "{,2}", "{",
)  # fmt: skip
_BROKEN = (
    "(", ")", "a)", "(a", "[", "[a", "[]", "*", "a**", "a+*", "(?=a)", "(?<=a)b", "(?!a)",
    "(a)\\1", "\\", "a{1001}", "a{3,2}", "(?P<n", "(?P=n)", "(?z)", "[b-a]", "[[:nope:]]",
    "\\p{Nope}", "\\8", "\\y", "\\Z", "(?>a)", "a++", "(?#c)",
)  # fmt: skip
_TEXTS = (
    "", "a", "ab", "AB", "ba ab", "aab", "abab", "a.b", "é", "É", "x\ny", "a\n",
    "\na\nb", "A1_ b-2", "\U0001f600a", "αβΓ", "{", "a{,2}", "\u2028", "]", "\t", "a{",
)  # fmt: skip


def _pattern(chance: random.Random, depth: int = 0) -> str:
    def one() -> str:
        if depth < 2 and chance.random() < 0.25:
            start = chance.choice(["(", "(?:", "(?:", "(?i:", "(?P<n>"] if depth else ["(", "(?:"])
            return f"{start}{_pattern(chance, depth + 1)})"
        return chance.choice(_ATOMS)

    def part() -> str:
        return "".join(one() + chance.choice(_REPEATS) for _ in range(chance.randint(1, 3)))

    return "|".join(part() for _ in range(chance.choice([1, 1, 1, 2, 3])))


def _by_re2(pattern: str, text: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    try:
        compiled = re2.compile(pattern, options)
    except re2.error:
        return "refused"
    found = compiled.search(text)
    return [found.group(min(compiled.groups, 1)) if found else None]


def test_a_pattern_of_a_mapping_means_what_it_means_to_re2() -> None:
    typescript.build()
    chance = random.Random(26)
    patterns = [*_BROKEN, *(_pattern(chance) for _ in range(1500))]
    pairs = [(pattern, text) for pattern in patterns for text in chance.sample(_TEXTS, 5)]
    told = typescript.run("--input-type=module", "-e", _ASK, said=json.dumps(pairs))
    ours: list[Any] = json.loads(told)
    different = {}
    for (pattern, text), got in zip(pairs, ours, strict=True):
        # RE2 repeats what stands before the flags; nobody means that.
        if "flags cannot be repeated" in got:
            continue
        wanted = _by_re2(pattern, text)
        if wanted != ("refused" if isinstance(got, str) else got):
            different[pattern] = (text, wanted, got)
    assert different == {}
    assert sum(isinstance(got, str) for got in ours) < len(ours) / 2


def test_a_pattern_that_others_choke_on_is_answered() -> None:
    """A backtracking engine would need 2^20000 steps for this one."""
    typescript.build()
    pair = ["^(?:a+)+$", "a" * 20_000 + "!"]
    assert json.loads(
        typescript.run("--input-type=module", "-e", _ASK, said=json.dumps([pair]))
    ) == [[None]]
