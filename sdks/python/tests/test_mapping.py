"""What the vectors do not say of previewing a mapping: its patterns, and its texts for people."""

from __future__ import annotations

import subprocess
import sys

import pytest

from vestibule_sdk import MappingRefused
from vestibule_sdk.mapping import check_expression, preview_oidc, preview_saml

CLAIMS = {"sub": "1", "email": "ada@x.example", "a": "a" * 60_000 + "!", "b": "\ud800"}
WITHOUT_RE2 = """
import sys
sys.modules["re2"] = None
from vestibule_sdk.mapping import preview_oidc
claims = {"sub": "1", "email": "ada@x.example", "team": "Eng"}
assert preview_oidc({"team": "= team | lower"}, claims).trusted_metadata == {"team": "eng"}
try:
    preview_oidc({"team": '= team | capture("E")'}, claims)
except ModuleNotFoundError as reason:
    print(reason)
"""


def test_a_pattern_that_others_choke_on_is_answered() -> None:
    """A backtracking engine would need 2^60000 steps for this one."""
    made = preview_oidc({"x": '= a | capture("^(?:a+)+$")'}, CLAIMS)
    assert made.trusted_metadata == {}
    assert len(made.warnings[0]) < 200


def test_a_lone_surrogate_is_like_no_pattern() -> None:
    assert preview_oidc({"x": '= b | capture(".*")'}, CLAIMS).trusted_metadata == {}


def test_without_re2_only_patterns_are_missing_and_it_says_how_to_have_them() -> None:
    run = [sys.executable, "-c", WITHOUT_RE2]
    told = subprocess.run(run, capture_output=True, text=True, check=True).stdout  # noqa: S603
    assert "vestibule-sdk[mapping]" in told


def test_a_refusal_says_what_was_wanted_and_what_came() -> None:
    with pytest.raises(MappingRefused, match=r"wanted one of lower, .*got upper at character 7"):
        check_expression("= a | upper")


def test_several_values_may_be_a_tuple() -> None:
    mapping = {"email": "mail", "full_name": "cn", "groups": "of"}
    said = {"mail": "ada@x.example", "cn": "Ada", "of": ("a", "b")}
    assert preview_saml(mapping, said, name_id="1").groups == ("a", "b")
