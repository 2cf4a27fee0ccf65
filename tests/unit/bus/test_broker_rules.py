"""Lanes and parties: who is alive, who is lost, who may say what; single decisions of the broker, one after the other."""

import json

from gateway.broker.sends import Send, Side
from gateway.broker.state import HEARTBEAT, LIVENESS
from shared.bus.messages import BusRequest, decode_response_header
from shared.bus.protocol import NO_ID, Control, Kind, Status, decode
from tests.unit.bus.broker_house import LOST, PROCESS, House, handed, id_of


def test_a_worker_that_falls_silent_loses_its_request_and_is_told_to_begin_anew() -> None:
    house = House()
    house.ready()
    assert house.ask(1) == [handed()]
    assert LOST not in house.tick(LIVENESS - 0.1)
    assert house.tick(0.2)[:2] == [LOST, (b"L1", Kind.RESET, Status.ANSWERED)]
    assert house.heard == ["worker silent", "worker lost"]


def test_a_busy_lane_lives_by_the_heartbeat_of_its_process() -> None:
    house = House()
    house.ready()
    house.ask(1, ms=60_000)
    for _ in range(10):
        house.work(Control(Kind.HB, PROCESS), peer=b"HEART")
        assert LOST not in house.tick(LIVENESS - 0.5)


def test_the_heartbeat_of_another_service_keeps_nobody_alive() -> None:
    house = House()
    house.ready()
    house.ask(1)
    house.tick(2.0)
    house.work(Control(Kind.HB, PROCESS), peer=b"HEART", party="service-classifier")
    assert LOST in house.tick(1.5)


def test_waiting_requests_do_not_wander_from_one_dead_lane_of_a_process_to_the_next() -> None:
    house = House()
    for peer in (b"L1", b"L2", b"L3"):
        house.ready(peer)
    house.ask(1, "anna")
    house.ask(2, "ben")
    house.ask(3, "carl")
    assert house.ask(4, "dora") == []
    said = house.tick(LIVENESS + 0.1)
    assert said.count(LOST) == 3
    assert not [what for what in said if what[1] is Kind.REQ]
    assert house.ready(b"L9", process=b"q" * 16)[-1].peer == b"L9"


def test_a_lane_whose_connection_is_gone_is_noticed_by_the_next_heartbeat() -> None:
    house = House()
    house.ready()
    house.ask(1)
    house.now += HEARTBEAT
    beats = [send for send in house.state.on_tick(house.now) if send.side is Side.BACK]
    assert house.said(house.state.on_unsendable(house.now, beats[0], gone=True)) == [LOST]
    assert house.state.on_unsendable(house.now, beats[0], gone=True) == []


def test_a_heartbeat_that_finds_a_full_queue_is_no_loss() -> None:
    house = House()
    house.ready()
    beat = Send(Side.BACK, b"L1", [Control(Kind.HB).encode(), b"", b""])
    assert house.state.on_unsendable(house.now, beat, gone=False) == []
    assert b"L1" in house.state.table.lanes


def test_a_request_that_could_not_be_delivered_goes_to_another_lane() -> None:
    house = House()
    house.ready(b"L1")
    house.ready(b"L2", process=b"q" * 16)
    control = Control(Kind.REQ, id_of(1), "intake", 5000)
    (send,) = house.state.on_message(house.now, Side.FRONT, b"C", "gateway", [control.encode(), b"", b""])
    other = {b"L1": b"L2", b"L2": b"L1"}[send.peer]
    assert house.said(house.state.on_unsendable(house.now, send, gone=True)) == [handed(other)]


def test_an_answer_nobody_takes_ends_the_stream_at_its_worker() -> None:
    house = House()
    house.ready()
    house.ask(1)
    (part,) = house.work(Control(Kind.PART, id_of(1)))
    assert house.said(house.state.on_unsendable(house.now, part, gone=True)) == [
        (b"L1", Kind.RESET, Status.ANSWERED)
    ]
    assert house.work(Control(Kind.FIN, id_of(1))) == []
    assert house.ask(2) == [handed()]


def test_a_key_serves_only_its_own_service() -> None:
    house = House()
    sends = house.work(Control(Kind.READY, PROCESS, "intake", credits=1), party="service-classifier")
    assert sends == []
    assert house.heard == ["party may not serve"]
    assert house.ask(1) == []
    assert house.work(Control(Kind.READY, PROCESS, "intake", credits=1), party="gateway") == []


def test_only_the_gateway_and_services_ask_and_the_broker_only_itself() -> None:
    house = House()
    house.ready()
    assert house.ask(1, party="office") == []
    assert house.ask(2, party="broker") == []
    assert house.heard == ["party may not ask", "party may not ask"]
    assert house.ask(3, party="service-classifier") == [handed()]
    assert house.ask(4, service="broker", party="broker") == [(b"C", Kind.FIN, Status.ANSWERED)]


def test_a_key_taken_off_the_list_is_not_heard_any_more() -> None:
    house = House()
    frames = [Control(Kind.READY, PROCESS, "intake", credits=1).encode(), b"", b""]
    assert house.state.on_message(house.now, Side.BACK, b"L1", None, frames) == []
    assert not house.state.table.lanes


def test_an_unknown_lane_is_told_to_register() -> None:
    house = House()
    (send,) = house.work(Control(Kind.HB, PROCESS, credits=1))
    control = decode(send.frames[0])
    assert (control.kind, control.id) == (Kind.RESET, NO_ID)
    assert house.said(house.work(Control(Kind.BYE))) == [(b"L1", Kind.BYE, Status.ANSWERED)]


def test_a_lane_that_says_goodbye_ends_its_work_first() -> None:
    house = House()
    house.ready(credits=2)
    house.ask(1)
    assert house.work(Control(Kind.BYE)) == []
    assert house.ask(2, "ben") == []
    assert house.said(house.work(Control(Kind.FIN, id_of(1)))) == [
        (b"C", Kind.FIN, Status.ANSWERED),
        (b"L1", Kind.BYE, Status.ANSWERED),
    ]


def test_a_lane_that_talks_nonsense_is_given_up_with_its_request() -> None:
    house = House()
    house.ready()
    house.ask(1)
    sends = house.state.on_message(house.now, Side.BACK, b"L1", "service-intake", [b"nonsense"])
    assert house.said(sends) == [LOST, (b"L1", Kind.RESET, Status.ANSWERED)]


def test_a_client_learns_that_its_request_is_not_known_any_more() -> None:
    house = House()
    frames = [Control(Kind.HB, id_of(7)).encode(), b"", b""]
    assert house.said(house.state.on_message(house.now, Side.FRONT, b"C", "gateway", frames)) == [LOST]


def test_the_broker_tells_of_itself() -> None:
    house = House()
    house.ready(credits=3)
    house.ask(1)

    def tell(path: str) -> tuple[int, str]:
        control = Control(Kind.REQ, id_of(99), "broker", 1000)
        header = BusRequest("GET", path).encode_header()
        (send,) = house.state.on_message(
            house.now, Side.FRONT, b"C", "gateway", [control.encode(), header, b""]
        )
        return decode_response_header(send.frames[1])[0], send.frames[2].decode()

    down = {"state": "down", "processes": 0, "credits": 0, "credits_total": 0, "waiting": 0}
    up = {"state": "up", "processes": 1, "credits": 2, "credits_total": 3, "waiting": 0}
    assert json.loads(tell("/health")[1]) == {"status": "up", "services": {"classifier": down, "intake": up}}
    status, text = tell("/metrics")
    assert status == 200
    assert 'siglab_bus_credits{service="intake"} 2\n' in text
    assert 'siglab_bus_service_events_total{service="intake",event="requests"} 1\n' in text
    assert tell("/else")[0] == 404
