"""Which request waits where and runs in which lane, and every way in which that can change."""

from collections import Counter
from collections.abc import Callable

from gateway.broker.queues import Job
from gateway.broker.sends import Send, Side, finish, tell
from gateway.broker.workers import Lane, Process, Service
from shared.bus.protocol import Kind, Status, decode

#: Seconds for which requests wait for a service that has just lost its last worker, or while the broker has just
#: started: a supervisor brings a worker back in that time, and waiting is no resend, for nothing was handed out yet.
GRACE = 2.0


class Assignments:
    """All services, lanes and jobs; methods change them together and return what must be sent because of it."""

    def __init__(self, now: float, report: Callable[..., None]) -> None:
        self._started = now
        self._report = report
        self.services: dict[str, Service] = {}
        self.lanes: dict[bytes, Lane] = {}
        self.jobs: dict[bytes, Job] = {}
        self.counts: Counter[str] = Counter()

    def service(self, name: str) -> Service:
        """The service of that name, from now on known."""
        service = self.services.get(name)
        if service is None:
            service = self.services[name] = Service(name, self._started + GRACE)
        return service

    # -- requests -------------------------------------------------------------------------------------------------------

    def take_in(self, now: float, service: Service, job: Job) -> list[Send]:
        """A new job: handed to a free lane, else queued, else refused at once."""
        if service.free and not service.queue and service.may_run(job.key):
            self.jobs[job.id] = job
            return [self._hand_over(now, service, job)]
        if not service.has_room(job.key):
            service.counts["queue_full"] += 1
            return [finish(job.client, job.id, Status.UNAVAILABLE)] if job.client is not None else []
        self.jobs[job.id] = job
        service.queue.push(job)
        return self.dispatch(now, service)

    def dispatch(self, now: float, service: Service) -> list[Send]:
        """Hands waiting jobs to free lanes."""
        sends: list[Send] = []
        while service.free and service.queue:
            job = service.queue.pop(service.may_run)
            if job is None:
                break
            if now >= job.expires:
                service.counts["expired"] += 1
                sends += self._finish(job, Status.EXPIRED)
            else:
                sends.append(self._hand_over(now, service, job))
        return sends

    def end(self, service: Service, lane: Lane, job: Job) -> None:
        """The worker has ended the job."""
        service.give_back(lane, job)
        service.counts["answered"] += 1
        del self.jobs[job.id]

    def abandon(self, job: Job) -> list[Send]:
        """The client wants no answer: a waiting job ends, a running one keeps its credit until its worker has ended it."""
        job.client = None
        if job.lane is None:
            self.services[job.service].queue.discard(job)
            del self.jobs[job.id]
            return []
        return [tell(job.lane, Kind.RESET, job.id)]

    def expire(self, job: Job) -> list[Send]:
        """The job's time is over, whether it waits or runs."""
        service = self.services[job.service]
        if job.lane is None:
            return self.refuse_waiting(service, job, Status.EXPIRED, "expired")
        service.counts["expired"] += 1
        sends = [finish(job.client, job.id, Status.EXPIRED)] if job.client is not None else []
        return sends + self.abandon(job)

    def refuse_waiting(self, service: Service, job: Job, status: Status, reason: str) -> list[Send]:
        """Ends a job that waits."""
        service.queue.discard(job)
        service.counts[reason] += 1
        return self._finish(job, status)

    def take_back(self, now: float, lane: Lane, id_: bytes, frames: list[bytes]) -> list[Send]:
        """A request could not be sent to the lane: it was never delivered, so it may go to another one."""
        job = lane.jobs.get(id_)
        if job is not None:
            service = self.services[lane.process.service]
            service.give_back(lane, job)
            job.frames = frames
            service.queue.push(job, front=True)
        return self.lose(now, lane)

    # -- lanes ----------------------------------------------------------------------------------------------------------

    def add(self, now: float, peer: bytes, service: Service, process_id: bytes, credits: int) -> list[Send]:
        """A lane has registered."""
        process = service.processes.get(process_id) or Process(process_id, service.name, now)
        process.last_seen = now
        lane = Lane(peer, process, credits, credits)
        service.add_lane(lane)
        self.lanes[peer] = lane
        return [tell(peer, Kind.HB), *self.dispatch(now, service)]

    def lose(self, now: float, lane: Lane) -> list[Send]:
        """A lane is gone: what ran in it is lost, and is not tried again."""
        service = self.services[lane.process.service]
        sends: list[Send] = []
        for job in list(lane.jobs.values()):
            service.end(job)
            service.counts["worker_lost"] += 1
            self._report("worker lost", service=service.name, request=job.id.hex())
            sends += self._finish(job, Status.WORKER_LOST)
        lane.jobs.clear()
        self._forget(now, service, lane)
        return sends + self.dispatch(now, service)

    def reset(self, now: float, lane: Lane) -> list[Send]:
        """Gives up a lane that may still be there, and tells it to begin anew."""
        return [*self.lose(now, lane), tell(lane.peer, Kind.RESET)]

    def lose_process(self, now: float, process: Process) -> list[Send]:
        """A process has fallen silent."""
        service = self.services[process.service]
        self._report("worker silent", service=service.name)
        lanes = list(process.lanes.values())
        for lane in lanes:
            # All at once, or what waits would be handed from one dead lane to the next.
            service.retire(lane)
        return [send for lane in lanes for send in self.reset(now, lane)]

    def leave_when_done(self, now: float, service: Service, lane: Lane) -> list[Send]:
        """A lane that takes no more requests goes when the last has ended, and is told so."""
        if lane.jobs:
            return []
        self._forget(now, service, lane)
        return [tell(lane.peer, Kind.BYE)]

    def _hand_over(self, now: float, service: Service, job: Job) -> Send:
        lane = service.pick_lane()
        service.take(lane, job)
        frames, job.frames = job.frames, None
        assert frames is not None
        if now - job.arrived >= 0.001:
            control = decode(frames[0])
            control.deadline_ms = max(1, int((job.expires - now) * 1000))
            frames = [control.encode(), *frames[1:]]
        return Send(Side.BACK, lane.peer, frames)

    def _forget(self, now: float, service: Service, lane: Lane) -> None:
        service.remove_lane(lane)
        del self.lanes[lane.peer]
        if not service.total:
            service.grace_until = now + GRACE

    def _finish(self, job: Job, status: Status) -> list[Send]:
        del self.jobs[job.id]
        return [finish(job.client, job.id, status)] if job.client is not None else []
