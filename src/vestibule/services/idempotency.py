"""Running a request once, however often it is sent with its key (decision 0029).

Owns when a key is claimed and when it is settled. Knows neither HTTP nor what is run.
"""

from __future__ import annotations

from dataclasses import dataclass

from vestibule.domain.idempotency import KEPT, LEASE, MAX_ANSWER, Answer, Claim, decide, is_final
from vestibule.services.runtime import Runtime
from vestibule.storage import Tx


@dataclass(frozen=True, slots=True)
class Asked:
    """A request with a key, after its caller has been authenticated."""

    project_id: str
    key_hash: bytes
    fingerprint: bytes


async def claim(rt: Runtime, asked: Asked) -> Claim | Answer:
    """The right to run the request, or the answer that it got before.

    Whoever gets a claim settles it. One that dies holding it leaves it to its lease.

    Raises:
        idempotency_key_reused, idempotency_key_in_use.
    """
    now = rt.now()
    mine = Claim(
        asked.project_id, asked.key_hash, asked.fingerprint, rt.random(16), now + LEASE, now + KEPT
    )

    def work(tx: Tx) -> Claim | Answer:
        held, answer = tx.idempotency.find(asked.project_id, asked.key_hash) or (None, None)
        kept = decide(held, answer, mine, now)
        if kept is not None:
            return kept
        tx.idempotency.put(mine, instead_of=held)
        return mine

    return await rt.store.write(work)


async def settle(rt: Runtime, held: Claim, answer: Answer | None) -> None:
    """Keep the answer for as long as keys are remembered, or give the key back: where the answer
    is not final, too large, or there is none."""
    if answer is not None and is_final(answer) and len(answer.body) <= MAX_ANSWER:
        kept, until = answer, rt.now() + KEPT
        await rt.store.write(lambda tx: tx.idempotency.answer(held, kept, until))
    else:
        await rt.store.write(lambda tx: tx.idempotency.release(held))
