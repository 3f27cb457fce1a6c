"""Whole logins over HTTP, through 1 and through 10,000 stored connections of each kind, and through
an External connection beside the direct one that it leads to."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from benchmarks.idp import provider
from benchmarks.load import LEGS, Door, Driver, Figures, Kind, add_connections, add_external, doors
from benchmarks.measure import note, quantile, table
from benchmarks.server import Server, free_port, running

PEOPLE = 200
KINDS: tuple[Kind, ...] = ("saml", "oidc")


def run(*, quick: bool) -> None:
    many = 1_000 if quick else 10_000
    rounds, batch = (3, 50) if quick else (12, 100)
    with tempfile.TemporaryDirectory() as folder, provider() as issuer:
        ports = {1: free_port(), many: free_port()}
        made = {
            n: prepare(Path(folder) / f"with-{n}", port, n, issuer) for n, port in ports.items()
        }
        shared = {
            kind: add_external(Path(folder) / "with-1", ports[1], made[1][kind]) for kind in KINDS
        }
        with (
            running(Path(folder) / "with-1", ports[1]) as small,
            running(Path(folder) / f"with-{many}", ports[many]) as large,
        ):
            servers = {1: small, many: large}
            for kind in KINDS:
                through = {n: doors(kind, made[n][kind], PEOPLE) for n in servers}
                _compare(kind, servers, through, rounds, batch)
                direct, external = made[1][kind], shared[kind]
                _external(kind, small, doors(kind, direct, PEOPLE), doors(kind, external, PEOPLE),
                          rounds * 2, batch)  # fmt: skip
            _together(small, doors("saml", made[1]["saml"], PEOPLE), quick=quick)


def prepare(data: Path, port: int, number: int, issuer: str) -> dict[Kind, list[str]]:
    with running(data, port):
        pass
    return add_connections(data, port, number, issuer)


def _compare(
    kind: Kind,
    servers: dict[int, Server],
    through: dict[int, list[Door]],
    rounds: int,
    batch: int,
) -> None:
    drivers = {n: Driver(server) for n, server in servers.items()}
    # Everybody's first login makes a member; the measured ones find them.
    first = {n: drivers[n].log_in(through[n])[0] for n in servers}
    figures: dict[int, list[Figures]] = {n: [] for n in servers}
    signing: list[float] = []
    for turn in range(rounds):
        signing.append(drivers[1].sign_ms())
        for n in servers if turn % 2 else reversed(servers):
            begin = turn * batch % PEOPLE
            figures[n].append(drivers[n].log_in(through[n][begin : begin + batch])[0])
    rows = []
    for n, of_rounds in figures.items():
        cpu = statistics.median(one.cpu_ms for one in of_rounds)
        pairs = list(zip(of_rounds, signing, strict=True))
        wall = [seconds * 1000 for one in of_rounds for seconds in one.wall]
        rows.append(
            (
                f"{kind}, {n:,} stored",
                f"{cpu:.2f}",
                f"{1000 / cpu:,.0f}",
                f"{statistics.median(f.cpu_ms / s for f, s in pairs):.1f}",
                f"{statistics.median(wall):.2f}",
                f"{quantile(wall, 0.99):.2f}",
                f"{first[n].cpu_ms:.2f}",
            )
        )
    head = (
        "", "server CPU ms", "per second and core", "× RSA sign", "p50 ms", "p99 ms",
        "CPU ms of a first login",
    )  # fmt: skip
    table(head, rows)
    few, many = figures.values()
    growth = statistics.median(b.cpu_ms / a.cpu_ms for a, b in zip(few, many, strict=True))
    note(f"{kind}: {max(figures):,} stored connections cost {growth:.3f} × one (aim: 1.05)")
    legs = []
    for leg in LEGS:
        each = [statistics.median(f.cpu[leg] / f.logins * 1e6 for f in figures[n]) for n in figures]
        legs.append((leg, *(f"{value:.0f}" for value in each)))
    table(("server CPU µs by leg", *(f"{n:,} stored" for n in figures)), legs)
    for driver in drivers.values():
        driver.close()


def _external(
    kind: Kind,
    server: Server,
    direct: list[Door],
    external: list[Door],
    rounds: int,
    batch: int,
) -> None:
    """The same people at the same identity provider and server, through the one door and the
    other, by turns."""
    driver = Driver(server)
    ways = {"direct": direct, "External": external}
    figures: dict[str, list[Figures]] = {name: [] for name in ways}
    for through in ways.values():
        driver.log_in(through)
    for turn in range(rounds):
        begin = turn * batch % PEOPLE
        for name in ways if turn % 2 else reversed(ways):
            figures[name].append(driver.log_in(ways[name][begin : begin + batch])[0])
    driver.close()
    pairs = list(zip(figures["External"], figures["direct"], strict=True))
    ratio = statistics.median(one.cpu_ms / other.cpu_ms for one, other in pairs)
    rows = [
        (
            f"{kind}, {name}",
            f"{statistics.median(f.cpu_ms for f in of_rounds):.2f}",
            *(
                f"{statistics.median(f.cpu[leg] / f.logins * 1e6 for f in of_rounds):.0f}"
                for leg in LEGS
            ),
        )
        for name, of_rounds in figures.items()
    ]
    table(("", "server CPU ms", *(f"{leg} µs" for leg in LEGS)), rows)
    note(f"{kind}: an External login costs {ratio:.3f} × a direct one (aim: 1.05)")


def _together(server: Server, through: list[Door], *, quick: bool) -> None:
    """Four browsers at once against the one process: what it does when it is never idle."""
    driver = Driver(server, threads=4)
    driver.log_in(through)
    of_rounds = [driver.log_in(through)[0] for _ in range(2 if quick else 8)]
    rate = statistics.median(one.logins / one.elapsed for one in of_rounds)
    wall = [seconds * 1000 for one in of_rounds for seconds in one.wall]
    note(
        f"Four at a time: {rate:.0f} SAML logins per second, p50 {statistics.median(wall):.1f} ms, "
        f"p99 {quantile(wall, 0.99):.1f} ms, the client on the same two cores"
    )
    driver.close()
