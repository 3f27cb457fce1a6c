"""A counted run that must find nothing, and proofs that it would have found something.

The long run is `make fuzz`. Here the documents are the first ones of a fixed seed, so a failure
is the same failure everywhere, and its number is enough to see it again.
"""

from __future__ import annotations

import tomllib
from base64 import b64encode
from pathlib import Path
from random import Random

import pytest

from fuzz.bending import sample
from fuzz.cases import Connection, Finding, Sample, Seed, hash_of, sample_of, seeds
from fuzz.forge import Recipe, fresh_response, parse, sign, write
from fuzz.judging import judge
from fuzz.naive import NAIVE, NAIVE_READERS
from fuzz.oracles import ORACLES, Oracle
from fuzz.reading import Unreadable, contains, facts_of
from fuzz.reducing import reduced
from fuzz.running import run
from fuzz.text_bends import FIELD, TEXT
from fuzz.token_judging import TokenVerdict, judge_token, keep, run_tokens
from fuzz.tokens import token_sample, token_seeds
from fuzz.tree_bends import TREE

SAML = "{urn:oasis:names:tc:SAML:2.0:assertion}"
GOOD = [seed for seed in seeds() if seed.good]


def test_nothing_that_no_oracle_calls_signed_is_accepted() -> None:
    report = run(2026, documents=2000, ask_refused=200, ask_accepted=50)
    assert report.findings == []
    # A run in which everything is refused, or nothing was bent, would find nothing either.
    assert report.accepted > 150
    assert len(report.codes) > 25


@pytest.mark.parametrize("name", sorted(NAIVE))
def test_a_mistake_that_others_made_is_found(name: str) -> None:
    report = run(2026, documents=2000, target=NAIVE[name], stop_at_first=True)
    assert [finding.kind for finding in report.findings] == [
        "crash" if name == "falls_over" else "unsigned"
    ]


def test_no_token_is_accepted_that_no_oracle_calls_signed() -> None:
    report = run_tokens(2026, documents=1500)
    assert report.findings == []
    assert report.accepted > 150
    assert len(report.codes) > 10


def test_no_token_among_the_vectors_breaks_the_rule() -> None:
    """What the fuzzer found lies among them, and must be refused or signed by now."""
    broken = [one.steps for one in token_seeds() if judge_token(one).kind]
    assert broken == []


@pytest.mark.parametrize("name", sorted(NAIVE_READERS))
def test_a_mistake_with_tokens_is_found(name: str) -> None:
    report = run_tokens(2026, documents=1500, reader=NAIVE_READERS[name], stop_at_first=True)
    assert [verdict.kind for verdict, _ in report.findings] == ["unsigned"]


def test_a_document_is_the_same_by_its_number() -> None:
    for number in range(60):
        one, again = sample(5, number), sample(5, number)
        assert one.steps == again.steps
        assert len(one.form_field) == len(again.form_field)


def test_every_way_of_bending_is_taken() -> None:
    taken = {step for number in range(2500) for step in sample(3, number).steps}
    assert {*TREE, *TEXT, *FIELD} <= taken


# --- oracles ----------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", GOOD, ids=lambda seed: seed.name)
def test_an_oracle_vouches_for_each_value_of_a_good_vector(seed: Seed) -> None:
    verdict = judge(sample_of(seed.document, seed.connection))
    assert verdict.accepted
    assert verdict.what == ""


@pytest.mark.parametrize("oracle", ORACLES, ids=lambda oracle: oracle.name)
def test_an_oracle_has_an_opinion_of_most_good_vectors(oracle: Oracle) -> None:
    """One that always refuses would vouch for nothing, and nobody would miss it."""
    told = [oracle.ask(seed.document, seed.connection) for seed in GOOD]
    assert sum(opinion.facts is not None for opinion in told) > len(GOOD) * 0.6


@pytest.mark.parametrize("oracle", ORACLES, ids=lambda oracle: oracle.name)
def test_no_oracle_vouches_for_a_changed_value(oracle: Oracle) -> None:
    seed = next(seed for seed in GOOD if seed.name == "good/generic/assertion-signed")
    assert oracle.ask(seed.document, seed.connection).facts is not None
    changed = seed.document.replace(b"alice@corp", b"admin@corp")
    assert oracle.ask(changed, seed.connection).facts is None


@pytest.mark.parametrize("oracle", ORACLES, ids=lambda oracle: oracle.name)
def test_no_oracle_vouches_for_another_key(oracle: Oracle) -> None:
    seed = next(seed for seed in GOOD if seed.name == "good/generic/assertion-signed")
    assert oracle.ask(seed.document, Connection(certificates=("idp-next",))).facts is None


def test_a_wrapped_assertion_is_not_among_the_signed_values() -> None:
    """The rule itself: the oracles say yes to the signature, and no to what was read."""
    root = parse(fresh_response(Random(1), "mallory@corp.example", plain=True))
    sign(root, root.find(f"{SAML}Assertion"), Recipe())
    evil = write(root.find(f"{SAML}Assertion")).replace(b"mallory@", b"alice@")
    evil = evil.replace(b"_assertion-1", b"_evil")
    root.insert(0, parse(evil))
    one = sample_of(write(root), Connection(certificates=("idp-p256",)))
    verdict = judge(one, NAIVE["first_assertion"])
    assert verdict.kind == "unsigned"
    assert judge(one).code == "saml_assertion_count"


# --- reading ----------------------------------------------------------------------------------


def test_values_are_contained_whole_and_in_their_place_only() -> None:
    facts = facts_of(_assertion("<saml:NameID>alice@<!-- x -->corp.example</saml:NameID>"))
    assert contains(facts, "NameID", "alice@corp.example")
    assert not contains(facts, "NameID", "alice@")
    assert not contains(facts, "NameID", "corp")
    assert not contains(facts, "Issuer", "alice@corp.example")
    assert not contains(facts, "Attribute groups", ("a",))
    assert contains(facts, "Attribute groups", ("a", "b"))


def test_two_names_are_no_fact() -> None:
    with pytest.raises(Unreadable):
        facts_of(_assertion("<saml:NameID>a</saml:NameID><saml:NameID>b</saml:NameID>"))


def _assertion(names: str) -> bytes:
    return (
        f'<saml:Assertion xmlns:saml="{SAML[1:-1]}" ID="_1"><saml:Issuer>i</saml:Issuer>'
        f"<saml:Subject>{names}</saml:Subject><saml:Conditions/><saml:AttributeStatement>"
        '<saml:Attribute Name="groups"><saml:AttributeValue>a</saml:AttributeValue>'
        "<saml:AttributeValue>b</saml:AttributeValue></saml:Attribute>"
        "</saml:AttributeStatement></saml:Assertion>"
    ).encode()


# --- findings ---------------------------------------------------------------------------------


def test_a_finding_is_kept_as_a_vector_that_fails_until_it_is_decided(tmp_path: Path) -> None:
    seed = next(seed for seed in GOOD if seed.name == "good/saml-idp/unsolicited")
    one = sample_of(seed.document, seed.connection, "copy")
    finding = Finding("unsigned", "\U0001f600\ud800\x7f", one, opinions=("two\nlines",))
    place = finding.write(tmp_path)
    case = tomllib.loads((place / "case.toml").read_text())
    assert (place / "response.xml").read_bytes() == seed.document
    assert case["expected"]["code"] == "to be decided"
    assert case["certificates"] == list(seed.connection.certificates)
    assert "request_id" not in case


def test_a_finding_in_the_field_is_kept_as_it_was_posted(tmp_path: Path) -> None:
    finding = Finding("crash", "x", Sample("\u00e9", Connection()))
    assert (finding.write(tmp_path) / "response.b64").read_text(encoding="utf-8") == "\u00e9"


def test_a_token_that_was_found_is_kept_with_its_keys(tmp_path: Path) -> None:
    one = token_sample(1, 1)
    place = keep(TokenVerdict(None, "unsigned", "x"), one, tmp_path)
    assert (place / "token.jwt").read_text(encoding="utf-8") == one.token
    assert (place / "jwks.json").read_bytes() == one.jwks
    assert tomllib.loads((place / "case.toml").read_text())["step"] == "id_token"


def test_a_finding_is_made_small_and_stays_one() -> None:
    document = b"<r><a/><b><c x='1' y='2'/>long text that says nothing</b><keep/></r>"

    def still(smaller: Sample) -> bool:
        return b"keep" in (smaller.document or b"")

    small = reduced(sample_of(document, Connection()), still)
    assert small.document == b"<r><keep/></r>"


def test_numbers_of_findings_do_not_depend_on_the_run() -> None:
    assert hash_of("a") == 0xE8B7BE43
    assert b64encode(b"a").decode() == sample_of(b"a", Connection()).form_field
