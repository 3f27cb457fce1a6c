"""What has to be done without anybody asking: a table of jobs with their intervals.

Every job is safe to run on several servers at once, and a job that fails is tried again at its
next turn. Knows when, not what.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import timedelta

import structlog

from vestibule.services import (
    domain_verification,
    expiry_notices,
    idp_metadata,
    idp_tokens,
    keys,
    magic_links,
    mail,
    projects,
)
from vestibule.services.runtime import Runtime

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Job:
    name: str
    every: timedelta
    run: Callable[[Runtime], Awaitable[int]]


async def _refresh_tokens(rt: Runtime) -> int:
    """Its counters are the metrics: one line for each turn in which there was work."""
    done = asdict(await idp_tokens.refresh_due(rt))
    error = done.pop("error")
    if error is not None:
        _log.error("refreshing broke", exc_info=error)
    if any(done.values()):
        _log.info("tokens refreshed", **done)
    return 0


async def _refresh_metadata(rt: Runtime) -> int:
    done = asdict(await idp_metadata.refresh_due(rt))
    error = done.pop("error")
    if error is not None:
        _log.error("reading metadata broke", exc_info=error)
    if any(done.values()):
        _log.info("metadata read", **done)
    return 0


async def _send_mail(rt: Runtime) -> int:
    done = asdict(await mail.send_due(rt))
    error = done.pop("error")
    if error is not None:
        _log.error("sending mail broke", exc_info=error)
    if any(done.values()):
        _log.info("mail sent", **done)
    return 0


JOBS = (
    Job("sweep what has expired", timedelta(minutes=1), projects.sweep),
    Job("rotate signing keys", timedelta(hours=1), keys.rotate_signing_keys),
    Job("refresh tokens of identity providers", timedelta(seconds=5), _refresh_tokens),
    Job("read metadata of identity providers", timedelta(seconds=10), _refresh_metadata),
    Job("answer pages that asked for links", timedelta(seconds=1), magic_links.answer_asked),
    Job("send mail", timedelta(seconds=1), _send_mail),
    Job("tell what expires", timedelta(hours=1), expiry_notices.tell_due),
    Job("look again at verified domains", timedelta(hours=1), domain_verification.check_due),
)


async def run(rt: Runtime) -> None:
    """Run every job at its interval until cancelled; refreshes under way are finished first."""
    async with asyncio.TaskGroup() as group:
        for job in JOBS:
            group.create_task(_repeat(rt, job))


async def run_until_asked_to_end(rt: Runtime) -> None:
    """Run the jobs in a process of their own, which ends by SIGTERM as by Ctrl+C: in order."""
    task = asyncio.ensure_future(run(rt))
    with contextlib.suppress(NotImplementedError):  # Windows
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def _repeat(rt: Runtime, job: Job) -> None:
    while True:
        # A quarter of chance keeps several servers from doing the same at the same moment.
        chance = 0.75 + rt.random(1)[0] / 1024
        await asyncio.sleep(job.every.total_seconds() * chance)
        try:
            done = await job.run(rt)
        except Exception as error:  # noqa: BLE001 - the next turn tries again
            _log.error("job failed", job=job.name, exc_info=error)
        else:
            if done:
                _log.info("job done", job=job.name, count=done)
