"""What it takes to refuse a document that is made to cost: CPU, memory, and the others' patience.

Each document is posted to a process of its own, which judges it and says what that took. The
documents stand beside the tests that refuse them, in `tests/protocols/saml/hostile.py`.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import threading
import time
from base64 import b64encode
from pathlib import Path
from urllib.parse import quote_from_bytes

from benchmarks.documents import encrypted, honest_response, key
from benchmarks.logins import prepare
from benchmarks.measure import note, table
from benchmarks.server import ROOT, Http, Server, free_port, running

sys.path.append(str(ROOT / "tests"))
from protocols.saml import hostile

CPU_MS, MEMORY_MB, AT_ONCE = 50, 50, 20


def run(*, quick: bool) -> None:
    forms = _forms()
    if quick:
        forms = dict(list(forms.items())[::5])
    rows, worst_cpu, worst_memory = [], 0.0, 0.0
    with tempfile.TemporaryDirectory() as folder:
        for name, form in forms.items():
            path = Path(folder) / "form"
            path.write_bytes(form)
            cpu, memory, code = _alone(path)
            worst_cpu, worst_memory = max(worst_cpu, cpu), max(worst_memory, memory)
            size = f"{len(form) / 1000:,.0f}"
            rows.append((name, size, f"{cpu:.1f}", f"{memory:.1f}", code))
    table(("", "KB as a form", "CPU ms", "MB more", "code"), rows)
    met = worst_cpu < CPU_MS and worst_memory < MEMORY_MB
    note(
        f"The worst takes {worst_cpu:.1f} ms and {worst_memory:.1f} MB"
        f" (aims: {CPU_MS} ms, {MEMORY_MB} MB, {'met' if met else 'not met'})"
    )
    with tempfile.TemporaryDirectory() as folder:
        port, data = free_port(), Path(folder) / "data"
        made = prepare(data, port, 1, "http://127.0.0.1:9")
        with running(data, port) as server:
            _over_http(server, made["saml"][0], [*forms.values()])


def _forms() -> dict[str, bytes]:
    """Every hostile document as the body of a form, and the hostile forms themselves."""
    plain = {**hostile.UNPARSED, **hostile.PARSED}
    documents = {name: each.make() for name, each in plain.items()}
    honest = honest_response()
    for name, each in hostile.SIGNED_INFO.items():
        documents[f"SignedInfo: {name}"] = hostile.in_signed_info(honest, each.make())
    for name, each in hostile.SEALED.items():
        inside = honest.replace(b"</saml:Assertion>", each.make() + b"</saml:Assertion>")
        documents[f"encrypted: {name}"] = encrypted(inside, to=key("sp"), cipher="aes256-cbc")
    # Only what must be escaped is; the worst escaping has lines of its own.
    forms = {
        name: b"SAMLResponse=" + quote_from_bytes(b64encode(document)).encode()
        for name, document in documents.items()
    }
    return forms | {f"form: {name}": each.make() for name, each in hostile.FORMS.items()}


def _alone(form: Path) -> tuple[float, float, str]:
    """CPU in ms, peak of memory in MB beyond what the form itself takes, and the code."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.refusal", str(form)],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    cpu, memory, code = done.stdout.split()
    return float(cpu), float(memory), code


def _over_http(server: Server, connection_id: str, forms: list[bytes]) -> None:
    """The same through the door: one after another, then twenty at once, with /health beside."""
    chosen = (forms * AT_ONCE)[:: max(1, len(forms) // AT_ONCE)][:AT_ONCE]
    target = f"/v1/b2b/sso/callback/{connection_id}"
    kind = "content-type: application/x-www-form-urlencoded\r\n"
    statuses: list[int] = []

    def post(*documents: bytes) -> None:
        for form in documents:
            http = Http(server.port)
            statuses.append(http.request("POST", target, kind, form).status)
            http.close()

    rows = []
    for name in ("no documents", "one after another", "at once"):
        senders: list[threading.Thread] = []
        if name == "one after another":
            senders = [threading.Thread(target=post, args=chosen)]
        elif name == "at once":
            senders = [threading.Thread(target=post, args=(form,)) for form in chosen]
        cpu, health = server.cpu(), Http(server.port)
        for sender in senders:
            sender.start()
        waits: list[float] = []
        while any(sender.is_alive() for sender in senders) or not waits:
            began = time.perf_counter()
            assert health.request("GET", "/health").status == 200
            waits.append((time.perf_counter() - began) * 1000)
            time.sleep(0.005)
        health.close()
        median, most = f"{statistics.median(waits):.1f}", f"{max(waits):.1f}"
        rows.append((name, f"{(server.cpu() - cpu) * 1000:.0f}", median, most))
    table((f"{AT_ONCE} documents", "server CPU ms", "/health ms, median", "slowest"), rows)
    refused = sum(400 <= status < 500 for status in statuses)
    note(f"{refused} of {2 * AT_ONCE} answered with 4xx: {sorted(set(statuses))}")
