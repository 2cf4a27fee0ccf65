"""What the broker decides, without a socket: messages and ticks go in, messages to be sent come out.

Held at all times: a request is handed to at most one worker and never again; it gets exactly one FIN, unless its client
has given it up; credits are never negative; queues are bounded.
"""

from collections.abc import Callable, Collection

from gateway.broker.assignments import Assignments
from gateway.broker.queues import Job
from gateway.broker.sends import Send, Side, finish, tell
from gateway.broker.stats import BROKER, answer
from gateway.broker.workers import Lane
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
#: Most credits that one connection may claim.
MAX_CREDITS = 1024


def _ignore(event: str, **facts: object) -> None:
    """The default for `report`: for whoever does not want to hear of refusals and losses."""


class BrokerState:
    """The state of the broker. `parties` are the keys let in; `report(event, **facts)` hears what should be logged."""

    def __init__(self, now: float, parties: Collection[str], report: Callable[..., None] = _ignore) -> None:
        self.table = Assignments(now, report)
        self.set_parties(parties)
        self.counts = self.table.counts
        self._report = report
        self._next_heartbeat = now + HEARTBEAT

    def set_parties(self, parties: Collection[str]) -> None:
        """Takes over the list of those let in; a service is known by its key, whether or not a worker ever came."""
        for party in sorted(parties):
            if party.startswith("service-"):
                self.table.service(party.removeprefix("service-"))

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
            broken = self.table.lanes.get(peer) if side is Side.BACK else None
            return self.table.reset(now, broken) if broken is not None else []
        if party is None:
            self.counts["refused"] += 1
            return []
        if side is Side.FRONT:
            return self._from_client(now, peer, party, control, frames)
        return self._from_worker(now, peer, party, control, frames)

    def on_tick(self, now: float) -> list[Send]:
        """Lets time pass: heartbeats, silent workers, requests whose time is over."""
        table = self.table
        sends: list[Send] = []
        for service in table.services.values():
            for process in [p for p in service.processes.values() if now - p.last_seen > LIVENESS]:
                sends += table.lose_process(now, process)
            if not service.total and now >= service.grace_until:
                for job in list(service.queue):
                    sends += table.refuse_waiting(service, job, Status.UNAVAILABLE, "no_worker")
        for job in [job for job in table.jobs.values() if now >= job.expires and job.client is not None]:
            sends += table.expire(job)
        for service in table.services.values():
            sends += table.dispatch(now, service)
        if now >= self._next_heartbeat:
            self._next_heartbeat = now + HEARTBEAT
            sends += [tell(peer, Kind.HB) for peer in table.lanes]
        return sends

    def on_unsendable(self, now: float, send: Send, *, gone: bool) -> list[Send]:
        """Takes back a message that could not be sent: the peer is `gone`, or does not read what it has."""
        control = decode(send.frames[0])
        if send.side is Side.FRONT:
            self.counts["undeliverable"] += 1
            job = self.table.jobs.get(control.id)
            return self.table.abandon(job) if job is not None and job.client == send.peer else []
        lane = self.table.lanes.get(send.peer)
        if lane is None:
            return []
        if control.kind is Kind.REQ:
            return self.table.take_back(now, lane, control.id, send.frames)
        return self.table.lose(now, lane) if gone else []

    # -- clients ------------------------------------------------------------------------------------------------------

    def _from_client(
        self, now: float, peer: bytes, party: str, control: Control, frames: list[bytes]
    ) -> list[Send]:
        if not (party == "gateway" or party.startswith("service-") or control.service == BROKER == party):
            return self._refuse("party may not ask", party, control)
        if control.kind is Kind.REQ:
            return self._take_request(now, peer, party, control, frames)
        job = self.table.jobs.get(control.id)
        if job is None or job.client != peer:
            # A grant, or a goodbye, for a response that has ended in the meantime is nothing unusual.
            return [finish(peer, control.id, Status.WORKER_LOST)] if control.kind is Kind.HB else []
        if control.kind is Kind.PART and job.lane is not None:
            return [Send(Side.BACK, job.lane, frames)]
        if control.kind is Kind.RESET:
            self.table.services[job.service].counts["abandoned"] += 1
            return self.table.abandon(job)
        return []

    def _take_request(
        self, now: float, peer: bytes, party: str, control: Control, frames: list[bytes]
    ) -> list[Send]:
        table = self.table
        if control.id in table.jobs:
            self.counts["duplicates"] += 1
            return []
        if control.service == BROKER:
            return [Send(Side.FRONT, peer, answer(control.id, frames[1], table.services, self.counts))]
        service = table.services.get(control.service)
        if service is None:
            self.counts["unknown_service"] += 1
            return [finish(peer, control.id, Status.UNAVAILABLE)]
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
        return table.take_in(now, service, job)

    # -- workers ------------------------------------------------------------------------------------------------------

    def _from_worker(
        self, now: float, peer: bytes, party: str, control: Control, frames: list[bytes]
    ) -> list[Send]:
        lane, kind = self.table.lanes.get(peer), control.kind
        if kind is Kind.READY:
            return self._take_ready(now, peer, party, control)
        if kind is Kind.HB and not control.credits:
            return self._process_alive(now, party, control)
        if lane is None:
            return [tell(peer, Kind.BYE if kind is Kind.BYE else Kind.RESET)]
        lane.process.last_seen = now
        service = self.table.services[lane.process.service]
        if kind is Kind.FIN or kind is Kind.PART:
            return self._take_reply(now, lane, control, frames)
        if kind is Kind.BYE:
            service.retire(lane)
            return self.table.leave_when_done(now, service, lane)
        if kind is Kind.RESET:
            return self.table.lose(now, lane)
        if kind is not Kind.HB:
            self.counts["unexpected"] += 1
        return []

    def _take_ready(self, now: float, peer: bytes, party: str, control: Control) -> list[Send]:
        if party != f"service-{control.service}":
            return self._refuse("party may not serve", party, control)
        if not 0 < control.credits <= MAX_CREDITS:
            self.counts["malformed"] += 1
            return []
        known = self.table.lanes.get(peer)
        sends = self.table.lose(now, known) if known is not None else []
        return sends + self.table.add(
            now, peer, self.table.service(control.service), control.id, control.credits
        )

    def _process_alive(self, now: float, party: str, control: Control) -> list[Send]:
        service = self.table.services.get(party.removeprefix("service-"))
        process = service.processes.get(control.id) if service is not None else None
        if process is not None:
            process.last_seen = now
        return []

    def _take_reply(self, now: float, lane: Lane, control: Control, frames: list[bytes]) -> list[Send]:
        service = self.table.services[lane.process.service]
        job = lane.jobs.get(control.id)
        if job is None:
            self.counts["late"] += 1
            return []
        sends = [Send(Side.FRONT, job.client, frames)] if job.client is not None else []
        if control.kind is Kind.PART:
            job.expires = now + job.budget
            return sends
        self.table.end(service, lane, job)
        if lane.draining:
            sends += self.table.leave_when_done(now, service, lane)
        return sends + self.table.dispatch(now, service) if service.queue else sends

    def _refuse(self, event: str, party: str, control: Control) -> list[Send]:
        self.counts["refused"] += 1
        self._report(event, party=party, kind=control.kind.name, service=control.service)
        return []
