"""What the broker knows of a service: its processes, their lanes, and who has how much of them.

A *lane* is one connection of a worker that takes `total` requests at once (a thread of a service takes one). The lanes
of one process live and die by that process's heartbeat.
"""

from collections import Counter
from dataclasses import dataclass, field

from gateway.broker.queues import FairQueue, Job

#: Waiting requests that are always allowed, however few credits a service has.
MIN_QUEUE = 64
#: Waiting requests per credit.
QUEUE_PER_CREDIT = 4


@dataclass(slots=True, eq=False)
class Process:
    """One process of a service; `free` credits over all its lanes."""

    id: bytes
    service: str
    last_seen: float
    lanes: dict[bytes, "Lane"] = field(default_factory=dict)
    free: int = 0


@dataclass(slots=True, eq=False)
class Lane:
    """One connection that takes requests; `credits` are those it could take now."""

    peer: bytes
    process: Process
    credits: int
    total: int
    jobs: dict[bytes, Job] = field(default_factory=dict)
    draining: bool = False


@dataclass(slots=True, eq=False)
class Service:
    """A service with its workers and the requests that wait for it or run in it."""

    name: str
    #: Until then a request waits although there is no worker (monotonic seconds).
    grace_until: float
    queue: FairQueue = field(default_factory=FairQueue)
    processes: dict[bytes, Process] = field(default_factory=dict)
    free: int = 0
    total: int = 0
    running: Counter[bytes] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def queue_bound(self) -> int:
        """How many requests may wait."""
        return max(MIN_QUEUE, QUEUE_PER_CREDIT * self.total)

    def may_run(self, key: bytes) -> bool:
        """Whether one more request of this key may run: a quarter of the credits, at least one, is kept for others."""
        return self.running[key] < max(1, self.total - max(1, self.total // 4))

    def has_room(self, key: bytes) -> bool:
        """Whether one more request of this key may wait: one key may fill half of the queue."""
        return len(self.queue) < self.queue_bound and self.queue.waiting(key) < self.queue_bound // 2

    def add_lane(self, lane: Lane) -> None:
        """Takes in a lane with its credits."""
        lane.process.lanes[lane.peer] = lane
        lane.process.free += lane.credits
        self.processes[lane.process.id] = lane.process
        self.free += lane.credits
        self.total += lane.total

    def remove_lane(self, lane: Lane) -> None:
        """Forgets a lane; its jobs are the caller's to settle."""
        self.retire(lane)
        del lane.process.lanes[lane.peer]
        if not lane.process.lanes:
            del self.processes[lane.process.id]

    def retire(self, lane: Lane) -> None:
        """Gives a lane no more requests; those under way go on."""
        if lane.draining:
            return
        lane.draining = True
        lane.process.free -= lane.credits
        self.free -= lane.credits
        self.total -= lane.total

    def pick_lane(self) -> Lane:
        """A lane with a credit, of the process that has most of them; the caller has seen that `free` is not 0."""
        processes = self.processes.values()
        process = next(iter(processes)) if len(processes) == 1 else max(processes, key=_free)
        return next(lane for lane in process.lanes.values() if lane.credits and not lane.draining)

    def take(self, lane: Lane, job: Job) -> None:
        """Spends a credit of the lane on the job."""
        lane.credits -= 1
        lane.process.free -= 1
        self.free -= 1
        lane.jobs[job.id] = job
        job.lane = lane.peer
        self.running[job.key] += 1

    def give_back(self, lane: Lane, job: Job) -> None:
        """The job has ended in this lane: its credit is free again."""
        del lane.jobs[job.id]
        self.end(job)
        lane.credits += 1
        if not lane.draining:
            lane.process.free += 1
            self.free += 1

    def end(self, job: Job) -> None:
        """The job no longer runs."""
        job.lane = None
        self.running[job.key] -= 1
        if not self.running[job.key]:
            del self.running[job.key]


def _free(process: Process) -> int:
    return process.free
