"""Pages that hold the official browser client, unmodified, on an origin of their own.

The client is what npm brings (`package.json` beside this), its published script builds. A page of
the product knows a public token and the address of the API, and nothing else of Vestibule.
"""

from __future__ import annotations

import contextlib
import functools
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path

from peers import parts

_FOLDER = Path(__file__).parent
_PACKAGE = _FOLDER / "node_modules" / "@stytch" / "vanilla-js"
_SCRIPTS = {
    "/client.js": "dist/iife/b2b/index.headless.js",
    "/portal.js": "dist/iife/adminPortal/index.js",
}


@contextlib.contextmanager
def run_page(base_url: str, public_token: str) -> Iterator[str]:
    """Serve the product's page on a free port while the block lasts; enters with its origin.

    The page has `client`, and `portal(element)`, which mounts the pre-built Admin Portal.
    """
    if not (_PACKAGE / "package.json").exists():
        parts.missing("the Node package @stytch/vanilla-js")
    page = (_FOLDER / "page.html").read_text()
    settings = json.dumps({"publicToken": public_token, "testAPIURL": base_url})
    handler = functools.partial(_Page, page=page.replace("{{ settings }}", settings))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            # Not the API's own host: for a browser the two are different sites.
            yield f"http://localhost:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class _Page(http.server.BaseHTTPRequestHandler):
    def __init__(self, *arguments: object, page: str) -> None:
        self._page = page
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path in _SCRIPTS:
            self._answer((_PACKAGE / _SCRIPTS[path]).read_bytes(), "text/javascript")
        else:
            self._answer(self._page.encode(), "text/html")

    def _answer(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("content-type", f"{kind}; charset=utf-8")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass
