"""`make docs`: the Markdown of this repository as a site that works without a server.

Owns where each page stands and what its links become; `docs/README.md` says in which order they are
read, and it is the only navigation. Knows nothing of what the pages say. A link that leads nowhere,
a page that nobody can find and whatever else Sphinx warns of end the build.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[1]
THEME = ROOT / "docs" / "theme"
STATIC = ROOT / "src" / "vestibule" / "web" / "static"
HOME = "docs/README.md"

_LINK = re.compile(r"(\]\()(?![a-z]+:|#)([^)\s#]+)(#[^)\s]*)?(\))")
_PAGE = re.compile(r"\[([^\]]+)\]\(([^)#:]+\.md)\)")
_FENCE = re.compile(r"^\s*(```+|~~~+)")
_LANGUAGES = {".py": "python", ".toml": "toml", ".sh": "sh", ".css": "css", ".ts": "ts"}


class Broken(Exception):
    """The pages contradict each other; the message names file and line."""


@dataclass
class Site:
    """Where what lies in the repository stands on the site; all paths are relative, with slashes.

    A page of `docs/` keeps its place, `docs/README.md` is the home page, and what else is linked,
    a page, a source file or a folder, is shown below `repository/`.
    """

    root: Path
    pages: dict[str, str] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)
    queue: list[str] = field(default_factory=list)
    in_navigation: set[str] = field(default_factory=set)

    def place(self, path: str) -> str:
        """Where the file or folder stands, from now on; and it is read in its turn."""
        if path not in self.pages:
            self.pages[path] = self._place(path)
            self.queue.append(path)
        return self.pages[path]

    def _place(self, path: str) -> str:
        if path == HOME:
            return "index.md"
        if (self.root / path).is_dir():
            path += "/index.md"
        elif not path.endswith(".md"):
            path += ".md"
        return path.removeprefix("docs/") if path.startswith("docs/") else f"repository/{path}"


def stage(root: Path) -> dict[str, str | Path]:
    """Every file of the site's source: its text, or the file to copy."""
    site = Site(root)
    site.place(HOME)
    for page in sorted((root / "docs").rglob("*.md")):
        site.place(page.relative_to(root).as_posix())
    texts: dict[str, str] = {}
    while site.queue:
        path = site.queue.pop(0)
        texts[path] = _page(site, path)
    texts[HOME] += _navigation(site, texts)
    for path, text in texts.items():
        if site.pages[path].startswith("repository/") and path not in site.in_navigation:
            texts[path] = f"---\norphan: true\n---\n\n{text}"
    staged: dict[str, str | Path] = {site.pages[path]: text for path, text in texts.items()}
    return staged | {name.removeprefix("docs/"): root / name for name in site.files}


# --- pages ----------------------------------------------------------------------------------------


def _page(site: Site, path: str) -> str:
    source = site.root / path
    if source.is_dir():
        return _folder(site, path)
    text = source.read_text(encoding="utf-8")
    if source.suffix != ".md":
        return f"# `{path}`\n\n{_block(source.suffix, text)}"
    lines = text.splitlines()
    for number, line in _outside_of_code(lines):
        lines[number] = _LINK.sub(_relink(site, path, number + 1), line)
    return "\n".join(lines) + "\n"


def _folder(site: Site, path: str) -> str:
    """A folder of pages is a list of their titles, one of other files shows them."""
    files = sorted(entry for entry in (site.root / path).iterdir() if entry.is_file())
    pages = [entry for entry in files if entry.suffix == ".md"]
    name = PurePosixPath(path).name
    if pages:
        listed = "".join(f"- [{_title(page.read_text())}]({page.name})\n" for page in pages)
        return f"# {name.capitalize()}\n\n{listed}{_toctree([page.name for page in pages])}"
    blocks = [f"## {file.name}\n\n{_block(file.suffix, file.read_text())}" for file in files]
    return f"# `{path}/`\n\n" + "\n".join(blocks)


def _block(suffix: str, text: str) -> str:
    return f"`````{_LANGUAGES.get(suffix, 'text')}\n{text.rstrip()}\n`````\n"


def _relink(site: Site, path: str, line: int) -> Callable[[re.Match[str]], str]:
    def relinked(match: re.Match[str]) -> str:
        opening, target, anchor, closing = match.groups(default="")
        found = os.path.normpath(PurePosixPath(path).parent / target)
        if found.startswith("..") or not (site.root / found).exists():
            raise Broken(f"{path}:{line}: there is no {target}")
        if (site.root / found / "README.md").is_file():
            found += "/README.md"
        if Path(found).suffix in (".png", ".svg"):
            site.files.add(found)
            there = found.removeprefix("docs/")
        else:
            there = site.place(found)
        here = PurePosixPath(site.pages[path]).parent
        return f"{opening}{os.path.relpath(there, here)}{anchor}{closing}"

    return relinked


def _outside_of_code(lines: list[str]) -> Iterator[tuple[int, str]]:
    fence = ""
    for number, line in enumerate(lines):
        if marker := _FENCE.match(line):
            if not fence:
                fence = marker[1]
            elif marker[1].startswith(fence):
                fence = ""
        elif not fence:
            yield number, line


def _title(text: str) -> str:
    return next(line[2:] for line in text.splitlines() if line.startswith("# "))


# --- navigation -----------------------------------------------------------------------------------


def _navigation(site: Site, texts: dict[str, str]) -> str:
    """The headings of the home page and the links below them, in their order.

    A page `x.md` beside a folder `x/` has the folder's pages below it, in the order of its links.
    """
    path_of = {place: path for path, place in site.pages.items()}
    parts: dict[str, list[str]] = {}
    seen = {"index.md"}
    caption = ""
    for _, line in _outside_of_code(texts[HOME].splitlines()):
        if line.startswith("## "):
            caption = line.removeprefix("## ")
        for label, target in _PAGE.findall(line) if caption else ():
            if target not in seen:
                path = path_of[target]
                parts.setdefault(caption, []).append(f"{label} <{target}>")
                site.in_navigation.add(path)
                inner = _below(texts[path], target.removesuffix(".md"))
                texts[path] += _toctree(inner) if inner else ""
                seen |= {target, *(str(PurePosixPath(target).parent / one) for one in inner)}
    return "\n".join(_toctree(entries, caption) for caption, entries in parts.items())


def _below(text: str, place: str) -> list[str]:
    """The links of a page into the folder that has its name, each once."""
    name = re.escape(PurePosixPath(place).name)
    return list(dict.fromkeys(re.findall(rf"\]\(({name}/[^)#]+\.md)", text)))


def _toctree(entries: Sequence[str], caption: str = "") -> str:
    told = f":caption: {caption}\n" if caption else ""
    listed = "\n".join(entries)
    return f"\n```{{toctree}}\n:hidden:\n{told}\n{listed}\n```\n"


# --- the build ------------------------------------------------------------------------------------


def settings() -> dict[str, object]:
    return {
        "project": "Vestibule",
        "html_title": "Vestibule",
        "extensions": ["myst_parser"],
        "root_doc": "index",
        "language": "en",
        "myst_heading_anchors": 4,
        "html_theme": "furo",
        "html_static_path": [str(THEME), str(STATIC / "favicon.svg")],
        "html_css_files": ["tokens.css", "docs.css"],
        "html_favicon": str(STATIC / "favicon.svg"),
        "html_theme_options": {
            "navigation_with_keys": True,
            "light_logo": "favicon.svg",
            "dark_logo": "favicon.svg",
        },
        "html_show_copyright": False,
        "html_show_sourcelink": False,
        "html_copy_source": False,
        "html_use_index": False,
        # The first lines of each result would be fetched, which browsers refuse in a folder.
        "html_show_search_summary": False,
        "nitpicky": True,
    }


def build(root: Path, out: Path, work: Path) -> None:
    """Write the site to `out`; `work` keeps what makes the next build quick.

    Raises:
        Broken: a link of the repository leads nowhere.
        sphinx.errors.SphinxError: what Sphinx warned of.
    """
    source = work / "source"
    staged = stage(root)
    for name, content in staged.items():
        octets = content.read_bytes() if isinstance(content, Path) else content.encode()
        file = source / name
        # Sphinx reads anew what was written anew.
        if not file.is_file() or file.read_bytes() != octets:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(octets)
    for file in source.rglob("*"):
        if file.is_file() and file.relative_to(source).as_posix() not in staged:
            file.unlink()
    shutil.rmtree(out, ignore_errors=True)
    # Half a second of imports, which a broken link need not wait for.
    from sphinx.application import Sphinx  # noqa: PLC0415
    from sphinx.util.console import nocolor  # noqa: PLC0415

    nocolor()
    app = Sphinx(
        source, None, out, work / "doctrees", "html", confoverrides=settings(), status=None,
        warningiserror=True,
    )  # fmt: skip
    app.build()
    if app.statuscode:
        raise Broken("the warnings above end the build")
    (out / "_static" / "tokens.css").write_text(_tokens(), encoding="utf-8")
    shutil.rmtree(out / ".doctrees", ignore_errors=True)


def _tokens() -> str:
    """Colours, fonts and steps of the server's own pages, so that there is one set of them."""
    sheet = (STATIC / "vestibule.css").read_text(encoding="utf-8")
    found = re.search(r"^@layer tokens \{\n.*?^\}\n", sheet, flags=re.MULTILINE | re.DOTALL)
    if found is None:
        raise Broken("vestibule.css has no layer of tokens")
    return found[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=ROOT, help="the repository that is shown")
    parser.add_argument("--out", type=Path, default=ROOT / "site", help="where the site is written")
    parser.add_argument("--work", type=Path, default=ROOT / ".make" / "docs", help="what is kept")
    given = parser.parse_args()
    try:
        build(given.root.absolute(), given.out.absolute(), given.work.absolute())
    except Broken as error:
        sys.exit(f"make docs: {error}")
    print(given.out / "index.html")


if __name__ == "__main__":
    main()
