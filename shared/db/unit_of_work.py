"""One transaction of one service: the only place that commits."""

import json
import time
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from shared.db.engine import begin_limited
from shared.errors import Deadline
from shared.identifiers import new_id
from shared.jobs.defer import defer_job

log = structlog.get_logger(__name__)


class UnitOfWork:
    """A session with the effects that belong to it; leaving the block without `commit()` rolls everything back.

    `deadline` is a moment of `time.monotonic()`; statements that would run past it are ended by the database.
    """

    def __init__(self, sessions: sessionmaker[Session], schema: str, deadline: float | None = None) -> None:
        self.session = sessions()
        self.schema = schema
        self._deadline = deadline
        self._timed = False

    def __enter__(self) -> Self:
        self.limit_time()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def limit_time(self) -> None:
        """Hands what is left of the deadline to the database; raises Deadline where nothing is left."""
        if self._deadline is None or self._timed:
            return
        left = int((self._deadline - time.monotonic()) * 1000)
        if left <= 0:
            raise Deadline("The time for this request ran out before it was begun; nothing was changed.")
        begin_limited(self.session, left)
        self._timed = True

    def emit(self, target: str, path: str, body: dict[str, Any], ordering_key: str) -> str:
        """Writes a message for another service; delivered after commit, in order for one `ordering_key`. Returns its id."""
        event_id = new_id()
        self.session.execute(
            text(
                f"INSERT INTO {self.schema}.outbox (id, target, path, body, ordering_key) "
                "VALUES (:id, :target, :path, CAST(:body AS jsonb), :ordering_key)"
            ),
            {
                "id": event_id,
                "target": target,
                "path": path,
                "body": json.dumps(body),
                "ordering_key": ordering_key,
            },
        )
        self.session.execute(text("SELECT pg_notify(:channel, '')"), {"channel": f"outbox_{self.schema}"})
        return event_id

    def defer(
        self,
        task: str,
        *,
        queue: str = "default",
        lock: str | None = None,
        at: datetime | None = None,
        **arguments: Any,
    ) -> None:
        """Queues a job that becomes visible with this transaction's commit."""
        defer_job(self.session, task, queue=queue, lock=lock, at=at, arguments=arguments)

    def commit(self) -> None:
        """Makes everything durable, messages and jobs with it."""
        self.session.commit()

    def rollback(self) -> None:
        """Forgets everything since the last commit."""
        self.session.rollback()

    def close(self) -> None:
        """Forgets what was not committed and gives the connection back; rows that were read stay readable."""
        # Rolling back would expire them, and a use case often carries what it read into work outside the transaction.
        self.session.expunge_all()
        try:
            self.session.close()
        except DBAPIError as error:
            # The connection broke after all that was asked of it: the answer stands, and the pool must not keep it.
            log.warning("connection_lost_at_close", error=str(error.orig))
            self.session.invalidate()
