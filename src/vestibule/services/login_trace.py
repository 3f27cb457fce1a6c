"""The story of a login while it is being lived: steps are added, then written down once."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from vestibule.domain.attributes import Statement
from vestibule.domain.logins import LoginTrace, TraceStep, as_received, refused_step
from vestibule.errors import VestibuleError
from vestibule.services.rbac import Actor, GuestActor
from vestibule.services.runtime import Runtime


@dataclass(slots=True)
class Trace:
    """Collects steps. `stage` is the name of what is being tried, for a refusal to stand under;
    `email` is the address that the identity provider named, and `statement` all that it said, once
    that was verified."""

    rt: Runtime
    stage: str = "Start"
    steps: list[TraceStep] = field(default_factory=list)
    email: str = ""
    statement: Statement | None = None

    def step(self, name: str, summary: str) -> None:
        self.steps.append(TraceStep(name, self.rt.now(), True, summary))

    def compared(self, name: str, summary: str, want: str, got: str) -> None:
        """A step that passed, with what was wanted and what came."""
        self.steps.append(TraceStep(name, self.rt.now(), True, summary, want, got))

    def warn(self, name: str, summary: str) -> None:
        self.steps.append(TraceStep(name, self.rt.now(), True, summary, code="warning"))

    def refuse(self, error: VestibuleError) -> None:
        self.steps.append(refused_step(self.stage, error, self.rt.now()))

    def onto(self, base: LoginTrace) -> LoginTrace:
        return replace(base, steps=(*base.steps, *self.steps), email=self.email)


def seen_by(actor: Actor, trace: LoginTrace) -> LoginTrace:
    """The whole story for whoever runs the project; for everybody else what a receiver may read."""
    whole = actor.on_behalf is None and not isinstance(actor, GuestActor)
    return trace if whole else as_received(trace)
