"""Take the pictures of the README and the guide: the demo's first page and the page after a login,
and the same two of the example "one company bought two others".

Run it after a change of the pages: `.venv/bin/python scripts/screenshot.py`. It starts `vestibule
dev` on a free port with an empty folder, the example beside it, and clicks as a visitor would.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import FloatRect, Locator, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from peers import browser, parts  # noqa: E402
from peers.example import run_example  # noqa: E402
from peers.vestibule_server import run_vestibule_dev  # noqa: E402

DOOR = "Sign in to Northwind Labs through Northwind"


def take(page: Page, file: Path, last: Locator | None) -> None:
    """Keep the page from its top to the end of `last`, or all of it."""
    box = last.bounding_box() if last is not None else None
    if page.viewport_size is None or box is None:
        page.screenshot(path=file, full_page=True)
        return
    bottom = box["y"] + box["height"] + 40  # some air below the last line
    clip = FloatRect(x=0, y=0, width=page.viewport_size["width"], height=bottom)
    page.screenshot(path=file, full_page=True, clip=clip)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=ROOT / "docs" / "images")
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--whole", action="store_true", help="the whole page, not its first part")
    parser.add_argument("--scheme", choices=("light", "dark"), default="light")
    parser.add_argument("--suffix", default="", help="added to the names of the files")
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as made,
        run_vestibule_dev(Path(made) / "vestibule") as server,
        run_example(server.data / "credentials.json") as example,
        sync_playwright() as playwright,
    ):
        chromium = playwright.chromium.launch(
            executable_path=parts.chromium(), args=list(browser.ARGUMENTS)
        )
        page = chromium.new_page(
            base_url=server.base_url,
            viewport={"width": chosen.width, "height": 800},
            color_scheme=chosen.scheme,
            locale="en-GB",
        )
        page.goto("/")
        doors = page.get_by_role("list", name="Doors")
        take(page, chosen.folder / f"demo-home{chosen.suffix}.png", None if chosen.whole else doors)
        page.get_by_role("link", name=DOOR, exact=True).click()
        page.wait_for_url("**/demo/session")
        why = page.get_by_role("region", name="Roles, and why")
        take(page, chosen.folder / f"demo-result{chosen.suffix}.png", None if chosen.whole else why)
        page.goto(example)
        cards = page.get_by_role("list", name="Companies")
        file = chosen.folder / f"acquisition-home{chosen.suffix}.png"
        take(page, file, None if chosen.whole else cards)
        page.get_by_role("link", name="Sign in to Lighthouse Labs").click()
        page.get_by_role("button", name="Ada Lovelace").click()
        ways = page.get_by_role("region", name="What you can do")
        file = chosen.folder / f"acquisition-desk{chosen.suffix}.png"
        take(page, file, None if chosen.whole else ways)
        chromium.close()


if __name__ == "__main__":
    main()
