"""The audit log in the dashboard: found by filters, carried away whole, and text all of it."""

from __future__ import annotations

import csv
import io
import json

import pytest

from support.world import World
from vestibule.domain.projects import ProjectSettings
from vestibule.services import audit, projects
from vestibule.services.audit import AuditQuery
from vestibule.services.rbac import Actor
from vestibule.storage.audit import AuditEvent
from vestibule.web.dashboard import audit as pages
from web.visits import Visitor

HOSTILE = """<script>alert("x")</script>'"&"""


async def write(world: World, count: int = 1, **fields: str) -> None:
    details = {"note": fields.pop("note", "")}
    shown = {
        "project_id": world.demo.project.project_id,
        "organization_id": "",
        "action": "a.b",
        "actor": "project",
        **fields,
    }

    for _ in range(count):
        name = world.rt.new_id("audit-event", "test")
        event = AuditEvent(name, at=world.rt.now(), details=details, **shown)
        await world.rt.store.write(lambda tx, event=event: tx.audit.insert(event))


async def test_the_log_is_found_by_what_was_done_by_whom_to_what(world: World) -> None:
    await write(world, action="wanted.one", target="thing-1")
    await write(world, action="other.one", target="thing-2")
    visitor = await Visitor.as_developer(world)
    for query in ("action=wanted.", "target=thing-1", "action=wanted.&actor=project"):
        page = await visitor.get(f"{visitor.base}/audit?{query}")
        assert "wanted.one" in page.text
        assert "other.one" not in page.text
    page = await visitor.get(f"{visitor.base}/audit?actor=nobody")
    assert "Nothing fits these filters." in page.text


async def test_times_bound_the_log_from_the_first_to_before_the_second(world: World) -> None:
    await write(world, action="early.one")
    world.advance(hours=2)
    await write(world, action="late.one")
    at = world.rt.now().strftime("%Y-%m-%dT%H:%M")
    visitor = await Visitor.as_developer(world)
    late = (await visitor.get(f"{visitor.base}/audit?since={at}")).text
    early = (await visitor.get(f"{visitor.base}/audit?until={at}")).text
    assert "late.one" in late
    assert "early.one" not in late
    assert "early.one" in early
    assert "late.one" not in early


@pytest.mark.parametrize(
    "query",
    ["since=yesterday", "until=2026-99-99", "since=0001-01-01T00:00%2B23:59", "cursor=nonsense"],
)
async def test_a_filter_that_is_none_is_refused_on_the_page(world: World, query: str) -> None:
    visitor = await Visitor.as_developer(world)
    page = await visitor.get(f"{visitor.base}/audit?{query}")
    assert page.status == 400
    assert page.code in ("field_invalid", "search_cursor_invalid")


async def test_every_event_stands_on_one_page_and_one_only(world: World) -> None:
    await write(world, 120, action="paged.one")
    visitor = await Visitor.as_developer(world)
    page = await visitor.get(f"{visitor.base}/audit?action=paged.")
    counts = [len(page.document.xpath("//tbody/tr"))]
    while "Next page" in page.links():
        page = await visitor.get(page.links()["Next page"])
        counts.append(len(page.document.xpath("//tbody/tr")))
    assert counts == [50, 50, 20]


async def test_who_did_it_is_a_name_that_leads_to_them(world: World) -> None:
    visitor = await Visitor.as_developer(world)
    page = await visitor.get(f"{visitor.base}/organizations/new")
    await visitor.send(page, {"organization_name": "Fabrikam"})
    page = await visitor.get(f"{visitor.base}/audit?action=organization.created")
    rows = [row.text_content() for row in page.document.xpath("//tbody/tr")]
    assert any("Developer" in row and "Fabrikam" in row for row in rows)
    found = await audit.search(
        world.rt, Actor(world.demo.project), AuditQuery(action="organization.created")
    )
    told = await audit.names(world.rt, Actor(world.demo.project), found.events)
    assert {"Northwind", "Fabrikam"} <= set(told.organizations.values())


@pytest.mark.parametrize("form", ["csv", "ndjson"])
async def test_an_export_holds_what_the_filters_find_each_once(world: World, form: str) -> None:
    await write(world, 1200, action="export.one", note="plain")
    await write(world, 3, action="other.one")
    visitor = await Visitor.as_developer(world)
    answer = (await visitor.get(f"{visitor.base}/audit/export?format={form}&action=export.")).answer
    assert answer.headers["content-disposition"] == f'attachment; filename="audit-log.{form}"'
    if form == "csv":
        rows = list(csv.DictReader(io.StringIO(answer.text)))
        assert json.loads(rows[0]["details"]) == {"note": "plain"}
    else:
        rows = [json.loads(line) for line in answer.text.splitlines()]
        assert rows[0]["details"] == {"note": "plain"}
    assert len({row["event_id"] for row in rows}) == len(rows) == 1200


async def test_an_export_is_bounded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "MAX_EXPORT", 1100)
    await write(world, 1300, action="export.one")
    visitor = await Visitor.as_developer(world)
    answer = (await visitor.get(f"{visitor.base}/audit/export?format=ndjson")).answer
    assert len(answer.text.splitlines()) == 1100


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r"])
async def test_a_cell_of_the_csv_is_never_a_formula(world: World, begin: str) -> None:
    """A customer chooses names; whoever opens the export has a spreadsheet that works them out."""
    await write(world, action="named.one", target=f"{begin}HYPERLINK(1)")
    visitor = await Visitor.as_developer(world)
    answer = (await visitor.get(f"{visitor.base}/audit/export?format=csv&action=named.")).answer
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert rows[0]["target"] == f"'{begin}HYPERLINK(1)"


async def test_an_unknown_form_of_export_is_refused(world: World) -> None:
    visitor = await Visitor.as_developer(world)
    assert (await visitor.get(f"{visitor.base}/audit/export?format=xml")).status == 400


async def test_events_of_another_project_are_not_among_them(world: World) -> None:
    other = await projects.create(world.rt, "Other", environment="test", settings=ProjectSettings())
    await write(world, project_id=other.project_id, action="theirs.secret")
    visitor = await Visitor.as_developer(world)
    for path in ("/audit", "/audit/export?format=csv"):
        assert "theirs.secret" not in (await visitor.get(f"{visitor.base}{path}")).answer.text


async def test_whatever_an_event_says_is_text(world: World) -> None:
    owner = world.demo.northwind.organization_id
    await write(
        world, organization_id=owner, action=HOSTILE, actor=HOSTILE, target=HOSTILE, note=HOSTILE
    )
    visitor = await Visitor.as_developer(world)
    page = await visitor.get(f"{visitor.base}/audit", params={"actor": HOSTILE})
    assert len(page.document.xpath("//tbody/tr")) == 1
    assert "<script>alert" not in page.answer.text
    assert HOSTILE in page.text
