"""Uploads into the whole system while connections break and processes are killed: resumed, they arrive whole and once."""

import base64
import hashlib
import json
import os
import random
import signal
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from siglab_clients.api import ApiClient, ApiError
from tests.system import RunningSystem, running_system, wait_for

BACK_S = 45.0
CONTENT = random.Random(7).randbytes(24_000_000)


@pytest.fixture(scope="module")
def system(new_demo: Callable[[], Path]) -> Iterator[RunningSystem]:
    with running_system(new_demo(), variables={"SIGLAB_DEMO": "1"}) as running:
        yield running


def client(system: RunningSystem, login: str) -> ApiClient:
    """A demo user's client that does not give up while something is started again."""
    token = json.loads(system.credentials.read_text())["users"][login]["token"]
    return ApiClient(system.base_url, token, retries=8)


@pytest.fixture(scope="module")
def item_id(system: RunningSystem) -> str:
    found = [item for item in client(system, "technician").all("/items") if item["state"] == "in_custody"]
    return str(found[0]["id"])


def facts(item_id: str, name: str) -> dict[str, str]:
    return {
        "filename": name,
        "item_id": item_id,
        "technique": "GC-MS",
        "instrument": "gcms1",
        "method": "fault",
        "run_role": "sample",
        "acquired_at": (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def begun(instrument: ApiClient, item_id: str, name: str) -> str:
    told = {**facts(item_id, name), "sha256": hashlib.sha256(CONTENT).hexdigest()}
    pairs = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in told.items())
    head = {"Upload-Length": str(len(CONTENT)), "Upload-Metadata": pairs}
    place = instrument.request("POST", "/uploads", b"", head).headers["location"]
    return urlsplit(place).path.removeprefix("/api/v1")


def offset_of(instrument: ApiClient, place: str) -> int:
    return int(instrument.request("HEAD", place).headers["upload-offset"])


def piece(instrument: ApiClient, place: str, offset: int) -> int | None:
    """Sends some bytes from there; where the upload stands then, None where the answer was no success."""
    head = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
    try:
        answer = instrument.request("PATCH", place, CONTENT[offset : offset + 2_000_000], head)
    except ApiError as error:
        if error.status not in (0, 409, 500, 502, 503, 504):
            raise
        return None
    return int(answer.headers["upload-offset"])


def rest(instrument: ApiClient, place: str) -> str:
    """Sends what is missing; the spectrum's id."""
    offset = offset_of(instrument, place)
    while offset < len(CONTENT):
        offset = piece(instrument, place, offset) or offset_of(instrument, place)
    return instrument.request("HEAD", place).headers["siglab-spectrum-id"]


def verified(system: RunningSystem, spectrum_id: str) -> dict[str, Any]:
    technician = client(system, "technician")
    found = technician.wait(f"/spectra/{spectrum_id}", lambda row: row["state"] != "verifying", seconds=90)
    assert found["state"] == "verified", found
    assert technician.fetch(f"/spectra/{spectrum_id}/content") == CONTENT
    return dict(found)


def named(system: RunningSystem, item_id: str, name: str) -> list[Any]:
    rows = client(system, "technician").all("/spectra", item_id=item_id)
    return [row for row in rows if row["filename"] == name]


@pytest.mark.parametrize("reset", [False, True])
def test_a_broken_connection_keeps_what_had_arrived(system: RunningSystem, item_id: str, reset: bool) -> None:
    instrument, sent = client(system, "gcms1"), 7_654_321
    name = f"broken-{reset}.xyz"
    place = begun(instrument, item_id, name)
    address = urlsplit(system.base_url)
    head = (
        f"PATCH /api/v1{place} HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Bearer {instrument.token}\r\n"
        f"Tus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\n"
        f"Content-Length: {len(CONTENT)}\r\n\r\n"
    )
    with socket.create_connection((str(address.hostname), address.port or 80)) as connection:
        connection.sendall(head.encode() + CONTENT[:sent])
        if reset:
            # Bytes that the door has not read when the connection is reset are lost with it: the first piece is waited for.
            wait_for(lambda: offset_of(instrument, place) > 0, 30, "the first piece is stored")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    if reset:
        assert 0 < offset_of(instrument, place) <= sent
    else:
        wait_for(lambda: offset_of(instrument, place) == sent, 30, "all that was sent is kept")
    verified(system, rest(instrument, place))
    assert len(named(system, item_id, name)) == 1


@pytest.mark.parametrize("program", ["chain_of_custody", "broker", "gateway", "postgres", "custody-worker"])
def test_a_process_is_killed_in_the_middle_of_an_upload(
    system: RunningSystem, item_id: str, program: str
) -> None:
    name = f"killed-{program}.xyz"
    instrument, killed = client(system, "gcms1"), threading.Event()

    def kill() -> None:
        os.kill(system.program(program)["pid"], signal.SIGKILL)

    def progress(offset: int) -> None:
        if offset > len(CONTENT) // 3 and not killed.is_set():
            killed.set()
            threading.Timer(0.02, kill).start()

    before = system.program(program)["pid"]
    place = begun(instrument, item_id, name)
    offset = 0
    while offset < len(CONTENT):
        told = piece(instrument, place, offset)
        if told is None:
            wait_for(system.is_healthy, BACK_S, "the system works again")
            told = offset_of(instrument, place)
        offset = told
        progress(offset)
    assert killed.is_set()
    wait_for(lambda: system.program(program)["pid"] not in (None, before), BACK_S, f"{program} is back")
    wait_for(system.is_healthy, BACK_S, "the system works again")
    spectrum_id = instrument.request("HEAD", place).headers["siglab-spectrum-id"]
    verified(system, spectrum_id)
    assert [row["id"] for row in named(system, item_id, name)] == [spectrum_id]
