"""The broker's state under any order of requests, replies, losses, duplicates and time."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    consumes,
    invariant,
    multiple,
    precondition,
    rule,
)

from gateway.broker.sends import Side
from gateway.broker.state import LIVENESS
from gateway.broker.workers import MIN_QUEUE, QUEUE_PER_CREDIT
from shared.bus.protocol import Control, Kind, fairness_digest
from tests.property.broker_sockets import Asked, BrokerSockets, ModelLane

SERVICES = ("intake", "classifier")


class BrokerMachine(BrokerSockets):
    """Drives the state as sockets would, in any order."""

    lanes = Bundle("lanes")
    requests = Bundle("requests")

    # -- what may happen ------------------------------------------------------------------------------------------------

    @rule(
        target=lanes, service=st.sampled_from(SERVICES), process=st.integers(1, 3), credits=st.integers(1, 5)
    )
    def worker_registers(self, service: str, process: int, credits: int) -> ModelLane:
        self.serial += 1
        lane = ModelLane(b"L%d" % self.serial, service, bytes([process]) * 16, credits)
        self.by_peer[lane.peer] = lane
        self.from_lane(lane, Control(Kind.READY, lane.process, service, credits=credits))
        self.most_credits = max(self.most_credits, sum(ln.credits for ln in self.by_peer.values()))
        return lane

    @rule(lane=lanes)
    def worker_registers_again(self, lane: ModelLane) -> None:
        if lane.alive and lane.reading and not lane.leaving:
            lane.working.clear()
            lane.registered = True
            self.from_lane(lane, Control(Kind.READY, lane.process, lane.service, credits=lane.credits))

    @rule(
        target=requests,
        client=st.sampled_from([b"C1", b"C2", b"C3"]),
        service=st.sampled_from(SERVICES),
        key=st.sampled_from(["", "anna", "ben", "instrument"]),
        milliseconds=st.sampled_from([0, 50, 3000, 60_000]),
        count=st.sampled_from([1, 1, 1, 3, 40]),
    )
    def client_asks(self, client: bytes, service: str, key: str, milliseconds: int, count: int) -> object:
        made = []
        for _ in range(count):
            self.serial += 1
            id_ = self.serial.to_bytes(16, "big")
            control = Control(Kind.REQ, id_, service, milliseconds, 8, fairness=fairness_digest(key))
            request = Asked(id_, client, service, [control.encode(), b"[]", b"body"])
            self.asked[id_] = request
            self.deliver(self.state.on_message(self.now, Side.FRONT, client, "gateway", request.frames))
            made.append(request)
        return multiple(*made)

    @rule(request=requests)
    def request_arrives_twice(self, request: Asked) -> None:
        if request.id in self.state.table.jobs:
            self.deliver(
                self.state.on_message(self.now, Side.FRONT, request.client, "gateway", request.frames)
            )

    @rule(request=requests)
    def client_gives_up(self, request: Asked) -> None:
        request.given_up = True
        self.from_client(request, Control(Kind.RESET, request.id))

    @rule(request=requests)
    def client_probes(self, request: Asked) -> None:
        if not request.fins and not request.given_up:
            self.from_client(request, Control(Kind.HB, request.id))

    @rule(request=requests)
    def client_grants(self, request: Asked) -> None:
        self.from_client(request, Control(Kind.PART, request.id, credits=4))

    @rule(request=requests, kind=st.sampled_from([Kind.RESET, Kind.PART]))
    def stranger_meddles(self, request: Asked, kind: Kind) -> None:
        before = self.state.table.jobs.get(request.id)
        client = before.client if before is not None else None
        frames = [Control(kind, request.id, credits=9).encode(), b"", b""]
        assert self.state.on_message(self.now, Side.FRONT, b"C9", "service-classifier", frames) == []
        after = self.state.table.jobs.get(request.id)
        assert after is before
        assert after is None or after.client == client

    @rule(client=st.sampled_from([b"C2", b"C3"]))
    def client_dies(self, client: bytes) -> None:
        self.dead_clients.add(client)

    @rule(lane=lanes, data=st.data(), parts=st.integers(0, 2), twice=st.booleans())
    def worker_answers(self, lane: ModelLane, data: st.DataObject, parts: int, twice: bool) -> None:
        if lane.alive and lane.working:
            id_ = data.draw(st.sampled_from(lane.working))
            for _ in range(parts):
                self.from_lane(lane, Control(Kind.PART, id_))
            lane.working.remove(id_)
            self.from_lane(lane, Control(Kind.FIN, id_))
            if twice:
                self.from_lane(lane, Control(Kind.FIN, id_))

    @rule(lane=lanes, request=requests)
    def worker_answers_what_it_was_not_asked(self, lane: ModelLane, request: Asked) -> None:
        if lane.alive and request.id not in lane.working:
            self.from_lane(lane, Control(Kind.FIN, request.id))

    @rule(lane=consumes(lanes))
    def worker_is_killed(self, lane: ModelLane) -> None:
        lane.alive = False

    @rule(lane=lanes)
    def worker_leaves(self, lane: ModelLane) -> None:
        if lane.alive and lane.registered:
            lane.leaving = True
            self.from_lane(lane, Control(Kind.BYE))

    @rule(lane=lanes)
    def worker_forgets_all(self, lane: ModelLane) -> None:
        if lane.alive and not lane.leaving:
            lane.working.clear()
            lane.registered = False
            self.from_lane(lane, Control(Kind.RESET))

    @rule(lane=lanes, reading=st.booleans())
    def worker_stops_reading_or_begins_again(self, lane: ModelLane, reading: bool) -> None:
        lane.reading = reading

    @rule(lane=lanes, credits=st.integers(0, 1))
    def worker_beats(self, lane: ModelLane, credits: int) -> None:
        if lane.alive:
            self.from_lane(lane, Control(Kind.HB, lane.process, credits=credits))

    @rule(lane=lanes, frames=st.lists(st.binary(max_size=80), max_size=4))
    def worker_sends_rubbish(self, lane: ModelLane, frames: list[bytes]) -> None:
        if lane.alive:
            lane.working.clear()
            lane.registered = False
            party = f"service-{lane.service}"
            self.deliver(self.state.on_message(self.now, Side.BACK, lane.peer, party, frames))

    @rule(seconds=st.sampled_from([0.0, 0.1, 0.6, 1.0, LIVENESS + 0.1]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        self.deliver(self.state.on_tick(self.now))

    @precondition(lambda self: bool(self.by_peer))
    @rule()
    def all_workers_beat(self) -> None:
        for lane in self.by_peer.values():
            if lane.alive:
                self.from_lane(lane, Control(Kind.HB, lane.process))

    # -- what always holds ----------------------------------------------------------------------------------------------

    @invariant()
    def books_balance(self) -> None:
        table = self.state.table
        for service in table.services.values():
            lanes = [lane for process in service.processes.values() for lane in process.lanes.values()]
            taking = [lane for lane in lanes if not lane.draining]
            for lane in lanes:
                assert 0 <= lane.credits <= lane.total
                assert lane.credits + len(lane.jobs) == lane.total
            assert service.free == sum(lane.credits for lane in taking) >= 0
            assert service.total == sum(lane.total for lane in taking)
            for process in service.processes.values():
                assert process.free == sum(
                    lane.credits for lane in process.lanes.values() if not lane.draining
                )
            assert sum(service.running.values()) == sum(len(lane.jobs) for lane in lanes)
            assert len(service.queue) == len(list(service.queue))
            assert (
                len(service.queue) <= max(MIN_QUEUE, QUEUE_PER_CREDIT * self.most_credits) + self.most_credits
            )

    @invariant()
    def every_job_is_in_one_place(self) -> None:
        table = self.state.table
        running = [id_ for lane in table.lanes.values() for id_ in lane.jobs]
        waiting = [job.id for service in table.services.values() for job in service.queue]
        assert sorted(running + waiting) == sorted(table.jobs)

    @invariant()
    def nobody_is_forgotten(self) -> None:
        for request in self.asked.values():
            if request.client not in self.dead_clients and not request.given_up and not request.fins:
                assert request.id in self.state.table.jobs

    def teardown(self) -> None:
        """Once workers have ended their work and time has passed, nothing is left over."""
        for lane in list(self.by_peer.values()):
            lane.reading = True
            while lane.alive and lane.working:
                self.from_lane(lane, Control(Kind.FIN, lane.working.pop()))
        for _ in range(4):
            for lane in list(self.by_peer.values()):
                lane.alive = False
            self.now += 61
            self.deliver(self.state.on_tick(self.now))
        assert not self.state.table.jobs
        assert not self.state.table.lanes
        for service in self.state.table.services.values():
            assert not service.queue
            assert not service.running
            assert service.free == service.total == 0
        for request in self.asked.values():
            if request.client not in self.dead_clients and not request.given_up:
                assert len(request.fins) == 1


BrokerMachine.TestCase.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)
test_broker_state = BrokerMachine.TestCase
