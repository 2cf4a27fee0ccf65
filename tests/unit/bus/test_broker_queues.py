"""Queues, turns and deadlines; single decisions of the broker, one after the other."""

from gateway.broker.queues import FairQueue, Job
from gateway.broker.sends import Side
from shared.bus.messages import BusRequest
from shared.bus.protocol import Control, Kind, Status, decode
from tests.unit.bus.broker_house import FULL, LATE, House, handed, id_of


def test_requests_wait_a_little_for_a_service_that_was_there_a_moment_ago() -> None:
    house = House()
    house.tick(10)
    assert house.ask(1) == [FULL]
    house.ready()
    house.work(Control(Kind.BYE))
    assert house.ask(2) == []
    assert house.tick(1.0) == []
    assert house.said(house.ready(b"L2"))[-1] == handed(b"L2")
    house.work(Control(Kind.RESET), peer=b"L2")
    assert house.ask(3) == []
    assert house.tick(2.1) == [FULL]


def test_a_service_that_nobody_has_a_key_for_is_not_waited_for() -> None:
    assert House().ask(1, service="intelligence") == [FULL]


def test_one_actor_does_not_get_all_credits() -> None:
    house = House()
    house.ready(credits=4)
    for number in range(3):
        assert house.ask(number, "script") == [handed()]
    assert house.ask(3, "script") == []
    assert house.ask(4, "anna") == [handed()]
    assert house.said(house.work(Control(Kind.FIN, id_of(0)))) == [
        (b"C", Kind.FIN, Status.ANSWERED),
        handed(),
    ]


def test_actors_are_served_in_turn() -> None:
    house = House()
    house.ready(credits=2)
    house.ask(0, "other")
    order: list[bytes] = []
    for number in range(1, 4):
        house.ask(number, "script")
    for number in range(4, 6):
        house.ask(number, "anna")
    running = next(iter(house.state.table.lanes[b"L1"].jobs.keys() - {id_of(0)}))
    while True:
        sends = house.work(Control(Kind.FIN, running))
        requests = [decode(send.frames[0]).id for send in sends if send.side is Side.BACK]
        if not requests:
            break
        running = requests[0]
        order.append(running)
    assert [int.from_bytes(id_, "big") for id_ in order] == [2, 4, 3, 5]


def test_the_queue_is_bounded_and_one_actor_fills_at_most_half_of_it() -> None:
    house = House()
    house.ready()
    assert house.ask(0, "busy") == [handed()]
    answers = [house.ask(number, "script") for number in range(1, 40)]
    assert answers == [[]] * 32 + [[FULL]] * 7
    answers = [house.ask(number, f"actor {number}") for number in range(40, 80)]
    assert answers == [[]] * 32 + [[FULL]] * 8


def test_what_expires_in_the_queue_is_never_handed_out() -> None:
    house = House()
    house.ready()
    house.ask(1, ms=60_000)
    house.ask(2, "ben", ms=400)
    assert house.tick(0.45) == [LATE]
    assert house.ask(3, ms=0) == [LATE]
    assert house.said(house.work(Control(Kind.FIN, id_of(1)))) == [(b"C", Kind.FIN, Status.ANSWERED)]


def test_what_expires_while_it_runs_keeps_its_credit_until_the_worker_is_done() -> None:
    house = House()
    house.ready()
    house.ask(1, ms=400)
    assert house.tick(0.45) == [LATE, (b"L1", Kind.RESET, Status.ANSWERED)]
    assert house.ask(2) == []
    assert house.said(house.work(Control(Kind.FIN, id_of(1)))) == [handed()]


def test_each_part_of_a_stream_renews_its_time() -> None:
    house = House()
    house.ready()
    house.ask(1, ms=2000)
    for _ in range(5):
        assert LATE not in house.tick(1.5)
        house.work(Control(Kind.PART, id_of(1)))
    assert LATE in house.tick(2.1)


def test_the_time_spent_waiting_is_taken_off_the_deadline() -> None:
    house = House()
    house.ready()
    house.ask(1)
    house.ask(2, "ben", ms=5000)
    house.now += 1.5
    sends = house.work(Control(Kind.FIN, id_of(1)))
    assert decode(sends[1].frames[0]).deadline_ms == 3500
    assert sends[1].frames[1:] == [BusRequest("GET", "/health").encode_header(), b"x"]


def test_the_process_with_most_free_credits_is_chosen() -> None:
    house = House()
    house.ready(b"A1", process=b"a" * 16)
    house.ready(b"A2", process=b"a" * 16)
    house.ready(b"B1", process=b"b" * 16)
    assert [house.ask(n, str(n))[0][0][:1] for n in range(3)].count(b"A") == 2
    assert house.said(house.work(Control(Kind.FIN, id_of(0)), peer=b"A1"))[0][1] is Kind.FIN


def test_a_job_put_back_is_the_next_to_be_taken() -> None:
    queue = FairQueue()
    jobs = [Job(id_of(n), "intake", key, b"C", 0, 1, 1, []) for n, key in enumerate((b"a", b"a", b"b"))]
    for job in jobs:
        queue.push(job)
    first = queue.pop(lambda key: True)
    assert first is jobs[0]
    queue.push(first, front=True)
    assert [queue.pop(lambda key: True) for _ in range(4)] == [jobs[0], jobs[2], jobs[1], None]
