"""The asking side of the bus.

A connection belongs to one request at a time: it is taken from a pool, last used first used, and put back. So a thread
has in effect a connection of its own, a streamed response keeps the connection it came on, and a reply that comes too
late is told by its id and thrown away.
"""

import os
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from shared.bus.connection import BrokerLost, Connection, NotConnected
from shared.bus.messages import BusRequest, BusResponse, decode_response_header
from shared.bus.protocol import (
    MAX_BODY,
    MAX_HEADER,
    WINDOW,
    Control,
    Kind,
    ProtocolError,
    Status,
    fairness_digest,
)
from shared.errors import Deadline, DomainError, TooLarge, Unavailable, WorkerLost

__all__ = ["BusClient", "BusRequest", "BusResponse"]

#: What a body may be longer than a piece of an upload, for the JSON or the headers around it.
_SLACK = 64 * 1024
#: Largest response that is put together in memory; what may be longer is asked for with `stream=True`.
MAX_JOINED = 64 * 1024 * 1024
#: Seconds that a repeated request waits for a broker that has died and is being started again.
_PATIENCE = 3.0


class BusClient:
    """Sends requests to services. One for a process, for all its threads; opens nothing before the first request."""

    def __init__(self, frontend: str, keys_dir: Path, party: str) -> None:
        self._frontend, self._keys_dir, self._party = frontend, keys_dir, party
        self._pid = 0
        self._idle: list[Connection] = []
        self._lock = threading.Lock()

    def request(
        self,
        service: str,
        request: BusRequest,
        *,
        deadline: float,
        fairness_key: str = "",
        stream: bool = False,
    ) -> BusResponse:
        """Asks a service; `deadline` is in seconds from now.

        With `stream` the response may carry `parts` instead of a body; each part must then come within the same time.
        At most once: a request is repeated, once, only if it is GET or HEAD or has an Idempotency-Key. Raises
        Unavailable (no worker, queue full, no broker), WorkerLost, Deadline, TooLarge.
        """
        if len(request.body) > MAX_BODY + _SLACK:
            raise TooLarge(f"A bus request carries at most {MAX_BODY} bytes.")
        header = request.encode_header()
        if len(header) > MAX_HEADER:
            raise TooLarge(f"The headers of a bus request have at most {MAX_HEADER} bytes.")
        end = time.monotonic() + deadline
        try:
            return self._ask(service, header, request.body, end, deadline, fairness_key, stream, patience=0.0)
        except WorkerLost:
            if not _may_repeat(request) or time.monotonic() >= end:
                raise
        return self._ask(
            service, header, request.body, end, deadline, fairness_key, stream, patience=_PATIENCE
        )

    def close(self) -> None:
        """Closes the idle connections."""
        while self._idle:
            self._idle.pop().close()

    def _ask(
        self,
        service: str,
        header: bytes,
        body: bytes,
        end: float,
        budget: float,
        fairness_key: str,
        stream: bool,
        patience: float,
    ) -> BusResponse:
        connection = self._take()
        exchange = Exchange(self, connection, os.urandom(16), budget)
        try:
            remaining = max(0, int((end - time.monotonic()) * 1000))
            control = Control(
                Kind.REQ, exchange.id, service, remaining, WINDOW, fairness=fairness_digest(fairness_key)
            )
            connection.send(control, header, body, until=min(end, time.monotonic() + patience))
            reply, head, content = connection.receive(exchange.id, end)
            exchange.check(reply)
            status, headers = decode_response_header(head)
            if reply.kind is Kind.FIN:
                exchange.finish()
                return BusResponse(status, headers, content)
            exchange.first = content
            if stream:
                return BusResponse(status, headers, parts=exchange)
            return BusResponse(status, headers, exchange.join())
        except NotConnected as error:
            exchange.drop()
            raise Unavailable("The bus is not reachable.", retry_after=1) from error
        except BrokerLost as error:
            exchange.drop()
            raise WorkerLost("The connection to the bus was lost.") from error
        except ProtocolError as error:
            exchange.close()
            raise WorkerLost("The service's answer could not be read.") from error
        except DomainError:
            exchange.close()
            raise

    def _take(self) -> Connection:
        if self._pid != os.getpid():
            with self._lock:
                if self._pid != os.getpid():
                    # After a fork the parent's sockets are not ours; they are left alone, not even closed.
                    self._idle, self._pid = [], os.getpid()
        try:
            return self._idle.pop()
        except IndexError:
            return Connection(self._frontend, self._keys_dir, self._party)

    def give_back(self, connection: Connection) -> None:
        """Puts a connection back that an exchange no longer needs."""
        if connection.pid == os.getpid():
            self._idle.append(connection)


class Exchange:
    """One request under way; as an iterator, the parts of its response. Must be read to the end or closed."""

    def __init__(self, client: BusClient, connection: Connection, id_: bytes, budget: float) -> None:
        self._client = client
        self._connection: Connection | None = connection
        self.id = id_
        self._budget = budget
        self._taken = 0
        self.first: bytes | None = None

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        if self.first is not None:
            part, self.first = self.first, None
            self._count()
            return part
        connection = self._connection
        if connection is None:
            raise StopIteration
        try:
            reply, _, body = connection.receive(self.id, time.monotonic() + self._budget)
            self.check(reply)
        except BrokerLost as error:
            self.drop()
            raise WorkerLost("The connection to the bus was lost in the middle of the response.") from error
        except DomainError:
            self.close()
            raise
        if reply.kind is Kind.PART:
            self._count()
            return body
        self.finish()
        if not body:
            raise StopIteration
        return body

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()

    def join(self) -> bytes:
        """The whole rest of the response; raises TooLarge beyond what may be held in memory."""
        parts: list[bytes] = []
        size = 0
        for part in self:
            size += len(part)
            if size > MAX_JOINED:
                raise TooLarge(f"The response is longer than {MAX_JOINED} bytes.")
            parts.append(part)
        return b"".join(parts)

    def check(self, reply: Control) -> None:
        """Raises what the bus itself has to say; does nothing for what comes from the service."""
        if reply.status is Status.ANSWERED:
            return
        self.finish()
        if reply.status is Status.UNAVAILABLE:
            raise Unavailable("The service cannot take the request now.", retry_after=reply.retry_after or 1)
        if reply.status is Status.EXPIRED:
            raise Deadline("The time allowed for the request ran out.")
        raise WorkerLost("The process that worked on the request is gone; whether it was done is not known.")

    def finish(self) -> None:
        """The response is complete: the connection is free for the next request."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._client.give_back(connection)

    def close(self) -> None:
        """Gives up the rest of the response, and tells the worker so."""
        connection = self._connection
        if connection is not None and connection.pid == os.getpid():
            connection.tell(Control(Kind.RESET, self.id))
            self.finish()

    def drop(self) -> None:
        """Gives up the connection itself, which is of no more use."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _count(self) -> None:
        """Grants the worker further parts as parts are taken."""
        self._taken += 1
        if self._taken % (WINDOW // 2) == 0 and self._connection is not None:
            self._connection.tell(Control(Kind.PART, self.id, credits=WINDOW // 2))


def _may_repeat(request: BusRequest) -> bool:
    return request.method in ("GET", "HEAD") or request.header("idempotency-key") is not None
