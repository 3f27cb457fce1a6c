"""A person at the pages: follows links, reads headings, fills in forms, over ASGI.

A form is sent as a browser would: with every hidden input and preset value that stands in it, and
the Origin header.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self
from urllib.parse import urljoin, urlsplit

import httpx2
from lxml import html

from support.world import BASE_URL, World
from vestibule.services import setup_links
from vestibule.services.rbac import Actor

# The doors through which the views of one organization are reached.
MOUNTS = ("dashboard", "portal")


@dataclass
class Page:
    """What came: its status, and the document."""

    answer: httpx2.Response

    @property
    def status(self) -> int:
        return self.answer.status_code

    @property
    def path(self) -> str:
        return self.answer.url.path

    @property
    def document(self) -> html.HtmlElement:
        return html.fromstring(self.answer.text)

    @property
    def text(self) -> str:
        """What is to be read in it, with single spaces."""
        main = self.document.find(".//main")
        assert main is not None
        return " ".join(main.text_content().split())

    @property
    def heading(self) -> str:
        return " ".join(self.document.find(".//h1").text_content().split())

    @property
    def code(self) -> str:
        """The code of the refusal on it, "" for none."""
        found = re.search(r'class="step-source"><code>([a-z0-9_]+)<', self.answer.text)
        return found[1] if found else ""

    def links(self) -> dict[str, str]:
        return {
            " ".join(a.text_content().split()): a.get("href")
            for a in self.document.iterfind(".//a[@href]")
        }

    def form(self, number: int = 0) -> html.FormElement:
        """A form of the page's main part, in their order."""
        found: html.FormElement = self.document.xpath("//main//form[@method='post']")[number]
        return found


class Visitor:
    """A browser with cookies of its own; redirects are followed."""

    def __init__(self, world: World, client: httpx2.AsyncClient) -> None:
        self.world = world
        self.client = client
        self.base = ""

    @classmethod
    async def as_developer(cls, world: World) -> Self:
        """At the dashboard; `base` is the address of the demo's project."""
        here = cls(world, world.client(follow_redirects=True))
        page = await here.get("/dashboard/sign-in")
        done = await here.send(page, form=-1)
        assert done.status == 200, done.answer.text
        slugs = (world.demo.project.project_slug, world.demo.project.environment_slug)
        here.base = "/dashboard/" + "/".join(slugs)
        return here

    @classmethod
    async def by_link(
        cls,
        world: World,
        organization_id: str,
        scopes: Sequence[str] = ("sso",),
        **more: str,
    ) -> Self:
        """In the portal, through a setup link that was just issued."""
        link = await setup_links.issue(
            world.rt,
            Actor(world.demo.project),
            organization_id,
            scopes=scopes,
            lifetime_minutes=60,
            uses="many",
            **more,
        )
        here = cls(world, world.client(follow_redirects=True))
        page = await here.get(urlsplit(link.url).path)
        done = await here.send(page)
        assert done.status == 200, done.answer.text
        here.base = "/portal"
        return here

    async def get(self, path: str, **options: object) -> Page:
        return Page(await self.client.get(path, **options))

    async def send(
        self,
        page: Page,
        typed: Mapping[str, str | Sequence[str]] | None = None,
        *,
        form: int = 0,
        button: tuple[str, str] | None = None,
        files: Mapping[str, tuple[str, bytes, str]] | None = None,
        without: Sequence[str] = (),
        headers: Mapping[str, str] | None = None,
    ) -> Page:
        """Fill in a form of the page and send it."""
        found = page.form(form)
        values: dict[str, list[str]] = {}
        for name, value in found.form_values():
            values.setdefault(name, []).append(value)
        for name, value in (typed or {}).items():
            values[name] = [value] if isinstance(value, str) else list(value)
        if button:
            values[button[0]] = [button[1]]
        for name in without:
            values.pop(name, None)
        action = urljoin(str(page.answer.url), found.get("action") or str(page.answer.url))
        return Page(
            await self.client.post(
                action,
                data=values,
                files=files,
                headers={"origin": BASE_URL, **(headers or {})},
            )
        )

    async def post(
        self, path: str, values: Mapping[str, str | Sequence[str]], **headers: str
    ) -> Page:
        """What no page of ours would send."""
        return Page(await self.client.post(path, data=dict(values), headers=headers))


async def at(world: World, mount: str, organization_id: str | None = None) -> tuple[Visitor, str]:
    """A visitor at one of `MOUNTS`, and the address of the organization's pages there."""
    name = organization_id or world.demo.northwind.organization_id
    if mount == "portal":
        return await Visitor.by_link(world, name), "/portal"
    visitor = await Visitor.as_developer(world)
    return visitor, f"{visitor.base}/organizations/{name}"
