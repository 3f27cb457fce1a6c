"""One refusal in a process of its own: CPU in ms, peak of memory in MB, and the code.

`python -m benchmarks.refusal FILE`, where the file holds the body of a form. Imports little, so
that a hundred of them take seconds.
"""

from __future__ import annotations

import gc
import re
import statistics
import sys
import time
from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote_from_bytes

from benchmarks.documents import expectations, honest_response
from vestibule.errors import VestibuleError
from vestibule.protocols import saml
from vestibule.web.incoming import once


def _judge(form: bytes, expected: saml.Expectations, now: datetime) -> str:
    try:
        posted = once(form)["SAMLResponse"]
        saml.verify_response(saml.read_response(posted), expected, now=now)
    except VestibuleError as error:
        return error.code
    return "accepted"


def _kilobytes(name: str) -> int:
    # Not `ru_maxrss`: a new process inherits that from whoever started it.
    found = re.search(rf"^{name}:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert found
    return int(found[1])


def main(path: str) -> None:
    expected = expectations()
    now = datetime.now(UTC)
    # What is made once in a process is no part of a refusal.
    warm = b"SAMLResponse=" + quote_from_bytes(b64encode(honest_response())).encode()
    assert _judge(warm, expected, now) == "accepted"
    form = Path(path).read_bytes()
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = _kilobytes("VmRSS")
    code = _judge(form, expected, now)
    memory = (_kilobytes("VmHWM") - before) / 1024
    taken = []
    for _ in range(5):
        began = time.process_time()
        _judge(form, expected, now)
        taken.append(time.process_time() - began)
    print(statistics.median(taken) * 1000, memory, code)


if __name__ == "__main__":
    main(sys.argv[1])
