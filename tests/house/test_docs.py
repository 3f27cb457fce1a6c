"""The documentation as a site: it is built whole, its links lead somewhere, it asks no other host.

The rules are about what `make docs` wrote, so the site is built once for the module; where a rule
is that the build has to fail, it is given a small repository that breaks it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import pytest
from lxml import html

from peers.browser import Watch
from vestibule.settings import VARIABLES

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parents[2]
# What a browser fetches by itself. A link in `a` is followed by people.
RESOURCES = "//@src | //@srcset | //@poster | //@data | //link/@href | //object/@data"
HOME = "# Home\n\n## Start\n\n- [A page](guides/page.md)\n"


def make_docs(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ROOT / "scripts" / "docs.py", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site as `make docs` writes it; a warning of the build is an error here too."""
    folder = tmp_path_factory.mktemp("docs")
    done = make_docs("--out", folder / "site", "--work", folder / "work")
    assert done.returncode == 0, done.stderr
    return folder / "site"


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, html.HtmlElement]:
    return {path: html.fromstring(path.read_bytes()) for path in sorted(site.rglob("*.html"))}


def test_every_link_of_the_site_leads_to_a_page_and_a_heading(
    site: Path, pages: dict[Path, html.HtmlElement]
) -> None:
    """Sphinx looks at the links that people wrote; this looks at every link that came of it."""
    anchors = {path: set(page.xpath("//@id")) for path, page in pages.items()}
    broken = []
    for path, page in pages.items():
        for link in page.xpath("//a/@href | //link/@href | //@src"):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = path if not parts.path else Path(os.path.normpath(path.parent / parts.path))
            known = target.is_file()
            if known and parts.fragment and target in anchors:
                known = unquote(parts.fragment) in anchors[target]
            if not known:
                broken.append(f"{path.relative_to(site)}: {link}")
    assert broken == []


def test_a_built_page_asks_no_other_host(site: Path, pages: dict[Path, html.HtmlElement]) -> None:
    """Who reads how to run a server alone is not reported to somebody else's."""
    asked = [
        f"{path.relative_to(site)}: {address}"
        for path, page in pages.items()
        for address in page.xpath(RESOURCES)
        if urlsplit(address).netloc
    ]
    loading = re.compile(r"(?:url\(|@import)\s*['\"]?((?:https?:)?//[^'\")]+)")
    for path in [*site.rglob("*.css"), *site.rglob("*.html")]:
        asked += [
            f"{path.relative_to(site)}: {found}" for found in loading.findall(path.read_text())
        ]
    assert asked == []


def test_every_page_of_the_docs_is_in_the_navigation(
    pages: dict[Path, html.HtmlElement], site: Path
) -> None:
    """A page that is in no list is found by accident."""
    home = pages[site / "index.html"]
    listed = {
        unquote(str(link)) for link in home.xpath("//*[contains(@class, 'sidebar-tree')]//a/@href")
    }
    docs = ROOT / "docs"
    wanted = {
        path.relative_to(docs).with_suffix(".html").as_posix() for path in docs.rglob("*.md")
    } - {"README.html"}
    assert wanted - listed == set()


def test_the_home_page_leads_every_kind_of_reader(
    pages: dict[Path, html.HtmlElement], site: Path
) -> None:
    captions = pages[site / "index.html"].xpath("//*[contains(@class, 'caption-text')]/text()")
    assert captions == [
        "Start", "Your product", "Connections", "Operation", "Moving here", "Reference",
        "Behind it", "Security",
    ]  # fmt: skip


def test_a_linked_source_file_is_shown_on_the_site(
    site: Path, pages: dict[Path, html.HtmlElement]
) -> None:
    """A page of the site cannot lead out into the repository, which a reader may not have."""
    shown = pages[site / "repository/examples/fastapi/__main__.py.html"]
    assert "VestibuleMiddleware" in shown.text_content()


def test_colours_are_those_of_the_servers_pages(site: Path) -> None:
    sheet = (ROOT / "src/vestibule/web/static/vestibule.css").read_text()
    tokens = (site / "_static/tokens.css").read_text()
    assert tokens in sheet
    assert "--accent:" in tokens


def test_the_settings_page_has_every_variable(
    site: Path, pages: dict[Path, html.HtmlElement]
) -> None:
    headings = set(pages[site / "reference/settings.html"].xpath("//h2/text()"))
    assert set(VARIABLES) - headings == set()


# --- in a browser, from a folder, without a server ------------------------------------------------


@pytest.mark.browser
def test_the_search_works_without_a_server(site: Path, browser: Browser) -> None:
    page = browser.new_page()
    watch = Watch(["file://"], refusals=False)
    watch.look_at(page)
    page.goto((site / "index.html").as_uri())
    page.get_by_placeholder("Search").fill("VESTIBULE_RATE_LIMITS")
    page.keyboard.press("Enter")
    page.locator("#search-results a", has_text="Settings").first.click()
    page.wait_for_url("**/reference/settings.html*")
    assert watch.found == []


@pytest.mark.browser
@pytest.mark.parametrize(
    "name",
    ["index.html", "guides/external-connections.html", "reference/errors.html",
     "reference/python-sdk.html", "reference/api/saml-connections.html"],
)  # fmt: skip
def test_a_page_fits_a_small_phone(site: Path, browser: Browser, name: str) -> None:
    """360 px; what is wider, such as a table or a block of code, scrolls within itself."""
    page = browser.new_page(viewport={"width": 360, "height": 740})
    page.goto((site / name).as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") == 360


@pytest.mark.browser
def test_the_site_follows_the_system_into_the_dark(site: Path, browser: Browser) -> None:
    grounds = set()
    for scheme in ("light", "dark"):
        page = browser.new_page(color_scheme=scheme)
        page.goto((site / "index.html").as_uri())
        grounds.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(grounds) == 2


# --- what ends the build --------------------------------------------------------------------------


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A repository of a home page and one page, which builds."""
    write(tmp_path, "docs/README.md", HOME)
    code = "```text\n[not a link](gone.md)\n```\n"
    write(tmp_path, "docs/guides/page.md", f"# A page\n\n[down](#below)\n\n## Below\n\n{code}")
    return tmp_path


def write(root: Path, name: str, text: str) -> None:
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def build(root: Path) -> subprocess.CompletedProcess[str]:
    return make_docs("--root", root, "--out", root / "site", "--work", root / "work")


def test_what_stands_in_a_block_of_code_is_no_link(small: Path) -> None:
    done = build(small)
    assert done.returncode == 0, done.stderr
    assert (small / "site/guides/page.html").is_file()


@pytest.mark.parametrize(
    "target",
    ["other.md", "../../examples/gone.py", "../../../outside.md", "gone.png", "folder/"],
)
def test_a_link_to_no_file_ends_the_build(small: Path, target: str) -> None:
    write(small, "docs/guides/page.md", f"# A page\n\nText and\n[a link]({target}).\n")
    done = build(small)
    assert done.returncode == 1
    assert f"docs/guides/page.md:4: there is no {target}" in done.stderr


def test_a_link_to_no_heading_and_a_page_that_nobody_can_find_end_the_build(small: Path) -> None:
    write(small, "docs/guides/page.md", "# A page\n\n[here](#gone-here)\n")
    write(small, "docs/guides/hidden.md", "# Hidden\n\n[there](page.md#gone-there)\n")
    done = build(small)
    assert done.returncode == 1
    for said in ("gone-here", "gone-there", "hidden.md: WARNING: document isn't included"):
        assert said in done.stderr
