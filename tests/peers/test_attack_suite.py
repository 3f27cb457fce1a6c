"""The attack suite runs against `vestibule dev`, and can tell when somebody is let in."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from peers import certificates
from peers.vestibule_server import Vestibule
from vestibule import __version__
from vestibule.attack import report, run
from vestibule.attack.cases import Setup
from vestibule.attack.catalogue import HONEST, HOSTILE, cases
from vestibule.attack.client import Answer
from vestibule.attack.judge import ACCEPTED, BROKEN, REFUSED, Entry, Verdict, Wanted, decide
from vestibule.attack.keys import KeyRing, Pair
from vestibule.attack.live import BELIEVED, IDP, Door, Live
from vestibule.attack.scene import ALICE

PROGRAM = Path(sys.executable).with_name("vestibule")
PAGE = Path(__file__).parents[2] / "docs/security/attack-suite.md"

# What the page promises of each class of attack. A class that shrinks is a promise taken back.
AT_LEAST = {
    "Signature left out or gutted": 7,
    "Signature wrapping": 19,
    "Duplicate and odd IDs": 14,
    "Signatures of other messages": 8,
    "Look-alike namespaces": 4,
    "Two of a kind, foreign elements": 14,
    "Comments, entities and markup in values": 13,
    "Changed after signing": 8,
    "Shape of the signature": 17,
    "References and transforms": 27,
    "Failing canonicalization": 4,
    "KeyInfo, keys and certificates": 14,
    "Digest and signature methods": 12,
    "Encrypted and not signed": 7,
    "Weak encryption": 7,
    "Altered ciphertexts": 12,
    "Hostile plaintexts": 11,
    "Shape of the encryption": 6,
    "XML parser and encodings": 26,
    "Base64 and the form field": 9,
    "Size and complexity": 9,
    "Issuer": 7,
    "Destination": 7,
    "Status and version": 7,
    "InResponseTo": 8,
    "Times": 15,
    "Recipient and confirmation": 11,
    "Audience and conditions": 15,
    "Subject and statements": 8,
    "One answer to every failed decryption": 1,
    "Replay": 7,
    "Another connection of the organization": 9,
    "Another organization": 11,
    "Another browser, another login": 5,
    "The form and the way it comes": 5,
    "Started at the identity provider": 3,
    "Certificates that come and go": 3,
    "How somebody signed in": 2,
    "Look-alike and double addresses": 15,
}


@pytest.fixture(scope="module")
def live(vestibule_dev: Vestibule) -> Iterator[Live]:
    found = run.target(
        {
            "base_url": vestibule_dev.base_url,
            "project_id": vestibule_dev.project_id,
            "secret": vestibule_dev.secret,
            "public_token": vestibule_dev.public_token,
        }
    )
    yield found
    found.client.close()


@pytest.fixture(scope="module")
def verdicts(live: Live) -> list[Verdict]:
    """One run of everything."""
    return list(run.run(live))


def attack(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, "attack", *words], capture_output=True, text=True, timeout=120, check=False
    )


# --- what was found ---------------------------------------------------------------------------


def test_no_hostile_response_lets_anybody_in(verdicts: list[Verdict]) -> None:
    """Each is refused, and for the reason that it is there for."""
    assert [v for v in verdicts if v.hostile and v.fault] == []
    assert all(v.outcome == REFUSED for v in verdicts if v.hostile)


def test_every_honest_response_lets_the_honest_person_in(verdicts: list[Verdict]) -> None:
    assert [v for v in verdicts if not v.hostile and v.fault] == []
    assert all(v.outcome == ACCEPTED for v in verdicts if not v.hostile)


def test_the_suite_is_as_large_as_it_says(verdicts: list[Verdict]) -> None:
    hostile = Counter(v.kind for v in verdicts if v.hostile)
    assert {kind: hostile[kind] for kind in hostile if hostile[kind] < AT_LEAST[kind]} == {}
    assert hostile.keys() == AT_LEAST.keys()
    assert hostile.total() >= 385
    assert sum(not v.hostile for v in verdicts) >= 135


def test_every_case_has_a_name_and_a_reference_of_its_own(verdicts: list[Verdict]) -> None:
    assert [v for v in verdicts if not (v.name and v.why and v.section)] == []
    assert Counter((v.kind, v.name) for v in verdicts).most_common(1)[0][1] == 1


def test_the_page_tells_what_the_run_found(verdicts: list[Verdict]) -> None:
    """`make attack ATTACK_ARGS="--write-docs docs/security/attack-suite.md"` writes it anew."""
    assert PAGE.read_text() == report.page(verdicts, __version__, run.NOT_LIVE)


def test_what_is_listed_is_what_is_run(verdicts: list[Verdict]) -> None:
    listed = sorted((kind, name) for kind, name, _ in run.planned())
    assert listed == sorted((v.kind, v.name) for v in verdicts)


def test_every_hostile_document_is_another_one(live: Live) -> None:
    scene = live.scene(live.door(Setup()), "_request")
    made = Counter(
        (case.encoded if case.encoded is not None else case.octets, case.setup)
        for kind, case in cases(scene)
        if kind.hostile
    )
    assert [document for document, times in made.items() if times > 1] == []


def test_a_scene_without_a_request_makes_every_case_too(live: Live) -> None:
    """So that servers to which nothing but unsolicited responses can be sent miss none."""
    door = live.door(Setup())
    with_request = [case.name for _, case in cases(live.scene(door, "_request"))]
    assert [case.name for _, case in cases(live.scene(door, None))] == with_request


# --- that it can tell -------------------------------------------------------------------------

VICTIM = Entry(ALICE, "organization-1", ALICE)
MALLORY = Entry("mallory@corp.example", "organization-1", "m")
TOKEN = Answer(303, {"location": "http://localhost:3000/authenticate?token=t"})


@pytest.mark.parametrize(
    ("answer", "entry", "code", "wanted", "outcome"),
    [
        (TOKEN, VICTIM, "", Wanted(("saml_expired",)), ACCEPTED),
        (TOKEN, MALLORY, "", Wanted(entry=VICTIM), ACCEPTED),
        (TOKEN, Entry(ALICE, "organization-2", ALICE), "", Wanted(entry=VICTIM), ACCEPTED),
        (TOKEN, Entry(ALICE, "organization-1", "mallory"), "", Wanted(entry=VICTIM), ACCEPTED),
        (TOKEN, None, "", Wanted(("saml_expired",)), BROKEN),
        (Answer(200), None, "", Wanted(), BROKEN),
        (Answer(500), None, "", Wanted(), BROKEN),
        (Answer(0), None, "", Wanted(), BROKEN),
        (Answer(400, seconds=6.0), None, "saml_expired", Wanted(("saml_expired",)), BROKEN),
        (Answer(400), None, "saml_expired", Wanted(("saml_replayed",)), REFUSED),
        (Answer(400), None, "saml_expired", Wanted(entry=VICTIM), REFUSED),
    ],
)  # fmt: skip
def test_the_judge_finds_the_fault(
    answer: Answer, entry: Entry | None, code: str, wanted: Wanted, outcome: str
) -> None:
    found, fault = decide(answer, entry, code, wanted)
    assert found == outcome
    assert fault


def test_who_gets_as_far_as_the_admission_was_let_in() -> None:
    """Its response was believed; that the address was taken is no merit of the verification."""
    stopped, wanted = Answer(400), Wanted(("saml_digest_mismatch",))
    found = decide(stopped, None, "duplicate_member_email", wanted, BELIEVED)
    assert found == (ACCEPTED, "believed, and stopped by duplicate_member_email only")
    honest = Wanted(entry=VICTIM)
    assert decide(stopped, None, "duplicate_member_email", honest)[0] == REFUSED


def test_the_judge_is_content_with_what_is_right() -> None:
    assert decide(TOKEN, VICTIM, "", Wanted(entry=VICTIM)) == (ACCEPTED, "")
    expired = Wanted(("saml_expired",))
    assert decide(Answer(400), None, "saml_expired", expired) == (REFUSED, "")


def test_a_live_login_of_somebody_else_is_a_false_accept(live: Live) -> None:
    """The whole way, on a server that rightly lets Mallory in: the judge waits for nobody."""
    door = live.make_door(live.make_organization())
    login = live.begin(door.connection_id)
    scene = live.scene(door, login.request)
    who = {"email": ["mallory@corp.example"]}
    response = scene.sign(scene.response(scene.assertion(name_id="m", attributes=who)))
    answer = live.post(door, response.replace("@SIG-R@", "").encode(), login)
    entry = live.entry(answer, door.connection_id)
    assert entry == Entry("mallory@corp.example", door.organization_id, "m")
    assert decide(answer, entry, "", Wanted(("saml_expired",))) == (
        ACCEPTED,
        "let in mallory@corp.example",
    )


@contextmanager
def service_provider(answers: list[int] | int) -> Iterator[str]:
    """A server that reads nothing: it answers the same to everyone, or one after the other."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            status = answers if isinstance(answers, int) else answers.pop(0)
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/acs"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def idp_files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    pair = certificates.make_key_pair("attack")
    folder = tmp_path_factory.mktemp("idp")
    key, certificate = folder / "idp.key", folder / "idp.crt"
    key.write_text(pair.key_pem)
    certificate.write_text(pair.certificate_pem)
    return key, certificate


def test_a_server_that_lets_everybody_in_fails(
    idp_files: tuple[Path, Path], tmp_path: Path
) -> None:
    told = tmp_path / "report.json"
    with service_provider(200) as url:
        few = ("--only", "Signature wrapping", "--only", "Times", "--only", "ADFS")
        done = attack("--acs", url, "--idp-key", idp_files[0], "--json", told, *few)
    assert done.returncode == 1, done.stderr
    found = json.loads(told.read_text())
    hostile = [case for case in found["cases"] if case["hostile"]]
    assert len(hostile) > 30
    assert found["false_accepts"] == len(hostile)
    assert f"{len(hostile)} false accepts, 0 false rejects, 0 other faults." in done.stdout


def test_a_server_that_breaks_down_fails(idp_files: tuple[Path, Path]) -> None:
    with service_provider([200, *[500] * 20]) as url:
        only = ("--only", "Signature wrapping")
        done = attack("--acs", url, "--idp-key", idp_files[0], *only)
    assert done.returncode == 1, done.stderr
    assert "0 false accepts, 0 false rejects, 19 other faults." in done.stdout


def test_a_server_that_refuses_the_honest_one_proves_nothing(idp_files: tuple[Path, Path]) -> None:
    with service_provider(403) as url:
        done = attack("--acs", url, "--idp-key", idp_files[0])
    assert done.returncode == 2
    assert "The plainest honest response was not let in" in done.stderr


# --- any other service provider ---------------------------------------------------------------


@pytest.fixture
def own_door(live: Live, idp_files: tuple[Path, Path]) -> Door:
    """A connection of Vestibule that trusts the key in these files."""
    ring = KeyRing({"idp": Pair(*(file.read_text() for file in idp_files))})
    return replace(live, keys=ring).make_door(live.make_organization())


LET_IN = r"^location: .*[?&]token="


@pytest.mark.parametrize("solicited", [False, True])
def test_vestibule_holds_as_a_server_that_nobody_knows(
    solicited: bool, own_door: Door, vestibule_dev: Vestibule, idp_files: tuple[Path, Path]
) -> None:
    key, certificate = idp_files
    start = (
        f"{vestibule_dev.base_url}/v1/public/sso/start?public_token={vestibule_dev.public_token}"
        f"&connection_id={own_door.connection_id}"
    )
    words = ["--acs", own_door.acs, "--idp-key", key, "--idp-cert", certificate]
    words += ["--idp-entity-id", IDP, "--accepted-when", LET_IN]
    few = ["--only", "InResponseTo", "--only", "Signature wrapping", "--only", "Okta"]
    done = attack(*words, *(["--start", start, *few] if solicited else []))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 false accepts, 0 false rejects, 0 other faults." in done.stdout


# --- the command ------------------------------------------------------------------------------


NOBODY = "http://127.0.0.1:9/acs"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--acs", NOBODY), "give --idp-key too"),
        (("--idp-key", "KEY"), "Only with --acs"),
        (("--acs", "https://sso.example/acs", "--idp-key", "KEY"), "--i-may-test-this-host"),
        (
            ("--acs", NOBODY, "--start", "https://sso.example/", "--idp-key", "KEY"),
            "--i-may-test-this-host",
        ),
        (("--acs", "ftp://127.0.0.1/acs", "--idp-key", "KEY"), "no http or https URL"),
        (("--acs", NOBODY, "--idp-key", "/nowhere"), "No such file"),
        (("--acs", NOBODY, "--idp-key", "CERT"), "no unencrypted private key"),
        (
            ("--acs", NOBODY, "--idp-key", "KEY", "--idp-cert", "KEY"),
            "--idp-cert: no certificate",
        ),
        (
            ("--acs", NOBODY, "--idp-key", "KEY", "--idp-cert", "OTHER"),
            "not the certificate of --idp-key",
        ),
        (
            ("--acs", NOBODY, "--idp-key", "KEY", "--sp-cert", "KEY"),
            "--sp-cert: no certificate",
        ),
        (
            ("--acs", NOBODY, "--idp-key", "KEY", "--accepted-when", "("),
            "--accepted-when",
        ),
        (("--acs", NOBODY, "--idp-key", "KEY"), "no answer"),
        (("--only", "No such class"), "there is no class"),
        (("--only", "Replay", "--write-docs", "x.md"), "not of --only"),
        (
            ("--acs", NOBODY, "--idp-key", "KEY", "--write-docs", "x.md"),
            "tells of Vestibule",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_run_is_said_in_one_line(
    words: tuple[str, ...], said: str, idp_files: tuple[Path, Path], tmp_path: Path
) -> None:
    other = tmp_path / "other.crt"
    other.write_text(certificates.make_key_pair("other").certificate_pem)
    files = {"KEY": idp_files[0], "CERT": idp_files[1], "OTHER": other}
    done = attack(*(files.get(word, word) for word in words))
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""


def test_the_command_explains_itself() -> None:
    told = attack("--help")
    assert told.returncode == 0
    assert told.stdout.startswith("Usage: vestibule attack")
    assert "--i-may-test-this-host" in told.stdout


def test_the_list_names_every_case_and_sends_nothing() -> None:
    done = attack("--list")
    assert done.returncode == 0
    for kind in HOSTILE + HONEST:
        assert kind.title in done.stdout
    one = attack("--list", "--only", "Replay").stdout.splitlines()
    assert one[0] == "Replay"
    assert len(one) == 8


def test_one_class_can_be_run_on_a_server_of_its_own(tmp_path: Path) -> None:
    """As `make attack` does it: nothing is given, and a server is started and ended."""
    told = tmp_path / "report.json"
    done = attack("--only", "Replay", "--only", "Okta", "--json", told)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(told.read_text())
    assert {case["kind"] for case in found["cases"]} == {"Replay", "Okta"}
    assert found["version"] == __version__
