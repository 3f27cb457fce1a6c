"""`vestibule dev`: makes what is missing in one folder and puts demo and identity provider in."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from vestibule import worker
from vestibule.services import demo, keys, projects
from vestibule.services.projects import Credentials
from vestibule.services.runtime import Runtime, open_runtime
from vestibule.settings import Settings
from vestibule.storage.schema import migrate
from vestibule.storage.sealed import create_key_file
from vestibule.web.app import App
from vestibule.web.demo import DemoPages
from vestibule.web.demo_email import EmailPages, Inbox
from vestibule.web.mock_idp import MockIdp


async def prepare(settings: Settings, data: Path) -> tuple[App, DemoPages]:
    """The application with all that the demo needs. Starting again keeps what is there."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not settings.root_key_file.exists():
        create_key_file(settings.root_key_file)
    inbox = Inbox()
    rt = replace(open_runtime(settings), deliver=inbox.deliver)
    migrate(rt.store.engine)
    idp = MockIdp(rt, *_idp_key(rt, data / "mock-idp.json"))
    credentials = await _credentials(rt, data / "credentials.json")
    shown = await demo.ensure(rt, idp.address)
    pages = DemoPages(rt, shown, credentials.public_token, data)
    by_mail = EmailPages(rt, shown, inbox)
    routes = [*pages.routes(), *by_mail.routes(), *idp.routes()]
    return App(rt, routes, worker.run), pages


async def _credentials(rt: Runtime, file: Path) -> Credentials:
    """The project's credentials; a lost file is replaced by new ones for the same project."""
    known = _read(file)
    project = await projects.get_first(rt)
    if project is None:
        made = await demo.create_project(rt, rt.settings.base_url)
    elif known.get("project_id") == project.project_id:
        made = Credentials(**{name: known[name] for name in Credentials.__slots__})
    else:
        made = await projects.add_credentials(rt, project)
    _write(file, {**asdict(made), "base_url": rt.settings.base_url})
    return made


def _idp_key(rt: Runtime, file: Path) -> tuple[str, str]:
    known = _read(file)
    if not known:
        pair = keys.create_connection_key(rt, "mock-idp", "test")
        known = {"private_key": pair.private_key, "certificate": pair.certificate.certificate}
        _write(file, known)
    return known["private_key"], known["certificate"]


def _read(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(file: Path, content: dict[str, Any]) -> None:
    """Written beside and moved over, so that a crash leaves the old file or the new one."""
    beside = file.with_suffix(".new")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as out:
        json.dump(content, out, indent=2)
        out.write("\n")
    beside.replace(file)
