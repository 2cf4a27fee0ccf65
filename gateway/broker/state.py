"""What the broker decides, without a socket: messages and ticks go in, messages to be sent come out.

Held at all times: a request is handed to at most one worker and never again; it gets exactly one FIN, unless its client
has given it up; credits are never negative; queues are bounded.
"""

from collections import Counter
from collections.abc import Callable, Collection

from gateway.broker.queues import Job
from gateway.broker.sends import Send, Side, finish, tell
from gateway.broker.stats import BROKER, answer
from gateway.broker.workers import Lane, Process, Service
from shared.bus.protocol import (
    NO_KEY,
    Control,
    Kind,
    ProtocolError,
    Status,
    check_frames,
    decode,
    fairness_digest,
)

#: Seconds between two heartbeats to each lane. A send to a connection that is gone fails, so this is also the time in
#: which a killed worker is noticed.
HEARTBEAT = 0.5
#: Seconds of silence after which a process counts as lost (three heartbeats of its own, one a second).
LIVENESS = 3.0
#: Seconds for which requests wait for a service that has just lost its last worker, or while the broker has just
#: started: a supervisor brings a worker back in that time, and waiting is no resend, for nothing was handed out yet.
GRACE = 2.0
#: Most credits that one connection may claim.
MAX_CREDITS = 1024


def _ignore(event: str, **facts: object) -> None:
    """The default for `report`: for whoever does not want to hear of refusals and losses."""


class BrokerState:
    """The state of the broker. `parties` are the keys let in; `report(event, **facts)` hears what should be logged."""

    def __init__(self, now: float, parties: Collection[str], report: Callable[..., None] = _ignore) -> None:
        self.started = now
        self.parties = frozenset(parties)
        self.services: dict[str, Service] = {}
        self.lanes: dict[bytes, Lane] = {}
        self.jobs: dict[bytes, Job] = {}
        self.counts: Counter[str] = Counter()
        self._report = report
        self._next_heartbeat = now + HEARTBEAT

    # -- what comes in ------------------------------------------------------------------------------------------------

    def on_message(
        self, now: float, side: Side, peer: bytes, party: str | None, frames: list[bytes]
    ) -> list[Send]:
        """Takes one message of `peer`, whose key belongs to `party` (None: to nobody any more)."""
        try:
            control = check_frames(frames)
        except ProtocolError as error:
            self.counts["malformed"] += 1
            self._report("malformed message", party=party, error=str(error))
            return []
        if party is None:
            self.counts["refused"] += 1
            return []
        if side is Side.FRONT:
            return self._from_client(now, peer, party, control, frames)
        return self._from_worker(now, peer, party, control, frames)

    def on_tick(self, now: float) -> list[Send]:
        """Lets time pass: heartbeats, silent workers, requests whose time is over."""
        sends: list[Send] = []
        for service in self.services.values():
            for process in [p for p in service.processes.values() if now - p.last_seen > LIVENESS]:
                self._report("worker silent", service=service.name)
                for lane in list(process.lanes.values()):
                    sends += self._lose(now, lane)
                    sends.append(tell(lane.peer, Kind.RESET))
            if not service.total and now >= service.grace_until:
                for job in list(service.queue):
                    sends += self._drop_waiting(service, job, Status.UNAVAILABLE, "no_worker")
        for job in [job for job in self.jobs.values() if now >= job.expires and job.client is not None]:
            sends += self._expire(job)
        for service in self.services.values():
            sends += self._dispatch(now, service)
        if now >= self._next_heartbeat:
            self._next_heartbeat = now + HEARTBEAT
            sends += [tell(peer, Kind.HB) for peer in self.lanes]
        return sends

    def on_unsendable(self, now: float, send: Send, *, gone: bool) -> list[Send]:
        """Takes back a message that could not be sent: the peer is `gone`, or does not read what it has."""
        control = decode(send.frames[0])
        if send.side is Side.FRONT:
            self.counts["undeliverable"] += 1
            job = self.jobs.get(control.id)
            return self._abandon(job) if job is not None and job.client == send.peer else []
        lane = self.lanes.get(send.peer)
        if lane is None or not (gone or control.kind is Kind.REQ):
            return []
        service = self.services[lane.process.service]
        job = lane.jobs.get(control.id) if control.kind is Kind.REQ else None
        if job is not None:
            service.give_back(lane, job)
            job.frames = send.frames
            service.queue.push(job, front=True)
        return self._lose(now, lane) + self._dispatch(now, service)

    # -- clients ------------------------------------------------------------------------------------------------------

    def _from_client(
        self, now: float, peer: bytes, party: str, control: Control, frames: list[bytes]
    ) -> list[Send]:
        if not (party == "gateway" or party.startswith("service-")):
            return self._refuse("party may not ask", party, control)
        if control.kind is Kind.REQ:
            return self._take_request(now, peer, party, control, frames)
        job = self.jobs.get(control.id)
        mine = job is not None and job.client == peer
        if control.kind is Kind.HB:
            return [] if mine else [finish(peer, control.id, Status.WORKER_LOST)]
        if control.kind is Kind.PART and mine and job is not None:
            return [Send(Side.BACK, job.lane, frames)] if job.lane is not None else []
        if control.kind is Kind.RESET and mine and job is not None:
            self.service_of(job).counts["abandoned"] += 1
            return self._abandon(job)
        self.counts["unexpected"] += 1
        return []

    def _take_request(
        self, now: float, peer: bytes, party: str, control: Control, frames: list[bytes]
    ) -> list[Send]:
        if control.id in self.jobs:
            self.counts["duplicates"] += 1
            return []
        service = self.services.get(control.service)
        if service is None:
            if control.service == BROKER:
                return [Send(Side.FRONT, peer, answer(control.id, frames[1], self.services, self.counts))]
            if f"service-{control.service}" not in self.parties:
                self.counts["unknown_service"] += 1
                return [finish(peer, control.id, Status.UNAVAILABLE)]
            service = self._service(control.service)
        service.counts["requests"] += 1
        if not service.total and now >= service.grace_until:
            service.counts["no_worker"] += 1
            return [finish(peer, control.id, Status.UNAVAILABLE)]
        if not control.deadline_ms:
            service.counts["expired"] += 1
            return [finish(peer, control.id, Status.EXPIRED)]
        key = control.fairness if control.fairness != NO_KEY else fairness_digest(party)
        budget = control.deadline_ms / 1000
        job = Job(control.id, service.name, key, peer, now, now + budget, budget, frames)
        if service.free and not service.queue and service.may_run(key):
            self.jobs[job.id] = job
            return [self._hand_over(now, service, job)]
        if not service.has_room(key):
            service.counts["queue_full"] += 1
            return [finish(peer, control.id, Status.UNAVAILABLE)]
        self.jobs[job.id] = job
        service.queue.push(job)
        return self._dispatch(now, service)

    # -- workers ------------------------------------------------------------------------------------------------------

    def _from_worker(
        self, now: float, peer: bytes, party: str, control: Control, frames: list[bytes]
    ) -> list[Send]:
        lane, kind = self.lanes.get(peer), control.kind
        if kind is Kind.READY:
            return self._take_ready(now, peer, party, control)
        if kind is Kind.HB and not control.credits:
            return self._process_alive(now, party, control)
        if lane is None:
            return [tell(peer, Kind.BYE if kind is Kind.BYE else Kind.RESET)]
        lane.process.last_seen = now
        service = self.services[lane.process.service]
        if kind is Kind.FIN or kind is Kind.PART:
            job = lane.jobs.get(control.id)
            if job is None:
                self.counts["late"] += 1
                return []
            return self._take_reply(now, service, lane, job, kind, frames)
        if kind is Kind.BYE:
            service.retire(lane)
            return self._leave_when_done(now, service, lane)
        if kind is Kind.RESET:
            return self._lose(now, lane) + self._dispatch(now, service)
        if kind is not Kind.HB:
            self.counts["unexpected"] += 1
        return []

    def _take_ready(self, now: float, peer: bytes, party: str, control: Control) -> list[Send]:
        name = control.service
        if party != f"service-{name}":
            return self._refuse("party may not serve", party, control)
        if not 0 < control.credits <= MAX_CREDITS:
            self.counts["malformed"] += 1
            return []
        sends: list[Send] = []
        known = self.lanes.get(peer)
        if known is not None:
            sends += self._lose(now, known)
        service = self._service(name)
        process = service.processes.get(control.id) or Process(control.id, name, now)
        process.last_seen = now
        lane = Lane(peer, process, control.credits, control.credits)
        service.add_lane(lane)
        self.lanes[peer] = lane
        sends.append(tell(peer, Kind.HB))
        return sends + self._dispatch(now, service)

    def _process_alive(self, now: float, party: str, control: Control) -> list[Send]:
        service = self.services.get(party.removeprefix("service-"))
        process = service.processes.get(control.id) if service is not None else None
        if process is not None:
            process.last_seen = now
        return []

    def _take_reply(
        self, now: float, service: Service, lane: Lane, job: Job, kind: Kind, frames: list[bytes]
    ) -> list[Send]:
        client = job.client
        sends = [Send(Side.FRONT, client, frames)] if client is not None else []
        if kind is Kind.PART:
            job.started = True
            job.expires = now + job.budget
            return sends
        service.give_back(lane, job)
        service.counts["answered"] += 1
        del self.jobs[job.id]
        if lane.draining:
            sends += self._leave_when_done(now, service, lane)
        return sends + self._dispatch(now, service) if service.queue else sends

    def _leave_when_done(self, now: float, service: Service, lane: Lane) -> list[Send]:
        if lane.jobs:
            return []
        self._forget(now, service, lane)
        return [tell(lane.peer, Kind.BYE)]

    # -- transitions --------------------------------------------------------------------------------------------------

    def _dispatch(self, now: float, service: Service) -> list[Send]:
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

    def _lose(self, now: float, lane: Lane) -> list[Send]:
        service = self.services[lane.process.service]
        sends: list[Send] = []
        for job in list(lane.jobs.values()):
            service.end(job)
            service.counts["worker_lost"] += 1
            self._report("worker lost", service=service.name, request=job.id.hex())
            sends += self._finish(job, Status.WORKER_LOST)
        lane.jobs.clear()
        self._forget(now, service, lane)
        return sends

    def _forget(self, now: float, service: Service, lane: Lane) -> None:
        service.remove_lane(lane)
        del self.lanes[lane.peer]
        if not service.total:
            service.grace_until = now + GRACE

    def _abandon(self, job: Job) -> list[Send]:
        """The client wants no answer: a waiting job ends, a running one keeps its credit until its worker has ended it."""
        job.client = None
        if job.lane is None:
            self.service_of(job).queue.discard(job)
            del self.jobs[job.id]
            return []
        return [tell(job.lane, Kind.RESET, job.id)]

    def _expire(self, job: Job) -> list[Send]:
        service = self.service_of(job)
        if job.lane is None:
            return self._drop_waiting(service, job, Status.EXPIRED, "expired")
        service.counts["expired"] += 1
        sends = [finish(job.client, job.id, Status.EXPIRED)] if job.client is not None else []
        return sends + self._abandon(job)

    def _drop_waiting(self, service: Service, job: Job, status: Status, reason: str) -> list[Send]:
        service.queue.discard(job)
        service.counts[reason] += 1
        return self._finish(job, status)

    def _finish(self, job: Job, status: Status) -> list[Send]:
        del self.jobs[job.id]
        return [finish(job.client, job.id, status)] if job.client is not None else []

    def _refuse(self, event: str, party: str, control: Control) -> list[Send]:
        self.counts["refused"] += 1
        self._report(event, party=party, kind=control.kind.name, service=control.service)
        return []

    def _service(self, name: str) -> Service:
        service = self.services.get(name)
        if service is None:
            service = self.services[name] = Service(name, self.started + GRACE)
        return service

    def service_of(self, job: Job) -> Service:
        """The service that a job is for."""
        return self.services[job.service]
