"""Durable jobs on PostgreSQL: procrastinate behind one class, so that it can be replaced in one place.

A job runs at least once: a worker that vanishes is noticed by its missing heartbeat and its jobs are run again, so
every task must be harmless when repeated.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import procrastinate
import structlog
from procrastinate import App, PsycopgConnector, RetryStrategy
from sqlalchemy.engine import make_url

from shared.observability.metrics import JOBS
from shared.runtime import Runtime

log = structlog.get_logger(__name__)

_HEARTBEAT_SECONDS = 2.0
_STALLED_SECONDS = 10.0
_SWEEP_SECONDS = 5.0

Task = Callable[..., None]


class Jobs:
    """The tasks of one service and the worker that runs them."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        url = make_url(runtime.settings.service_database_url(runtime.name))
        conninfo = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self.app = App(connector=PsycopgConnector(conninfo=conninfo, min_size=1, max_size=6))

    def task(self, name: str, *, queue: str = "default", attempts: int = 10) -> Callable[[Task], Task]:
        """Registers a task; after an exception it is tried again with growing pauses, `attempts` times in all."""

        def register(function: Task) -> Task:
            def run(**arguments: Any) -> None:
                structlog.contextvars.bind_contextvars(task=name)
                try:
                    function(**arguments)
                except Exception:
                    JOBS.labels(self.runtime.name, name, "failed").inc()
                    log.exception("job_failed", task=name, arguments=arguments)
                    raise
                JOBS.labels(self.runtime.name, name, "done").inc()

            retry = RetryStrategy(max_attempts=attempts, exponential_wait=2)
            self.app.task(name=name, queue=queue, retry=retry)(run)
            return function

        return register

    def periodic(
        self, name: str, cron: str, *, queue: str = "default", lock: str | None = None
    ) -> Callable[[Callable[[], None]], Callable[[], None]]:
        """Registers a task that runs by the clock; `cron` has five fields, or six with seconds last. Jobs of one `lock` come
        one after the other."""

        def register(function: Callable[[], None]) -> Callable[[], None]:
            @self.app.periodic(cron=cron)
            @self.app.task(name=name, queue=queue, queueing_lock=name, lock=lock)
            def run(timestamp: int) -> None:
                function()

            return function

        return register

    def run_worker(self, queues: Sequence[str], *, concurrency: int) -> None:
        """Works until SIGTERM or SIGINT; a job in hand is finished first."""
        asyncio.run(self._work(list(queues), concurrency))

    async def _work(self, queues: list[str], concurrency: int) -> None:
        async with self.app.open_async():
            sweep = asyncio.create_task(self._sweep_stalled())
            try:
                await self.app.run_worker_async(
                    queues=queues,
                    concurrency=concurrency,
                    name=f"{self.runtime.name}-worker",
                    fetch_job_polling_interval=2.0,
                    update_heartbeat_interval=_HEARTBEAT_SECONDS,
                    stalled_worker_timeout=_STALLED_SECONDS,
                    delete_jobs=procrastinate.jobs.DeleteJobCondition.SUCCESSFUL,
                    shutdown_graceful_timeout=20.0,
                )
            finally:
                sweep.cancel()

    async def _sweep_stalled(self) -> None:
        """Puts back the jobs of workers that are gone, all the time and not only at the start."""
        manager = self.app.job_manager
        while True:
            try:
                for job in await manager.get_stalled_jobs(seconds_since_heartbeat=_STALLED_SECONDS):
                    log.warning("job_restarted", task=job.task_name, id=job.id)
                    await manager.retry_job(job)
            except procrastinate.exceptions.ConnectorException as error:
                log.warning("job_sweep_failed", error=str(error))
            await asyncio.sleep(_SWEEP_SECONDS)
