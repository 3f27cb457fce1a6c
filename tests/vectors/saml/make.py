"""Write every SAML vector anew: `python tests/vectors/saml/make.py`.

The documents are the catalogue of `vestibule.attack`, frozen in one scene: `good/<idp>/<case>/` in
the shapes of identity providers, `bad/<code>/<case>/` with one fault each, named for the refusal
that they must cause. Metadata is added here. Keys are made once and kept. RSA-PKCS#1 signatures
and ciphertext bodies are the same in every run; ECDSA, PSS and RSA-OAEP are not, so those files
change.
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

import metadata  # noqa: E402
from fixed_scene import SCENE  # noqa: E402

from vestibule.attack import catalogue  # noqa: E402
from vestibule.attack.cases import Case  # noqa: E402

ORIGIN = "made by tests/vectors/saml/make.py"


@dataclass
class Vector:
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


def vectors() -> Iterator[Vector]:
    for _, case in catalogue.cases(SCENE):
        yield frozen(case)
    for row in metadata.cases():
        yield Vector(**row)


def frozen(case: Case) -> Vector:
    setup, reading = case.setup, case.reading
    settings: dict[str, Any] = {
        "idp_entity_id": SCENE.idp,
        "certificates": setup.certificates,
        "acs_url": SCENE.acs,
        "audience": SCENE.sp,
        "request_id": SCENE.request if setup.solicited else None,
        "decryption_keys": setup.decryption_keys,
        "insecure_sha1": setup.insecure_sha1 or None,
        "insecure_legacy_encryption": setup.insecure_legacy_encryption or None,
    }
    expected: dict[str, Any] = {}
    if reading is not None:
        expected = {
            "name_id": reading.name_id,
            "signed": reading.signed,
            "encrypted": reading.encrypted,
            "warnings": reading.warnings,
            "attributes": dict(reading.attributes),
        }
    return Vector(
        f"bad/{case.code}/{case.name}" if case.code else f"good/{case.name}",
        case.document,
        case.why,
        case.section,
        code=case.code,
        encoded=case.encoded,
        settings=settings,
        expected=expected,
        origin=f"{ORIGIN} with {case.made_with}" if case.made_with else ORIGIN,
    )


def write(vector: Vector, top: Path) -> None:
    folder = top / vector.path
    folder.mkdir(parents=True)
    document = vector.document
    octets = document if isinstance(document, bytes) else document.encode()
    name = "response.xml" if vector.kind == "response" else "idp-metadata.xml"
    (folder / name).write_bytes(octets)
    if vector.encoded is not None:
        (folder / "response.b64").write_text(vector.encoded, encoding="utf-8")
    settings = {"now": SCENE.stamp()} | vector.settings
    expected = {"code": vector.code} if vector.code else vector.expected
    lines = [
        f"kind = {_toml(vector.kind)}",
        f"why = {_toml(vector.why)}",
        f"section = {_toml(vector.section)}",
        f"origin = {_toml(vector.origin)}",
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
    if not isinstance(value, str):
        return json.dumps(value)
    # TOML knows no surrogates: what is beyond the basic plane has an escape of its own.
    return f'"{"".join(map(_toml_character, value))}"'


def _toml_character(character: str) -> str:
    if character > "\uffff":
        return f"\\U{ord(character):08x}"
    return json.dumps(character)[1:-1]


def main(top: Path) -> None:
    for folder in ("good", "bad"):
        shutil.rmtree(top / folder, ignore_errors=True)
    count = 0
    for vector in vectors():
        write(vector, top)
        count += 1
    good = sum(1 for _ in (top / "good").rglob("case.toml"))
    print(f"{count} vectors: {good} good, {count - good} bad")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
