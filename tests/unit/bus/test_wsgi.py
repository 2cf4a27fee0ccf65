"""A WSGI application called from the bus."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from flask import Flask, Response, request

from shared.bus.lane import cut_into_parts
from shared.bus.messages import BusRequest
from shared.bus.protocol import PART_SIZE
from shared.bus.wsgi import WsgiApp, WsgiCall, make_environ


def call(app: WsgiApp, message: BusRequest) -> tuple[int, dict[str, str], bytes]:
    """Calls as a lane does."""
    made = WsgiCall(app, make_environ(message, "intake", time.monotonic() + 5))
    try:
        body = b"".join(made)
    finally:
        made.close()
    return made.status, dict(made.headers), body


def test_a_flask_application_does_not_notice_the_difference() -> None:
    app = Flask("probe")

    @app.post("/exhibits/<name>")
    def post(name: str) -> tuple[dict[str, object], int]:
        return {
            "name": name,
            "json": request.get_json(),
            "query": request.args["q"],
            "host": request.host,
            "tag": request.headers["X-Tag"],
            "deadline": request.environ["siglab.deadline"] > time.monotonic(),
        }, 201

    message = BusRequest(
        "POST",
        "/exhibits/S26-000001",
        "q=a%20b",
        [("content-type", "application/json"), ("x-tag", "one"), ("X-Tag", "two"), ("content-length", "999")],
        b'{"a": 1}',
    )
    status, headers, body = call(app, message)
    assert status == 201
    assert headers["Content-Type"] == "application/json"
    answer = app.json.loads(body)
    assert answer == {
        "name": "S26-000001",
        "json": {"a": 1},
        "query": "a b",
        "host": "intake.rpc",
        "tag": "one,two",
        "deadline": True,
    }


@pytest.mark.parametrize("path", ["/สาร", "/สาร".encode().decode("latin-1")])
def test_paths_beyond_ascii_reach_the_application(path: str) -> None:
    app = Flask("probe")

    @app.get("/<name>")
    def get(name: str) -> str:
        return name

    assert call(app, BusRequest("GET", path))[2].decode() == "สาร"


def test_the_result_is_closed_even_when_it_fails() -> None:
    closed = []

    class Result:
        def __iter__(self) -> Iterator[bytes]:
            yield b"a"
            raise OSError("disk")

        def close(self) -> None:
            closed.append(True)

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [])
        return Result()

    with pytest.raises(OSError, match="disk"):
        call(app, BusRequest("GET", "/"))
    assert closed == [True]


def test_the_old_write_callable_still_works_in_order() -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        write = start_response("200 OK", [("X-A", "1")])
        write(b"one ")
        return [b"two", b""]

    assert call(app, BusRequest("GET", "/")) == (200, {"X-A": "1"}, b"one two")


def test_headers_cannot_change_once_they_have_left() -> None:
    calls: list[Callable[..., Any]] = []

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [])
        calls.append(start_response)
        return [b"x"]

    made = WsgiCall(app, make_environ(BusRequest("GET", "/"), "intake", 0.0))
    with pytest.raises(RuntimeError, match="twice"):
        calls[0]("200 OK", [])
    error = ValueError("late")
    calls[0]("500 Internal Server Error", [], (ValueError, error, None))
    assert made.status == 500
    made.sent = True
    with pytest.raises(ValueError, match="late"):
        calls[0]("500 Internal Server Error", [], (ValueError, error, None))


def test_an_application_that_never_answers_is_an_error() -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        return []

    with pytest.raises(RuntimeError, match="start_response"):
        call(app, BusRequest("GET", "/"))


def test_responses_of_flask_are_one_piece() -> None:
    app = Flask("probe")

    @app.get("/")
    def get() -> Response:
        return Response(b"x" * PART_SIZE)

    made = WsgiCall(app, make_environ(BusRequest("GET", "/"), "intake", 0.0))
    assert [(len(piece), last) for piece, last in cut_into_parts(made)] == [(PART_SIZE, True)]
    made.close()


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([], [0]),
        ([1], [1]),
        ([10] * 5, [50]),
        ([PART_SIZE, 1], [PART_SIZE, 1]),
        ([PART_SIZE + 1], [PART_SIZE, 1]),
        ([3 * PART_SIZE], [PART_SIZE] * 3),
        ([5, 2 * PART_SIZE + 7, 9], [5, PART_SIZE, PART_SIZE, 16]),
    ],
)
def test_pieces_are_of_bounded_size_and_only_the_last_is_last(sizes: list[int], expected: list[int]) -> None:
    pieces = list(cut_into_parts((b"x" * size for size in sizes), clock=lambda: 0.0))
    assert [len(piece) for piece, _ in pieces] == expected
    assert [last for _, last in pieces] == [False] * (len(pieces) - 1) + [True]


def test_a_stream_that_trickles_is_sent_on() -> None:
    now = [0.0]

    def rows() -> Iterator[bytes]:
        for _ in range(4):
            yield b"row\n"
            now[0] += 1

    assert [len(piece) for piece, _ in cut_into_parts(rows(), clock=lambda: now[0])] == [4, 4, 4, 4]
