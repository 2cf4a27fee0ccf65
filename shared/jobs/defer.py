"""Queues a job inside the caller's transaction, through procrastinate's versioned SQL function."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

_DEFER = text(
    "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW(:queue, :task, 0, :lock, NULL, CAST(:arguments AS jsonb), "
    "CAST(:at AS timestamptz))::procrastinate_job_to_defer_v1])"
)


def defer_job(
    session: Session,
    task: str,
    *,
    queue: str,
    lock: str | None,
    at: datetime | None,
    arguments: dict[str, Any],
) -> None:
    """Adds a job row; jobs with the same `lock` run one after the other, `at` delays the start."""
    session.execute(
        _DEFER, {"queue": queue, "task": task, "lock": lock, "arguments": json.dumps(arguments), "at": at}
    )
