"""Write every SAML vector anew: `python tests/vectors/saml/make.py`.

`good/<idp>/<case>/` are responses and metadata in the shapes of identity providers that were run
for real; `bad/<code>/<case>/` are the same with one fault each, named for the refusal that they
must cause. Keys are made once and kept. RSA-PKCS#1 signatures and ciphertext bodies are the same
in every run; ECDSA, PSS and RSA-OAEP are not, so those files change.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import bad_context  # noqa: E402
import bad_encryption  # noqa: E402
import bad_metadata  # noqa: E402
import bad_signatures  # noqa: E402
import bad_wrapping  # noqa: E402
import bad_xml  # noqa: E402
import forge  # noqa: E402
import good_responses  # noqa: E402

MODULES = (
    good_responses,
    bad_wrapping,
    bad_signatures,
    bad_encryption,
    bad_xml,
    bad_context,
    bad_metadata,
)
ORIGIN = "made by tests/vectors/saml/make.py"


@dataclass
class Case:
    """One folder: a document, what to expect of it, and why."""

    path: str
    document: str | bytes
    why: str
    section: str
    code: str = ""
    kind: str = "response"
    encoded: str | None = None  # what stands in the form instead of plain base64 of the document
    settings: dict[str, Any] = field(default_factory=dict)
    expected: dict[str, Any] = field(default_factory=dict)
    origin: str = ORIGIN


def cases() -> Iterator[Case]:
    for module in MODULES:
        for row in module.cases():
            yield Case(**row)


def write(case: Case) -> None:
    folder = HERE / case.path
    folder.mkdir(parents=True)
    document = case.document if isinstance(case.document, bytes) else case.document.encode()
    name = "response.xml" if case.kind == "response" else "idp-metadata.xml"
    (folder / name).write_bytes(document)
    if case.encoded is not None:
        (folder / "response.b64").write_text(case.encoded, encoding="utf-8")
    settings: dict[str, Any] = {"now": forge.stamp()}
    if case.kind == "response":
        settings |= {
            "idp_entity_id": forge.IDP,
            "certificates": ["idp"],
            "acs_url": forge.ACS,
            "audience": forge.SP,
            "request_id": forge.REQUEST,
            "decryption_keys": [],
        }
    settings |= case.settings
    expected = {"code": case.code} if case.code else case.expected
    lines = [
        f"kind = {_toml(case.kind)}",
        f"why = {_toml(case.why)}",
        f"section = {_toml(case.section)}",
        f"origin = {_toml(case.origin)}",
        "",
        *(f"{key} = {_toml(value)}" for key, value in settings.items() if value is not None),
        "",
        "[expected]",
        *(f"{key} = {_toml(v)}" for key, v in expected.items() if not isinstance(v, dict)),
    ]
    for key, value in expected.items():
        if isinstance(value, dict):
            lines += ["", f"[expected.{key}]"]
            lines += [f"{_toml(name)} = {_toml(inner)}" for name, inner in value.items()]
    (folder / "case.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _toml(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=True)


def main() -> None:
    forge.make_keys()
    for folder in ("good", "bad"):
        shutil.rmtree(HERE / folder, ignore_errors=True)
    count = 0
    for case in cases():
        write(case)
        count += 1
    good = sum(1 for _ in (HERE / "good").rglob("case.toml"))
    print(f"{count} vectors: {good} good, {count - good} bad")


if __name__ == "__main__":
    main()
