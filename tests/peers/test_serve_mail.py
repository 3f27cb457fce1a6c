"""`vestibule serve` with a real mail server beside it: asked for over HTTP, received over SMTP."""

from __future__ import annotations

import email
import json
import queue
import re
from collections.abc import Iterator
from contextlib import contextmanager
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx2
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from peers import process
from peers.test_command_line import (
    APP_URL,
    BASE_URL,
    PROGRAM,
    run,
    settings_in,
    write_root_key,
)

pytestmark = pytest.mark.peer


class Mailbox:
    """What came, in its order; the first `refusals` are put off."""

    def __init__(self, refusals: int = 0) -> None:
        self.came: queue.Queue[EmailMessage] = queue.Queue()
        self.put_off: list[str] = []
        self._refusals = refusals

    async def handle_DATA(  # noqa: N802 - the library's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        assert isinstance(envelope.content, bytes)
        message = email.message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        if len(self.put_off) < self._refusals:
            self.put_off.append(message["Message-ID"])
            return "451 not now"
        self.came.put(message)
        return "250 OK"


@contextmanager
def mail_server(box: Mailbox) -> Iterator[str]:
    controller = Controller(box, hostname="127.0.0.1", port=process.free_port())
    controller.start()
    try:
        yield f"smtp://127.0.0.1:{controller.port}"
    finally:
        controller.stop()


@contextmanager
def served(folder: Path, **more: str) -> Iterator[httpx2.Client]:
    write_root_key(folder)
    env = {**settings_in(folder), **more}
    made = run("migrate", "--project", "My product", "--redirect-url", APP_URL, env=env)
    assert made.returncode == 0, made.stderr
    known = json.loads(made.stdout)
    port = process.free_port()
    address = f"http://127.0.0.1:{port}"
    with (
        process.serve(
            "vestibule serve", [PROGRAM, "serve", "--port", str(port)],
            log=folder / "serve.log", ready_url=f"{address}/health", env=env,
        ),
        httpx2.Client(
            base_url=address, auth=(known["project_id"], known["secret"]), timeout=20
        ) as client,
    ):  # fmt: skip
        yield client


def post(client: httpx2.Client, path: str, **body: Any) -> dict[str, Any]:
    answer = client.post(f"/v1/b2b/{path}", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_link_comes_by_mail_and_becomes_a_session(tmp_path: Path) -> None:
    box = Mailbox()
    with (
        mail_server(box) as url,
        served(
            tmp_path,
            VESTIBULE_SMTP_URL=url,
            VESTIBULE_MAIL_FROM="Example <login@example.test>",
        ) as client,
    ):
        sent = {"email_address": "first@customer.example", "discovery_redirect_url": APP_URL}
        post(client, "magic_links/email/discovery/send", **sent)
        message = box.came.get(timeout=20)
        assert message["From"] == "Example <login@example.test>"
        assert message["To"] == "first@customer.example"
        assert message["Message-ID"].endswith("@sso.example.test>")
        plain = message.get_body(("plain",))
        assert plain is not None
        link = re.search(rf"^{re.escape(BASE_URL)}(\S+)\s*$", plain.get_content(), re.MULTILINE)
        assert link is not None
        # The proxy that stands before the server is not here, so its part of the URL is left out.
        arrived = client.get(link[1].strip())
        assert arrived.status_code == 303
        place, _, query = arrived.headers["location"].partition("?")
        assert place == APP_URL
        token = re.search(r"(?:^|&)token=([^&]+)", query)
        assert token is not None
        proven = post(
            client, "magic_links/discovery/authenticate", discovery_magic_links_token=token[1]
        )
        made = post(
            client,
            "discovery/organizations/create",
            intermediate_session_token=proven["intermediate_session_token"],
            organization_name="Customer",
        )
        assert made["member"]["is_admin"] is True
        assert made["session_token"]
    log = (tmp_path / "serve.log").read_text()
    assert token[1] not in log


def test_what_the_mail_server_puts_off_comes_later_once(tmp_path: Path) -> None:
    """The same mail, by its Message-ID; the outbox waits fifteen seconds."""
    box = Mailbox(refusals=1)
    with (
        mail_server(box) as url,
        served(
            tmp_path, VESTIBULE_SMTP_URL=url, VESTIBULE_MAIL_FROM="login@example.test"
        ) as client,
    ):
        sent = {"email_address": "first@customer.example", "discovery_redirect_url": APP_URL}
        post(client, "magic_links/email/discovery/send", **sent)
        message = box.came.get(timeout=40)
        assert box.put_off == [message["Message-ID"]]


def test_without_a_mail_server_links_are_refused_and_the_rest_works(tmp_path: Path) -> None:
    with served(tmp_path) as client:
        post(client, "organizations", organization_name="Acme", organization_slug="acme")
        for path, body in (
            ("magic_links/email/login_or_signup", {"organization_id": "acme"}),
            ("magic_links/email/invite", {"organization_id": "acme"}),
            ("magic_links/email/discovery/send", {}),
        ):
            asked = {"email_address": "a@b.example", **body}
            answer = client.post(f"/v1/b2b/{path}", json=asked)
            assert answer.status_code == 400
            assert answer.json()["error_type"] == "mail_not_configured"
