"""Requests that wait for one service: a bounded queue that is fair between the actors who ask."""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(slots=True, eq=False)
class Job:
    """One request that the broker knows. Its content is let go when it is handed to a worker: it is never resent."""

    id: bytes
    service: str
    #: Who asks (an actor's digest); what counts as "one" for fairness.
    key: bytes
    #: The client's routing id; None when the client no longer wants the answer or is gone.
    client: bytes | None
    #: Monotonic seconds: when it was taken in, when it ends, and the time allowed (renewed by each part of a stream).
    arrived: float
    expires: float
    budget: float
    frames: list[bytes] | None
    #: The lane that works on it, by routing id; None while it waits.
    lane: bytes | None = None


class FairQueue:
    """Jobs by fairness key, taken round robin over the keys; first come first served within one key."""

    def __init__(self) -> None:
        self._by_key: OrderedDict[bytes, deque[Job]] = OrderedDict()
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Job]:
        for jobs in self._by_key.values():
            yield from jobs

    def waiting(self, key: bytes) -> int:
        """How many jobs of one key wait."""
        jobs = self._by_key.get(key)
        return len(jobs) if jobs else 0

    def push(self, job: Job, *, front: bool = False) -> None:
        """Adds a job; `front` is for one that was taken but could not be handed over."""
        jobs = self._by_key.setdefault(job.key, deque())
        if front:
            jobs.appendleft(job)
            self._by_key.move_to_end(job.key, last=False)
        else:
            jobs.append(job)
        self._length += 1

    def pop(self, allowed: Callable[[bytes], bool]) -> Job | None:
        """Takes the next job whose key is allowed one more, and sends that key to the end of the round."""
        for key, jobs in self._by_key.items():
            if allowed(key):
                job = jobs.popleft()
                self._length -= 1
                if jobs:
                    self._by_key.move_to_end(key)
                else:
                    del self._by_key[key]
                return job
        return None

    def discard(self, job: Job) -> None:
        """Takes out a job that shall not run any more."""
        jobs = self._by_key[job.key]
        jobs.remove(job)
        self._length -= 1
        if not jobs:
            del self._by_key[job.key]
