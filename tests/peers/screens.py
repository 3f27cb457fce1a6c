"""`make screens`: a picture of every page, wide and narrow, light and dark, in a folder to leaf
through. Not a test."""

from __future__ import annotations

import html
import re
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from peers import page_list, parts
from peers.browser import ARGUMENTS
from peers.vestibule_server import run_vestibule_dev

SHAPES = ((1440, "light"), (1440, "dark"), (768, "light"), (360, "light"), (360, "dark"))


def main(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    names: list[str] = []
    with (
        tempfile.TemporaryDirectory() as data,
        run_vestibule_dev(Path(data) / "dev") as server,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=parts.chromium(), args=list(ARGUMENTS))
        found = page_list.pages(server)
        link = page_list.setup_link(server, page_list.organizations(server)["northwind"])
        for width, scheme in SHAPES:
            context = browser.new_context(
                base_url=server.base_url,
                viewport={"width": width, "height": 900},
                color_scheme="dark" if scheme == "dark" else "light",
            )
            page = context.new_page()
            for door, addresses in found.items():
                if door == "dashboard":
                    page.goto("/dashboard/sign-in")
                    page.get_by_role("button", name="Continue as the developer").click()
                elif door == "portal":
                    page.goto(link)
                    page.screenshot(path=folder / f"portal-open-{width}-{scheme}.png")
                    page.get_by_role("button", name="Begin").click()
                for address in addresses:
                    page.goto(address)
                    plain = re.sub(
                        r"[a-z]+-(?:connection|test)-[0-9a-f-]{20,}|test-[0-9a-f-]+", "", address
                    )
                    name = re.sub(r"[^a-z]+", "-", f"{door}{plain.partition('?')[0]}").strip("-")
                    page.screenshot(path=folder / f"{name}-{width}-{scheme}.png", full_page=True)
                    if name not in names:
                        names.append(name)
            context.close()
        browser.close()
    rows = "".join(f"<h2>{html.escape(name)}</h2><p>{_pictures(name)}</p>" for name in names)
    style = "img{height:18rem;border:1px solid #999;vertical-align:top}body{font:16px system-ui}"
    index = f"<!doctype html><title>Screens</title><style>{style}</style>{rows}"
    (folder / "index.html").write_text(index, encoding="utf-8")
    print(f"{len(names)} pages in {len(SHAPES)} shapes: {folder / 'index.html'}")


def _pictures(name: str) -> str:
    files = [f"{name}-{width}-{scheme}.png" for width, scheme in SHAPES]
    return " ".join(f'<a href="{file}"><img src="{file}" alt="{file}"></a>' for file in files)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "screens"))
