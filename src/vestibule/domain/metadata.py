"""trusted_metadata and untrusted_metadata: small JSON objects with limits (wire contract §2.5)."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import NoReturn

from vestibule.errors import VestibuleError, refusal

MAX_KEYS = 20
MAX_BYTES = 4096

Metadata = Mapping[str, object]


def merge_metadata(old: Metadata, changes: Mapping[str, object]) -> dict[str, object]:
    """Merge at the top level: a null deletes its key, a nested object is replaced whole.

    Raises:
        metadata_too_many_keys, metadata_too_large.
    """
    merged = {**old, **changes}
    return check_metadata({key: value for key, value in merged.items() if value is not None})


def metadata_text(metadata: Metadata) -> str:
    """As a person edits it."""
    return json.dumps(metadata, indent=2, ensure_ascii=False) if metadata else "{}"


def read_metadata(text: str, name: str) -> dict[str, object]:
    """The whole of a metadata object as a person typed it; nothing is an empty one.

    Raises:
        field_invalid, metadata_too_many_keys, metadata_too_large: each names the field, and JSON
        that is none the place.
    """
    try:
        found = json.loads(text or "{}", parse_constant=_no_number)
        # Half a surrogate pair can be written in JSON, and nowhere else.
        json.dumps(found, ensure_ascii=False, allow_nan=False).encode()
    except json.JSONDecodeError as error:
        place = f"{name}: line {error.lineno}, column {error.colno}"
        raise refusal("field_invalid", want="JSON", got=error.msg, detail=place) from None
    except (ValueError, RecursionError):
        raise refusal("field_invalid", want="JSON that can be kept", detail=name) from None
    if not isinstance(found, dict):
        raise refusal("field_invalid", want="a JSON object", got=text[:80], detail=name)
    try:
        return check_metadata(found)
    except VestibuleError as error:
        raise refusal(error.code, want=error.want, got=error.got, detail=name) from None


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def metadata_changes(old: Metadata, new: Metadata) -> dict[str, object]:
    """What turns the one into the other by `merge_metadata`; nothing where they are the same."""
    gone = dict.fromkeys(key for key in old if key not in new)
    return {**gone, **{key: value for key, value in new.items() if old.get(key) != value}}


def promote(
    old: Metadata, values: Mapping[str, object]
) -> tuple[dict[str, object], tuple[str, ...]]:
    """Take over what a login says, key by key in the mapping's order, as far as there is room.

    Returns the metadata, and the keys that were left out.
    """
    merged = {**old, **values}
    if len(merged) <= MAX_KEYS and json_size(merged) <= MAX_BYTES:
        return merged, ()
    kept, left_out = dict(old), []
    for key, value in values.items():
        tried = {**kept, key: value}
        if len(tried) <= MAX_KEYS and json_size(tried) <= MAX_BYTES:
            kept = tried
        else:
            left_out.append(key)
    return kept, tuple(left_out)


def check_metadata(metadata: dict[str, object]) -> dict[str, object]:
    if len(metadata) > MAX_KEYS:
        raise refusal(
            "metadata_too_many_keys", want=f"at most {MAX_KEYS} keys", got=str(len(metadata))
        )
    size = json_size(metadata)
    if size > MAX_BYTES:
        raise refusal("metadata_too_large", want=f"at most {MAX_BYTES} bytes", got=str(size))
    return metadata


def json_size(value: object) -> int:
    """Size of the compact UTF-8 JSON, in bytes; beyond every bound for what is nested too deep."""
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        return len(text.encode("utf-8", "surrogatepass"))
    except RecursionError:
        return sys.maxsize
