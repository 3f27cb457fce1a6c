"""What the searches have in common: operands, their values, and the cursor of a page."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence

from vestibule.errors import refusal

Operand = Mapping[str, object]

# A database takes only so many parameters and so deep an expression.
MAX_OPERANDS = 100
MAX_VALUES = 10_000


def check_operands(operands: Sequence[Operand]) -> None:
    """Refuse a query that is larger than a database could answer."""
    if len(operands) > MAX_OPERANDS:
        raise refusal("field_invalid", want=f"at most {MAX_OPERANDS} operands")
    values = [operand.get("filter_value") for operand in operands]
    if sum(len(value) for value in values if isinstance(value, list)) > MAX_VALUES:
        raise refusal("field_invalid", want=f"at most {MAX_VALUES} values in one query")


def matches_all(operator: str) -> bool:
    """Whether every operand has to hold, or one of them."""
    if operator not in ("AND", "OR"):
        raise refusal("field_invalid", want="operator AND or OR", got=operator)
    return operator == "AND"


def filter_of(operand: Operand, family: str) -> tuple[str, object]:
    """The name and value of one operand, or the refusal of that family of codes."""
    name = operand.get("filter_name")
    if name is None:
        raise refusal(f"{family}_missing_filter_name")
    if not isinstance(name, str):
        raise refusal(f"{family}_filter_name_must_be_string")
    value = operand.get("filter_value")
    if value is None:
        raise refusal(f"{family}_missing_filter_value", got=name)
    return name, value


def list_value(value: object, code: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise refusal(code)
    if len(value) > 1000:
        raise refusal("field_invalid", want="at most 1000 values", got=str(len(value)))
    return value


def fuzzy_value(value: object, too_short: str, not_text: str) -> str:
    if not isinstance(value, str):
        raise refusal(not_text)
    if len(value) < 3:
        raise refusal(too_short, want="3 characters", got=value)
    return value


def make_cursor(place: tuple[int, str] | None) -> str | None:
    if place is None:
        return None
    return base64.urlsafe_b64encode(f"{place[0]}|{place[1]}".encode()).decode()


def read_cursor(cursor: str | None) -> tuple[int, str] | None:
    if not cursor:
        return None
    try:
        created, _, last = base64.urlsafe_b64decode(cursor.encode()).decode().partition("|")
        number = int(created)
    except (binascii.Error, ValueError):
        raise refusal("search_cursor_invalid", got=cursor) from None
    if not last or not 0 <= number < 2**62:
        raise refusal("search_cursor_invalid", got=cursor)
    return number, last
