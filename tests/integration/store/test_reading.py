"""Bytes are hashed while they are handed out: what is not what was verified never ends as a whole file, and is an alarm (E24)."""

import http.client
import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from prometheus_client import REGISTRY
from werkzeug.serving import WSGIRequestHandler, make_server

from services.chain_of_custody.service import check_read
from shared.crypto.assertions import HEADER, AssertionSigner
from shared.storage.errors import ObjectDamaged
from tests.calls import TECHNICIAN, asserted, call
from tests.integration.spectra import house
from tests.integration.store.test_copies import broken, content
from tests.integration.store.world import World

LARGE = 3_500_000


@pytest.fixture(autouse=True)
def on_a_folder(world: World) -> None:
    """MinIO gives nothing of an object whose bytes were changed; a folder gives them."""
    if world.first.kind != "directory":
        pytest.skip("MinIO refuses by its own checksums")


@pytest.fixture
def address(world: World) -> Iterator[tuple[str, int]]:
    """Custody behind a real HTTP server."""

    class Quiet(WSGIRequestHandler):
        def log(self, type: str, message: str, *args: object) -> None:
            """Says nothing."""

    server = make_server("127.0.0.1", 0, world.client.application, request_handler=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield "127.0.0.1", server.server_port
    server.shutdown()


def _damaged_reads() -> float:
    return REGISTRY.get_sample_value("siglab_store_damaged_reads_total") or 0


@pytest.mark.rule("E24")
def test_a_client_notices_that_the_file_does_not_end(world: World, address: tuple[str, int]) -> None:
    spectrum = world.stored(size=LARGE)
    broken(world.first, spectrum["object"])
    path = f"/api/v1/spectra/{spectrum['id']}/content"
    signer = AssertionSigner.from_keys(world.runtime.settings.keys_dir, "gateway")
    head = {HEADER: signer.sign(TECHNICIAN, asserted("GET", path, {}, b""), datetime.now(UTC))}
    connection = http.client.HTTPConnection(*address, timeout=30)
    connection.request("GET", path, headers=head)
    answer = connection.getresponse()
    assert answer.status == 200 and answer.headers["Content-Length"] == str(LARGE)
    with pytest.raises(http.client.IncompleteRead) as broken_off:
        answer.read()
    assert 0 < len(broken_off.value.partial) < LARGE
    connection.close()


@pytest.mark.rule("E12", "E24")
def test_what_was_read_damaged_is_an_alarm_at_once(world: World) -> None:
    spectrum, before = world.stored(size=LARGE), _damaged_reads()
    broken(world.first, spectrum["object"])
    with pytest.raises(ObjectDamaged, match="not what was verified"):
        content(world, spectrum["id"])
    assert _damaged_reads() == before + 1
    assert {"spectrum_id": spectrum["id"]} in house.queued(world.runtime, check_read.CHECK)
    check_read.check_read(world.runtime, spectrum["id"])
    [finding] = world.findings(spectrum["id"])
    assert (finding["kind"], finding["outcome"]) == ("digest", "open") and finding["what_to_do"]
    assert world.spectrum(spectrum["id"])["state"] == "quarantined"
    assert world.events(spectrum["id"])[-1] == "spectrum_quarantined"
    world.watch()
    assert (REGISTRY.get_sample_value("siglab_scrub_open_findings") or 0) >= 1
    # What is known and waits for a person is refused again, but not looked at again.
    waiting = len(house.queued(world.runtime, check_read.CHECK))
    with pytest.raises(ObjectDamaged):
        content(world, spectrum["id"])
    assert len(house.queued(world.runtime, check_read.CHECK)) == waiting


@pytest.mark.rule("E24")
def test_a_short_file_is_refused_or_comes_from_the_second_copy(world: World) -> None:
    alone, twice = world.stored(size=900_000), world.stored(size=900_000, mirrored=True)
    good = content(world, twice["id"])
    for spectrum in (alone, twice):
        broken(world.first, spectrum["object"])
    refused = world.ask("GET", f"/spectra/{alone['id']}/content", actor=TECHNICIAN)
    assert (refused.status_code, refused.json["code"]) == (503, "object_damaged")
    assert content(world, twice["id"]) == good
    check_read.check_read(world.runtime, twice["id"])
    [finding] = world.findings(twice["id"])
    assert finding["outcome"] == "repaired"
    assert content(world, twice["id"]) == good


def test_a_part_is_handed_out_as_it_lies_there(world: World) -> None:
    """It has no digest of its own: whoever puts parts together holds the whole against the ETag."""
    spectrum = world.stored()
    part = call(
        world.client, "GET", f"/spectra/{spectrum['id']}/content", actor=TECHNICIAN, Range="bytes=10-19"
    )
    assert part.status_code == 206 and part.headers["ETag"] == f'"{spectrum["sha256"]}"'
