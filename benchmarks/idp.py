"""An OpenID Provider of a process of its own: token endpoint, UserInfo and keys, nothing else.

It answers any code that `code_for` made, so the browser's visit to the provider needs no server.
Run as `python -m benchmarks.idp PORT`; ends when its standard input ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from urllib.parse import parse_qs

from benchmarks.documents import GROUPS, KEYS
from benchmarks.server import ROOT, Http, free_port
from vestibule.protocols import jwt

CLIENT_ID, CLIENT_SECRET = "bench", "bench-secret"


def code_for(email: str, nonce: str) -> str:
    return urlsafe_b64encode(json.dumps([email, nonce]).encode()).rstrip(b"=").decode()


@contextlib.contextmanager
def provider() -> Iterator[str]:
    """A running provider; gives its issuer."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.idp", str(port)], stdin=subprocess.PIPE, cwd=ROOT
    )
    try:
        until = time.monotonic() + 20
        while True:
            try:
                Http(port).request("GET", "/jwks")
                break
            except OSError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.02)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


async def _serve(port: int) -> None:
    key = jwt.read_signing_key("bench", (KEYS / "idp.test-key.pem").read_text())
    issuer = f"http://127.0.0.1:{port}"

    def answer(path: str, authorization: str, body: bytes) -> dict[str, object]:
        if path == "/jwks":
            return {"keys": [jwt.render_jwk(key, "bench")]}
        if path == "/userinfo":
            email = urlsafe_b64decode(authorization.removeprefix("Bearer ")).decode()
            return {
                "sub": email, "email": email, "email_verified": True, "name": "Ada Lovelace",
                "groups": list(GROUPS), "department": "Research",
            }  # fmt: skip
        code = parse_qs(body.decode())["code"][0]
        email, nonce = json.loads(urlsafe_b64decode(code + "=" * (-len(code) % 4)))
        now = int(time.time())
        claims = {
            "iss": issuer, "aud": CLIENT_ID, "sub": email, "iat": now, "exp": now + 600,
            "auth_time": now, "nonce": nonce,
        }  # fmt: skip
        return {
            "access_token": urlsafe_b64encode(email.encode()).decode(), "token_type": "Bearer",
            "expires_in": 600, "id_token": jwt.sign_jwt(claims, key),
        }  # fmt: skip

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                first, *lines = head.strip().split("\r\n")
                headers = {n.lower(): v.strip() for n, _, v in (x.partition(":") for x in lines)}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                path = first.split(" ")[1]
                given = json.dumps(answer(path, headers.get("authorization", ""), body)).encode()
                writer.write(
                    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
                    b"content-length: %d\r\n\r\n" % len(given) + given
                )
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", port)
    async with server:
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(int(sys.argv[1])))
