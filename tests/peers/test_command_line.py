"""The command `vestibule` as its users type it: every test starts real processes."""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import itertools
import json
import os
import shutil
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import threading
import time
import uuid
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest
import signxml
from lxml import etree
from stytch.core.response_base import StytchError

from peers import certificates, process
from peers.pages import PostedForm, read_forms
from peers.postgres import PostgresServer
from peers.product import REDIRECT_URL, Product, token_in
from peers.vestibule_server import Vestibule, run_vestibule_dev

PROGRAM = Path(sys.executable).with_name("vestibule")
BASE_URL = "https://sso.example.test"
APP_URL = "https://app.example.test/authenticate"
HINT = "ada@northwind.example"
COMMANDS = (
    (), ("dev",), ("serve",), ("worker",), ("migrate",), ("keys",), ("keys", "create"),
    ("keys", "rotate"), ("keys", "replace"), ("template",), ("template", "show"),
    ("template", "set"), ("setup-link",), ("operators",), ("operators", "add"),
    ("operators", "list"), ("operators", "disable"), ("operators", "password"),
)  # fmt: skip


def run(
    *words: str | Path, env: dict[str, str] | None = None, given: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run the command to its end, with no settings but those given."""
    kept = {name: v for name, v in os.environ.items() if not name.startswith("VESTIBULE_")}
    return subprocess.run(
        [PROGRAM, *words],
        input=given,
        capture_output=True,
        text=True,
        errors="surrogateescape",
        timeout=30,
        env={**kept, **(env or {})},
        check=False,
    )


def test_the_version_is_told() -> None:
    told = run("--version")
    assert told.returncode == 0
    assert told.stdout.startswith("vestibule, version ")


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words) or "vestibule")
def test_every_command_explains_itself(words: tuple[str, ...]) -> None:
    told = run(*words, "--help")
    assert told.returncode == 0
    assert told.stderr == ""
    assert told.stdout.startswith(f"Usage: vestibule {' '.join(words)}".rstrip())
    assert len(told.stdout.splitlines()) > 6
    if words in {("serve",), ("worker",), ("migrate",)}:
        for name in ("BASE_URL", "DATABASE_URL", "ROOT_KEY_FILE", "ALLOWED_NETWORKS"):
            assert f"VESTIBULE_{name}" in told.stdout


# --- dev ----------------------------------------------------------------------------------------


def check_end(server: Vestibule, how: signal.Signals) -> None:
    """Ask it to end; that takes a moment, and no open connection holds it up."""
    with httpx2.Client() as browser:
        browser.get(server.base_url)
        began = time.monotonic()
        server.process.send_signal(how)
        code = server.process.wait(timeout=10)
        assert time.monotonic() - began < 5
    assert code in {0, -how, 128 + how}
    assert "Traceback" not in server.log.read_text()


def test_dev_makes_what_it_needs_for_its_owner_only_and_ends(tmp_path: Path) -> None:
    with run_vestibule_dev(tmp_path / "data") as server:
        file = server.data / "credentials.json"
        assert stat.S_IMODE(server.data.stat().st_mode) == 0o700
        for secret in (file, server.data / "root.key", server.data / "mock-idp.json"):
            assert stat.S_IMODE(secret.stat().st_mode) == 0o600, secret
        told = json.loads(file.read_text())
        assert set(told) == {
            "project_id", "secret", "public_token", "base_url", "project_slug",
            "environment_slug", "workspace_key_id", "workspace_key_secret",
        }  # fmt: skip
        assert all(isinstance(value, str) and value for value in told.values())
        assert told["base_url"] == server.base_url
        log = server.log.read_text()
        assert server.base_url in log
        assert server.secret not in log
        found = Product(server).api.organizations.search().organizations
        names = {organization.organization_name for organization in found}
        assert names == {"Northwind", "Northwind Labs"}
        check_end(server, signal.SIGTERM)


def test_dev_listens_on_loopback_only(tmp_path: Path) -> None:
    refused = run("dev", "--host", "0.0.0.0", "--data", tmp_path / "data", "--no-browser")
    assert refused.returncode == 1
    assert len(refused.stderr.splitlines()) == 1
    assert "setting_insecure" in refused.stderr
    assert not (tmp_path / "data").exists()


def test_dev_says_when_its_port_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        refused = run("dev", "--port", port, "--data", tmp_path / "data", "--no-browser")
    assert refused.returncode != 0
    assert port in refused.stderr
    assert "Traceback" not in refused.stderr
    assert "Press Ctrl+C" not in refused.stdout


def doors_of(server: Vestibule) -> dict[str, str]:
    """The addresses of the doors on the home page, by connection id."""
    page = httpx2.get(server.base_url).text
    tree: Any = etree.HTML(page)
    hrefs = [href for href in tree.xpath("//a/@href") if href.startswith("/v1/public/sso/start")]
    return {parse_qs(urlsplit(href).query)["connection_id"][0]: href for href in hrefs}


def answer_of_the_provider(
    server: Vestibule, browser: httpx2.Client, connection_id: str
) -> PostedForm | str:
    """Begin with the built-in provider and stop just before its answer is delivered."""
    url = Product(server).start(browser, connection_id, provider_login_hint=HINT)
    at_idp = browser.get(url, follow_redirects=False)
    if at_idp.is_redirect:
        return str(at_idp.headers["location"])
    (form,) = read_forms(at_idp)
    return PostedForm(form.action, form.fields)


def deliver(browser: httpx2.Client, answer: PostedForm | str) -> httpx2.Response:
    if isinstance(answer, str):
        return browser.get(answer, follow_redirects=False)
    return browser.post(answer.acs_url, data=answer.fields, follow_redirects=False)


def sign_in(server: Vestibule, connection_id: str) -> str:
    """A sign-in up to the one-time token."""
    with httpx2.Client(timeout=20) as browser:
        answer = answer_of_the_provider(server, browser, connection_id)
        return token_in(deliver(browser, answer))


def test_dev_on_another_port_keeps_everything_and_leads_the_doors_there(tmp_path: Path) -> None:
    with run_vestibule_dev(tmp_path / "data") as server:
        doors = doors_of(server)
        assert len(doors) == 4
        first = Product(server).api.sso.authenticate(sso_token=sign_in(server, next(iter(doors))))
    with run_vestibule_dev(tmp_path / "data") as again:
        assert again.base_url != server.base_url
        assert again.auth == server.auth
        assert again.public_token == server.public_token
        assert again.workspace_key_secret == server.workspace_key_secret
        assert set(doors_of(again)) == set(doors)
        product = Product(again)
        # The built-in identity provider has moved, and with another issuer the sessions end.
        with pytest.raises(StytchError, match="session_not_found"):
            product.api.sessions.authenticate(session_token=first.session_token)
        members = set()
        for connection_id in doors:
            done = product.api.sso.authenticate(sso_token=sign_in(again, connection_id))
            assert done.member.email_address == HINT
            members.add(done.member.member_id)
        assert first.member_id in members
        assert len(members) == 2
        check_end(again, signal.SIGINT)


class Crowd:
    """Sign-ins without a pause, by several threads, until the server is gone."""

    def __init__(self, server: Vestibule) -> None:
        self._server = server
        self._doors = itertools.cycle(doors_of(server))
        self._changed = threading.Condition()
        self._done = False
        self.tokens: list[str] = []
        self.sessions: list[tuple[str, str]] = []
        self._threads = [threading.Thread(target=self._work, args=(n,)) for n in range(3)]
        for thread in self._threads:
            thread.start()

    def _work(self, number: int) -> None:
        product = Product(self._server)
        while not self._done:
            with self._changed:
                connection_id = next(self._doors)
            try:
                token = sign_in(self._server, connection_id)
                if number:
                    done = product.api.sso.authenticate(sso_token=token)
            except Exception:
                if self._done:
                    return
                raise
            with self._changed:
                if number:
                    self.sessions.append((done.session_token, done.session_jwt))
                else:
                    self.tokens.append(token)
                self._changed.notify_all()

    def wait_for(self, tokens: int, sessions: int) -> None:
        def enough() -> bool:
            return len(self.tokens) >= tokens and len(self.sessions) >= sessions

        with self._changed:
            assert self._changed.wait_for(enough, timeout=30)

    def disperse(self) -> None:
        self._done = True

    def join(self) -> None:
        for thread in self._threads:
            thread.join(timeout=30)
            assert not thread.is_alive()


def test_nothing_that_was_answered_is_lost_when_the_process_is_killed(tmp_path: Path) -> None:
    with ExitStack() as stack:
        waiting = stack.enter_context(httpx2.Client(timeout=20))
        with run_vestibule_dev(tmp_path / "data") as server:
            # One sign-in stands at the identity provider when it happens.
            saml = next(door for door in doors_of(server) if door.startswith("saml-"))
            answer = answer_of_the_provider(server, waiting, saml)
            crowd = Crowd(server)
            try:
                crowd.wait_for(tokens=5, sessions=10)
            finally:
                crowd.disperse()
                server.process.kill()
                crowd.join()
            assert server.process.wait(timeout=10) == -signal.SIGKILL

        with run_vestibule_dev(tmp_path / "data", port=urlsplit(server.base_url).port) as again:
            assert again.auth == server.auth
            product = Product(again)
            for token in crowd.tokens:
                assert product.api.sso.authenticate(sso_token=token).member_authenticated
            for session_token, session_jwt in crowd.sessions:
                held = product.api.sessions.authenticate(session_token=session_token)
                assert held.member.email_address == HINT
                told = product.claims_of(session_jwt)
                assert told.member_session_id == held.member_session.member_session_id
            done = product.api.sso.authenticate(sso_token=token_in(deliver(waiting, answer)))
            assert done.member.email_address == HINT


# --- keys ---------------------------------------------------------------------------------------


def test_a_root_key_is_never_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "root.key"
    made = run("keys", "create", file)
    assert made.returncode == 0, made.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = file.read_bytes()
    assert len(base64.b64decode(before)) == 32
    assert before.decode().strip() not in made.stdout + made.stderr
    again = run("keys", "create", file)
    assert again.returncode == 1
    assert len(again.stderr.splitlines()) == 1
    assert "never overwritten" in again.stderr
    assert file.read_bytes() == before
    nowhere = run("keys", "create", tmp_path / "no" / "folder" / "root.key")
    assert nowhere.returncode == 1
    assert len(nowhere.stderr.splitlines()) == 1


# --- serve, migrate, worker ---------------------------------------------------------------------


def settings_in(folder: Path) -> dict[str, str]:
    return {
        "VESTIBULE_BASE_URL": BASE_URL,
        "VESTIBULE_DATABASE_URL": f"sqlite:////{str(folder / 'vestibule.db').lstrip('/')}",
        "VESTIBULE_ROOT_KEY_FILE": str(folder / "root.key"),
    }


def write_root_key(folder: Path) -> None:
    (folder / "root.key").write_text(base64.b64encode(os.urandom(32)).decode())


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    """Settings that are good, for a database that is not migrated yet."""
    write_root_key(tmp_path)
    return settings_in(tmp_path)


REFUSALS = {
    "no key file": ({"VESTIBULE_ROOT_KEY_FILE": "/no/such/root.key"}, ["root_key_missing"]),
    "no key setting": ({"VESTIBULE_ROOT_KEY_FILE": ""}, ["VESTIBULE_ROOT_KEY_FILE"]),
    "not migrated": ({}, ["database_not_migrated", "vestibule migrate"]),
    "http": (
        {"VESTIBULE_BASE_URL": "http://sso.example.test"},
        ["setting_insecure", "VESTIBULE_BASE_URL", "https"],
    ),
    "several at once": (
        {
            "VESTIBULE_BASE_URL": "http://sso.example.test",
            "VESTIBULE_DATABASE_URL": "mysql://db/vestibule",
            "VESTIBULE_ALLOWED_NETWORKS": "10.0.0.0/8,ten",
        },
        ["VESTIBULE_BASE_URL", "VESTIBULE_DATABASE_URL", "VESTIBULE_ALLOWED_NETWORKS: ten"],
    ),
    "a key file that holds no key": (
        {"VESTIBULE_ROOT_KEY_FILE": "/dev/null"},
        ["root_key_missing"],
    ),
}


@pytest.mark.parametrize(
    ("command", "case"),
    [*(("serve", case) for case in REFUSALS), ("worker", "no key file"), ("worker", "http")],
)
def test_what_stands_in_the_way_is_named_in_one_line(
    settings: dict[str, str], command: str, case: str
) -> None:
    changes, named = REFUSALS[case]
    refused = run(command, env={**settings, **changes})
    assert refused.returncode == 1
    assert refused.stdout == ""
    (line,) = refused.stderr.splitlines()
    for word in named:
        assert word in line


def test_a_database_that_does_not_answer_is_named_in_one_line(settings: dict[str, str]) -> None:
    nobody = f"postgresql+psycopg://u:hidden-word@127.0.0.1:{process.free_port()}/vestibule"
    refused = run("serve", env={**settings, "VESTIBULE_DATABASE_URL": nobody})
    assert refused.returncode == 1
    (line,) = refused.stderr.splitlines()
    assert "database_unavailable" in line
    assert "hidden-word" not in line


def test_migrate_prints_credentials_once_and_registers_redirect_urls(
    settings: dict[str, str],
) -> None:
    early = run("migrate", "--redirect-url", APP_URL, env=settings)
    assert early.returncode == 1
    assert early.stdout == ""
    assert "--project" in early.stderr.splitlines()[-1]
    words = ("migrate", "--project", "My product", "--redirect-url")
    first = run(*words, APP_URL, env=settings)
    assert first.returncode == 0
    credentials = json.loads(first.stdout)
    assert credentials["project_id"].startswith("project-live-")
    assert credentials["project_slug"] == "my-product"
    again = run(*words, f"{APP_URL}/other", env=settings)
    assert again.returncode == 0
    assert again.stdout == ""
    wrong = run("migrate", "--redirect-url", "http://app.example.test/", env=settings)
    assert wrong.returncode == 1
    assert "setting_invalid" in wrong.stderr.splitlines()[-1]


def stored_settings(settings: dict[str, str]) -> dict[str, Any]:
    """The only project's settings as they lie in the database."""
    file = settings["VESTIBULE_DATABASE_URL"].removeprefix("sqlite:///")
    with contextlib.closing(sqlite3.connect(file)) as database:
        ((document,),) = database.execute("SELECT document FROM project")
    found: dict[str, Any] = json.loads(document)["settings"]
    return found


def test_migrate_names_the_origins_whose_pages_may_call(with_project: dict[str, str]) -> None:
    settings = with_project
    words = ("migrate", "--authorized-domain", "https://app.example.test")
    done = run(*words, "--authorized-domain", "https://*.example.test", env=settings)
    assert (done.returncode, done.stdout) == (0, "")
    wrong = run(*words, "--authorized-domain", "https://app.example.test/path", env=settings)
    assert wrong.returncode == 1
    assert "an origin such as" in wrong.stderr.splitlines()[-1]
    off = run("migrate", "--no-frontend-api", env=settings)
    assert (off.returncode, off.stdout) == (0, "")
    assert stored_settings(settings)["frontend_enabled"] is False
    assert run(*words, "--frontend-api", env=settings).returncode == 0
    found = stored_settings(settings)
    assert found["frontend_enabled"] is True
    assert found["authorized_domains"] == ["https://app.example.test", "https://*.example.test"]


# --- setup links --------------------------------------------------------------------------------


def test_a_setup_link_is_printed_and_leads_to_the_server(tmp_path: Path) -> None:
    with run_vestibule_dev(tmp_path / "data") as server:
        words = ("setup-link", "northwind", "--scope", "sso", "--days", "7", "--one-use")
        done = run(*words, "--data", server.data)
        assert done.returncode == 0, done.stderr
        assert "Expires" in done.stderr
        url = done.stdout.strip()
        assert url.startswith(f"{server.base_url}/portal/setup/")
        auth = (server.project_id, server.secret)
        path = f"{server.base_url}/v1/b2b/organizations/northwind/setup_links"
        (link,) = httpx2.get(path, auth=auth).json()["setup_links"]
        assert (link["uses"], link["scopes"], link["opened_count"]) == ("one", ["sso"], 0)
        refused = run("setup-link", "nobody", "--data", server.data)
        assert refused.returncode == 1 and "organization_not_found" in refused.stderr
        assert len(refused.stderr.splitlines()) == 1


# --- template -----------------------------------------------------------------------------------

TEMPLATE = '{\n  "department": {{ member.trusted_metadata.department }}\n}\n'


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a key and a database in which the command has made a project."""
    folder = tmp_path_factory.mktemp("migrated")
    write_root_key(folder)
    made = run("migrate", "--project", "My product", env=settings_in(folder))
    assert made.returncode == 0, made.stderr
    return folder


@pytest.fixture
def with_project(migrated: Path, tmp_path: Path) -> dict[str, str]:
    """Settings for a copy of that folder, which no other test has."""
    shutil.copytree(migrated, tmp_path, dirs_exist_ok=True)
    return settings_in(tmp_path)


def test_a_template_is_set_and_shown(with_project: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "template.json"
    file.write_text(TEMPLATE)
    assert run("template", "show", env=with_project).stdout == ""
    words = ("template", "set", file, "--audience", "https://api.example.test")
    done = run(*words, "--project", "my-product/live", env=with_project)
    assert (done.returncode, done.stderr) == (0, "")
    assert "my-product/live" in done.stdout
    shown = run("template", "show", env=with_project)
    assert (shown.returncode, shown.stdout) == (0, TEMPLATE)
    assert "https://api.example.test" in shown.stderr
    # What comes from an editor of Windows begins with a mark, and the audience stays.
    file.write_bytes(b"\xef\xbb\xbf{}")
    assert run("template", "set", file, env=with_project).returncode == 0
    shown = run("template", "show", env=with_project)
    assert shown.stdout == ""
    assert "https://api.example.test" in shown.stderr


def test_a_template_comes_from_standard_input(with_project: dict[str, str]) -> None:
    done = run("template", "set", "-", env=with_project, given=TEMPLATE)
    assert (done.returncode, done.stderr) == (0, "")
    assert run("template", "show", env=with_project).stdout == TEMPLATE


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('{\n  "a": 1,\n}', ("jwt_template_invalid_json", "Line 3, column 1")),
        (
            '{"a": {{ member.nme }}}',
            ("jwt_template_invalid_tag", "column 10, claim a", "member.nme"),
        ),
        ('{"a": "{{ member.name"}', ("jwt_template_mismatched_tag", "Line 1, column 8, claim a")),
        ('{"sub": 1}', ("reserved_claims_in_custom_claims", "Line 1, column 2, claim sub")),
        ("\udcff", ("UTF-8",)),
    ],
)
def test_a_template_that_cannot_be_used_is_refused_in_one_line(
    with_project: dict[str, str], text: str, named: tuple[str, ...]
) -> None:
    assert run("template", "set", "-", env=with_project, given=TEMPLATE).returncode == 0
    refused = run("template", "set", "-", env=with_project, given=text)
    assert (refused.returncode, refused.stdout) == (1, "")
    (line,) = refused.stderr.splitlines()
    for word in named:
        assert word in line
    assert run("template", "show", env=with_project).stdout == TEMPLATE


def test_the_project_of_a_template_is_named_where_there_are_several_or_none(
    with_project: dict[str, str], tmp_path: Path
) -> None:
    for place in ("my-product/test", "other/live", "my-product"):
        refused = run("template", "show", "--project", place, env=with_project)
        assert refused.returncode == 1
        (line,) = refused.stderr.splitlines()
        assert "project_not_found" in line
        assert "my-product/live" in line
    missing = run("template", "set", tmp_path / "nothing.json", env=with_project)
    assert missing.returncode == 1
    assert len(missing.stderr.splitlines()) == 1
    with_project["VESTIBULE_DATABASE_URL"] += "-empty"
    assert run("migrate", env=with_project).returncode == 0
    refused = run("template", "show", env=with_project)
    assert refused.returncode == 1
    assert "migrate --project" in refused.stderr


def test_a_template_needs_settings_or_the_folder_of_dev(tmp_path: Path) -> None:
    refused = run("template", "show")
    assert refused.returncode == 1
    assert "VESTIBULE_DATABASE_URL" in refused.stderr
    refused = run("template", "show", "--data", tmp_path)
    assert refused.returncode == 1
    assert "root_key_missing" in refused.stderr
    assert not list(tmp_path.iterdir())


def test_a_template_shows_in_the_next_jwt_of_a_server_that_runs(tmp_path: Path) -> None:
    with run_vestibule_dev(tmp_path / "data") as server:
        saml = next(door for door in doors_of(server) if door.startswith("saml-"))
        product = Product(server)
        first = product.api.sso.authenticate(sso_token=sign_in(server, saml))
        text = '{"mail": {{ member.email_address }}, "doors": ["{{ member.rbac.roles }}"]}'
        done = run("template", "set", "-", "--data", tmp_path / "data", given=text)
        assert done.returncode == 0, done.stderr
        again = product.api.sessions.authenticate(session_token=first.session_token)
        payload = again.session_jwt.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        assert claims["mail"] == HINT
        assert claims["doors"] == [claims["https://stytch.com/session"]["roles"]]
        assert "department" not in claims


# --- servers ------------------------------------------------------------------------------------


OPERATOR = "ada@ops.example.test"
PASSWORD = "a sentence that nobody guesses"


def test_an_operator_is_added_listed_shut_out_and_given_a_new_password(
    settings: dict[str, str],
) -> None:
    assert run("migrate", env=settings).returncode == 0
    add = ("operators", "add", OPERATOR, "--name", "Ada Lovelace")
    done = run(*add, env=settings, given=f"{PASSWORD}\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert OPERATOR in done.stdout
    assert PASSWORD not in done.stdout
    line = f"{OPERATOR}\tAda Lovelace\tpassword\tactive\n"
    assert run("operators", "list", env=settings).stdout == line
    assert run("operators", "disable", OPERATOR.upper(), env=settings).returncode == 0
    assert run("operators", "list", env=settings).stdout == line.replace("active", "disabled")
    assert run("operators", "disable", OPERATOR, "--undo", env=settings).returncode == 0
    assert run("operators", "list", env=settings).stdout == line
    words = ("operators", "password", OPERATOR, "--remove-code")
    assert run(*words, env=settings, given="another sentence altogether").returncode == 0


def test_an_operator_that_cannot_be_is_refused_in_one_line(settings: dict[str, str]) -> None:
    assert run("migrate", env=settings).returncode == 0
    name = ("--name", "Ada")
    assert run("operators", "add", OPERATOR, *name, env=settings, given=PASSWORD).returncode == 0
    for words, given, named in (
        (("add", OPERATOR, *name), PASSWORD, "operator_exists"),
        (("add", "nowhere", *name), PASSWORD, "invalid_email"),
        (("add", "grace@ops.example.test", *name), "short", "operator_password_unfit"),
        (("add", "grace@ops.example.test", *name), "", "operator_password_unfit"),
        (("add", "grace@ops.example.test", *name), "\udcff" * 20, "UTF-8"),
        (("password", OPERATOR), "short", "operator_password_unfit"),
        (("password", "nobody@ops.example.test"), PASSWORD, "operator_not_found"),
        (("disable", "nobody@ops.example.test"), "", "operator_not_found"),
    ):
        refused = run("operators", *words, env=settings, given=given)
        assert (refused.returncode, refused.stdout) == (1, "")
        (line,) = refused.stderr.splitlines()
        assert named in line
    assert len(run("operators", "list", env=settings).stdout.splitlines()) == 1


def serve(stack: ExitStack, settings: dict[str, str], log: Path) -> str:
    """Start one more `vestibule serve`; returns where it listens."""
    port = process.free_port()
    address = f"http://127.0.0.1:{port}"
    stack.enter_context(
        process.serve(
            "vestibule serve",
            [PROGRAM, "serve", "--port", str(port)],
            log=log,
            ready_url=f"{address}/health",
            env=settings,
        )
    )
    return address


def as_server(address: str, credentials: dict[str, str]) -> Vestibule:
    """The server at `address`, for a product to talk to directly, without the proxy."""
    return Vestibule(
        base_url=address, data=Path(), log=Path(), process=None, **credentials  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.fixture(scope="module")
def migrated_template(
    postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, str, dict[str, str]]]:
    """A folder with a key, the URL of a database in which the command has made a project with
    that key, and the credentials that it told."""
    folder, url = tmp_path_factory.mktemp("production"), postgres_server.make_database()
    write_root_key(folder)
    words = ("migrate", "--project", "My product", "--redirect-url", APP_URL)
    made = run(*words, env={**settings_in(folder), "VESTIBULE_DATABASE_URL": url})
    assert made.returncode == 0, made.stderr
    yield folder, url, json.loads(made.stdout)
    postgres_server.drop_database(url)


@pytest.fixture
def production(
    migrated_template: tuple[Path, str, dict[str, str]], make_database: Callable[..., str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Settings and credentials of a migrated PostgreSQL database with one project."""
    folder, template, credentials = migrated_template
    settings = settings_in(folder)
    settings["VESTIBULE_DATABASE_URL"] = make_database(template)
    return settings, credentials


@pytest.mark.peer
def test_serve_answers_on_postgresql(
    production: tuple[dict[str, str], dict[str, str]], tmp_path: Path
) -> None:
    settings, credentials = production
    with ExitStack() as stack:
        address = serve(stack, settings, tmp_path / "serve.log")
        assert httpx2.get(f"{address}/health").json()["status"] == "ok"
        product = Product(as_server(address, credentials))
        made = product.api.organizations.create(organization_name="Acme").organization
        assert made.organization_slug
        connection = product.api.sso.saml.create_connection(
            organization_id=made.organization_id
        ).connection
        assert connection.acs_url.startswith(f"{BASE_URL}/v1/b2b/sso/callback/saml-connection-live")
        # Nothing of the demo is in a server that runs in production.
        for path in ("/", "/demo/session", "/dev/idp/saml/metadata", "/dev/idp/oidc/jwks"):
            assert httpx2.get(f"{address}{path}").status_code == 404
        wrong = httpx2.post(f"{address}/v1/b2b/organizations/search", auth=("p", "s"), json={})
        assert wrong.status_code == 401


IDP_ENTITY = "https://idp.example.test/metadata"
RESPONSE = """\
<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" \
xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="{response_id}" Version="2.0" \
IssueInstant="{now}" Destination="{acs}" InResponseTo="{request}"><saml:Issuer>{issuer}\
</saml:Issuer><samlp:Status><samlp:StatusCode \
Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>\
<saml:Assertion ID="{assertion_id}" Version="2.0" IssueInstant="{now}"><saml:Issuer>{issuer}\
</saml:Issuer><ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#" Id="placeholder"/>\
<saml:Subject><saml:NameID \
Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress">ada@acme.example</saml:NameID>\
<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">\
<saml:SubjectConfirmationData NotOnOrAfter="{until}" Recipient="{acs}" InResponseTo="{request}"/>\
</saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="{now}" \
NotOnOrAfter="{until}"><saml:AudienceRestriction><saml:Audience>{audience}</saml:Audience>\
</saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant="{now}">\
<saml:AuthnContext><saml:AuthnContextClassRef>\
urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified</saml:AuthnContextClassRef>\
</saml:AuthnContext></saml:AuthnStatement><saml:AttributeStatement><saml:Attribute Name="name">\
<saml:AttributeValue>Ada Byron</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>\
</saml:Assertion></samlp:Response>"""


def answer_request(url: str, key_pair: certificates.KeyPair, audience: str) -> dict[str, str]:
    """Play the identity provider that `url` leads to: the form that it would post."""
    query = parse_qs(urlsplit(url).query)
    request = etree.fromstring(zlib.decompress(base64.b64decode(query["SAMLRequest"][0]), -15))
    now = dt.datetime.now(dt.UTC)
    assertion_id = f"_{uuid.uuid4().hex}"
    document = RESPONSE.format(
        response_id=f"_{uuid.uuid4().hex}",
        assertion_id=assertion_id,
        now=now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        until=(now + dt.timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        acs=request.get("AssertionConsumerServiceURL"),
        request=request.get("ID"),
        issuer=IDP_ENTITY,
        audience=audience,
    )
    signer = signxml.XMLSigner(
        c14n_algorithm=signxml.CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0
    )
    signed = signer.sign(
        etree.fromstring(document),
        key=key_pair.key_pem.encode(),
        cert=key_pair.certificate_pem,
        reference_uri=assertion_id,
        id_attribute="ID",
    )
    return {
        "SAMLResponse": base64.b64encode(etree.tostring(signed)).decode(),
        "RelayState": query["RelayState"][0],
    }


@pytest.mark.peer
def test_a_sign_in_begins_on_one_server_and_ends_on_another(
    production: tuple[dict[str, str], dict[str, str]], tmp_path: Path
) -> None:
    settings, credentials = production
    key_pair = certificates.make_key_pair("idp")
    with ExitStack() as stack:
        one = serve(stack, settings, tmp_path / "one.log")
        two = serve(stack, settings, tmp_path / "two.log")
        first, second = (Product(as_server(address, credentials)) for address in (one, two))
        owner = first.make_organization("Acme")
        saml = first.api.sso.saml
        made = saml.create_connection(organization_id=owner).connection
        connection = saml.update_connection(
            organization_id=owner,
            connection_id=made.connection_id,
            idp_entity_id=IDP_ENTITY,
            idp_sso_url="https://idp.example.test/sso",
            x509_certificate=key_pair.certificate_pem,
            attribute_mapping={"email": "NameID", "full_name": "name"},
        ).connection
        assert connection.status == "active"

        query = {
            "public_token": credentials["public_token"],
            "connection_id": made.connection_id,
            "login_redirect_url": APP_URL,
        }
        begun = httpx2.get(f"{one}/v1/public/sso/start?{urlencode(query)}")
        assert begun.status_code == 302, begun.text
        cookie = begun.headers["set-cookie"]
        for attribute in ("Secure", "HttpOnly", "SameSite=none"):
            assert attribute.lower() in cookie.lower()

        fields = answer_request(begun.headers["location"], key_pair, connection.audience_uri)
        path = urlsplit(connection.acs_url).path
        # The proxy would bring the Secure cookie; here it is carried by hand.
        browser = {"cookie": cookie.partition(";")[0], "accept": "application/json"}
        ended = httpx2.post(f"{two}{path}", data=fields, headers=browser)
        assert ended.status_code == 303, ended.text
        assert ended.headers["location"].startswith(f"{APP_URL}?")
        again = httpx2.post(f"{one}{path}", data=fields, headers=browser)
        assert again.status_code == 400
        assert again.json()["error_type"] == "unsolicited_saml_response"

        done = first.api.sso.authenticate(sso_token=token_in(ended))
        assert done.member.email_address == "ada@acme.example"
        held = second.api.sessions.authenticate(session_token=done.session_token)
        assert held.member_session.member_session_id == done.member_session.member_session_id
        assert second.claims_of(done.session_jwt).member_id == done.member_id
        first.api.sessions.revoke(member_session_id=done.member_session.member_session_id)
        gone = httpx2.post(
            f"{two}/v1/b2b/sessions/authenticate",
            auth=(credentials["project_id"], credentials["secret"]),
            json={"session_token": done.session_token},
        )
        assert gone.status_code == 404
        assert gone.json()["error_type"] == "session_not_found"

        elsewhere = {**query, "login_redirect_url": REDIRECT_URL}
        refused = httpx2.get(
            f"{one}/v1/public/sso/start?{urlencode(elsewhere)}",
            headers={"accept": "application/json"},
        )
        assert refused.status_code == 400
        assert refused.json()["error_type"] == "no_match_for_provided_sso_url"


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT], ids=lambda how: how.name)
def test_the_worker_starts_and_stops(
    with_project: dict[str, str], tmp_path: Path, how: signal.Signals
) -> None:
    log = tmp_path / "worker.log"
    with log.open("wb") as out:
        worker = subprocess.Popen(
            [PROGRAM, "worker"],
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, **with_project},
        )
    server = process.Server("worker", worker, log)
    try:
        deadline = time.monotonic() + 30
        while "Working" not in server.output():
            assert time.monotonic() < deadline
            # Waiting for the process is the pause between two looks.
            with pytest.raises(subprocess.TimeoutExpired):
                worker.wait(timeout=0.05)
        worker.send_signal(how)
        assert worker.wait(timeout=5) in {0, -how, 128 + how}
        assert "Traceback" not in server.output()
    finally:
        server.stop()
