"""The people who have an account at every identity provider of the tests."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Person:
    """Who signs in. `subject` is what the provider calls them for ever, whatever their e-mail."""

    subject: str
    email: str
    password: str
    given_name: str
    family_name: str
    groups: tuple[str, ...]
    department: str

    @property
    def name(self) -> str:
        """The full name."""
        return f"{self.given_name} {self.family_name}"


ADA = Person(
    subject="ada",
    email="ada@northwind.test",
    password="engine-room",
    given_name="Ada",
    family_name="Byron",
    groups=("engineering", "admins"),
    department="Research",
)
BEN = Person(
    subject="ben",
    email="ben@northwind.test",
    password="front-desk",
    given_name="Ben",
    family_name="Okafor",
    groups=("support",),
    department="Support",
)
PEOPLE = (ADA, BEN)
