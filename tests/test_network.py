"""The door outside: whom it refuses to speak to, and what it does not let others do to us."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vestibule import network
from vestibule.errors import VestibuleError
from vestibule.network import MAX_BYTES, Network
from vestibule.protocols.http import HttpRequest, HttpResponse
from vestibule.settings import LOOPBACK

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
V4_LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)


@asynccontextmanager
async def server(answer: Answer) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A server on a free port of 127.0.0.1; gives the port and the heads of what was asked."""
    heads: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            heads.append(await reader.readuntil(b"\r\n\r\n"))
            await answer(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the other side has hung up, as it should in half of these tests
        finally:
            writer.close()

    listening = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with listening:
        yield listening.sockets[0].getsockname()[1], heads


def says(body: bytes, status: str = "200 OK", *headers: str) -> Answer:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write("\r\n".join(lines).encode() + body)
        await writer.drain()

    return answer


async def send(
    url: str,
    allowed: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = (),
    *,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    body: bytes = b"",
) -> HttpResponse:
    door = Network(allowed)
    try:
        return await door.send(HttpRequest(method, url, headers or {}, body))
    finally:
        await door.close()


FORBIDDEN = (
    "127.0.0.1", "127.1.2.3", "10.0.0.1", "172.16.0.1", "192.168.1.1",
    "169.254.169.254", "169.254.0.1", "100.64.0.1", "0.0.0.0", "255.255.255.255", "224.0.0.1",
    "198.18.0.1", "192.0.2.1", "240.0.0.1", "2130706433", "127.1", "0x7f000001", "0177.0.0.1",
    "localhost",
    "[::1]", "[::]", "[fe80::1]", "[fe80::1%251]", "[fc00::1]", "[fd12::1]", "[ff02::1]",
    "[fec0::1]", "[2001:db8::1]", "[::ffff:127.0.0.1]", "[::ffff:10.0.0.1]",
    "[::ffff:169.254.169.254]", "[::127.0.0.1]", "[2002:7f00:1::]", "[2002:a00:1::1]",
    "[64:ff9b::127.0.0.1]", "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::1]", "[100::1]", "[4000::1]",
)  # fmt: skip


@pytest.mark.parametrize("host", FORBIDDEN)
def test_an_address_that_is_not_public_is_refused(host: str) -> None:
    for scheme in ("https", "http"):
        with pytest.raises(VestibuleError) as caught:
            asyncio.run(send(f"{scheme}://{host}:1/x"))
        # A form of an address that this system does not read at all is unreachable.
        assert caught.value.code in ("idp_address_forbidden", "idp_unreachable")
        assert caught.value.code == "idp_address_forbidden" or "%25" in host


def test_nothing_is_sent_to_an_address_that_is_not_public() -> None:
    async def work() -> None:
        async with server(says(b"")) as (port, heads):
            for host in ("127.0.0.1", "localhost", "2130706433", "[::ffff:127.0.0.1]"):
                for scheme in ("http", "https"):
                    with pytest.raises(VestibuleError, match="idp_address_forbidden"):
                        await send(f"{scheme}://{host}:{port}/")
            other = (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("::1/128"))
            with pytest.raises(VestibuleError, match="idp_address_forbidden"):
                await send(f"http://127.0.0.1:{port}/", other)
            assert heads == []

    asyncio.run(work())


def test_an_allowed_network_is_reached_over_http() -> None:
    async def work() -> None:
        async with server(says(b"hello", "200 OK", "X-One: 1")) as (port, heads):
            for host in ("127.0.0.1", "localhost"):
                answer = await send(f"http://{host}:{port}/path?q=1", LOOPBACK)
                assert (answer.status, answer.body) == (200, b"hello")
                assert answer.headers["x-one"] == "1"
            posted = await send(
                f"http://127.0.0.1:{port}/", V4_LOOPBACK, method="POST",
                headers={"X-Two": "2"}, body=b"a=b",
            )  # fmt: skip
            assert posted.status == 200
        assert heads[0].startswith(b"GET /path?q=1 HTTP/1.1\r\n")
        assert b"accept-encoding: identity\r\n" in heads[0].lower()
        assert heads[2].startswith(b"POST / HTTP/1.1\r\n")
        assert b"x-two: 2\r\n" in heads[2].lower()

    asyncio.run(work())


def test_a_hidden_address_is_judged_by_what_it_hides() -> None:
    """An allowed range counts for every way of writing an address in it, and for no other."""

    async def work() -> None:
        async with server(says(b"hello")) as (port, _):
            pass
        # The door lets it through, and behind it nobody listens any more.
        with pytest.raises(VestibuleError, match="idp_unreachable"):
            await send(f"https://[::ffff:127.0.0.1]:{port}/", V4_LOOPBACK)
        with pytest.raises(VestibuleError, match="idp_address_forbidden"):
            await send(f"https://[::ffff:10.0.0.1]:{port}/", V4_LOOPBACK)

    asyncio.run(work())


@pytest.mark.parametrize(
    "url",
    [
        "http://192.0.2.1/",
        "http://8.8.8.8/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "unix:///var/run/docker.sock",
        "http+unix://%2Fvar%2Frun%2Fdocker.sock/",
        "gopher://127.0.0.1/",
        "//127.0.0.1/",
        "127.0.0.1",
        "",
        "https:///path",
        "https://",
        "https://user@127.0.0.1/",
        "https://user:password@127.0.0.1/",
        "https://idp.example@127.0.0.1/",
        "http://[::1",
        "https://[::1",
        "javascript:alert(1)",
    ],
)
def test_a_url_that_is_no_plain_https_one_is_refused(url: str) -> None:
    with pytest.raises(VestibuleError, match="idp_address_forbidden"):
        asyncio.run(send(url, LOOPBACK))


@pytest.mark.parametrize("host", ["no-such-name.invalid", "a" * 64 + ".example", ".", "a..b"])
@pytest.mark.parametrize("scheme", ["https", "http"])
def test_a_name_without_an_address_is_unreachable(scheme: str, host: str) -> None:
    with pytest.raises(VestibuleError) as caught:
        asyncio.run(send(f"{scheme}://{host}/", LOOPBACK))
    expected = "idp_unreachable" if scheme == "https" else "idp_address_forbidden"
    assert caught.value.code == expected


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    async def work() -> None:
        async with server(says(b"secret")) as (inside, heads):
            target = f"Location: http://127.0.0.1:{inside}/"
            async with server(says(b"", "302 Found", target)) as (port, _):
                answer = await send(f"http://127.0.0.1:{port}/", V4_LOOPBACK)
            assert answer.status == 302
            assert answer.headers["location"] == f"http://127.0.0.1:{inside}/"
            assert heads == []

    asyncio.run(work())


def test_an_answer_of_512_kilobytes_is_read_and_one_byte_more_is_not() -> None:
    async def work() -> None:
        async with server(says(b"x" * MAX_BYTES)) as (port, _):
            answer = await send(f"http://127.0.0.1:{port}/", V4_LOOPBACK)
            assert len(answer.body) == MAX_BYTES == 524_288
        async with server(says(b"x" * (MAX_BYTES + 1))) as (port, _):
            with pytest.raises(VestibuleError, match="idp_answer_too_large"):
                await send(f"http://127.0.0.1:{port}/", V4_LOOPBACK)

    asyncio.run(work())


def test_an_answer_without_an_end_is_cut_off() -> None:
    async def endless(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
            await writer.drain()

    async def work() -> None:
        async with server(endless) as (port, _):
            with pytest.raises(VestibuleError, match="idp_answer_too_large"):
                await send(f"http://127.0.0.1:{port}/", V4_LOOPBACK)

    asyncio.run(work())


@pytest.mark.parametrize("begins", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"])
def test_a_drip_ends_with_the_deadline(monkeypatch: pytest.MonkeyPatch, begins: bytes) -> None:
    monkeypatch.setattr(network, "DEADLINE_SECONDS", 0.1)

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(begins)
        await writer.drain()
        await reader.read()  # says no more until the other side hangs up

    async def work() -> None:
        async with server(drip) as (port, _):
            with pytest.raises(VestibuleError, match="idp_timeout"):
                await send(f"http://127.0.0.1:{port}/", V4_LOOPBACK)

    asyncio.run(work())


def test_a_steady_drip_cannot_stretch_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte now and then is no reason to wait longer: the deadline is for the whole exchange."""
    monkeypatch.setattr(network, "DEADLINE_SECONDS", 0.1)

    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        for _ in range(100_000):
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.01)

    async def work() -> None:
        async with server(drip) as (port, _):
            with pytest.raises(VestibuleError, match="idp_timeout"):
                await send(f"http://127.0.0.1:{port}/", V4_LOOPBACK)

    asyncio.run(work())


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "x"])
def test_a_compressed_answer_is_refused(encoding: str) -> None:
    async def work() -> None:
        answer = says(b"packed", "200 OK", f"Content-Encoding: {encoding}")
        async with server(answer) as (port, _):
            with pytest.raises(VestibuleError, match=r"idp_unreachable.*compressed"):
                await send(f"http://127.0.0.1:{port}/", V4_LOOPBACK)

    asyncio.run(work())


@pytest.mark.parametrize(
    "raw", [b"", b"no http at all\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort"]
)
def test_an_answer_that_is_no_http_is_unreachable(raw: bytes) -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await writer.drain()

    async def work() -> None:
        async with server(answer) as (port, _):
            with pytest.raises(VestibuleError, match="idp_unreachable"):
                await send(f"http://127.0.0.1:{port}/", V4_LOOPBACK)

    asyncio.run(work())


def test_a_closed_port_is_unreachable() -> None:
    async def work() -> None:
        async with server(says(b"")) as (port, _):
            pass
        with pytest.raises(VestibuleError, match="idp_unreachable"):
            await send(f"http://127.0.0.1:{port}/", V4_LOOPBACK)

    asyncio.run(work())


def test_a_header_with_a_line_of_its_own_is_not_sent() -> None:
    async def work() -> None:
        async with server(says(b"")) as (port, heads):
            with pytest.raises(VestibuleError, match="idp_unreachable"):
                await send(f"http://127.0.0.1:{port}/", V4_LOOPBACK, headers={"X": "1\r\nEvil: 2"})
            assert heads == []

    asyncio.run(work())


def test_no_proxy_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        async with server(says(b"proxy")) as (proxy, asked), server(says(b"real")) as (port, _):
            for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
                monkeypatch.setenv(name, f"http://127.0.0.1:{proxy}")
            answer = await send(f"http://127.0.0.1:{port}/", V4_LOOPBACK)
            assert answer.body == b"real"
            assert asked == []

    asyncio.run(work())


# No name in these can be looked up: the digits and dots are addresses, the rest is refused first.
_PARTS = st.sampled_from(["http", "https", ":", "/", "//", "@", "[", "]", "%", "#", "?", "\\", "\t",
                          "\n", " ", "\x00", "é", "\ud800", "127.0.0.1", "::1", "0", "65536", "-1",
                          "."])  # fmt: skip


@settings(derandomize=True, deadline=None, max_examples=150)
@given(st.lists(_PARTS, max_size=9).map("".join))
def test_any_url_is_refused_in_words(rest: str) -> None:
    for url in (rest, f"http://127.0.0.1{rest}", f"https://[::1]{rest}"):
        with pytest.raises(VestibuleError):
            asyncio.run(send(url))
