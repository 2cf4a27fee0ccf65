"""Two profiles beside each other, the edges of a network, and the peaks of a run: what pictures are drawn from."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from services.classifier.custody import Facts
from services.classifier.domain.load_programme import load_bundled
from services.classifier.domain.synthetic.library import synthetic_library
from services.classifier.domain.synthetic.run import synthetic_run
from tests.calls import ANALYST, AUDITOR, BOGOTA, SCIENTIST, TECHNICIAN, call
from tests.integration.classifier.conftest import KnownItems, library, measured
from tests.integration.classifier.test_read_spectra import Holding, client, holding, stored

__all__ = ["client", "holding"]


@pytest.fixture(scope="module")
def pair(client: FlaskClient, custody: KnownItems) -> tuple[Facts, Facts]:
    library(client, custody, "PAIR")
    one, other = custody.open("PAIR"), custody.open("PAIR", office="BKK")
    measured(client, one, 0.01, 50.0)
    measured(client, other, 0.011, 49.0)
    return one, other


def compared(client: FlaskClient, one: str, other: str, **query: str) -> Any:
    words = "&".join(f"{name}={value}" for name, value in {"programme": "PAIR", **query}.items())
    return call(client, "GET", f"/items/{one}/links/{other}?{words}", actor=ANALYST)


def test_two_profiles_are_told_analyte_by_analyte(client: FlaskClient, pair: tuple[Facts, Facts]) -> None:
    one, other = pair
    found = compared(client, one.id, other.id).json
    assert [row["analyte"] for row in found["analytes"]] == ["a", "b"]
    least, greatest = found["analytes"]
    assert (least["own"]["value"], least["other"]["value"]) == (0.01, 0.011)
    count = found["profiles"]
    assert least["own"]["rank"] == pytest.approx(0.5 / count, abs=1e-6)
    assert least["other"]["rank"] == pytest.approx(1.5 / count, abs=1e-6)
    assert greatest["own"]["rank"] > greatest["other"]["rank"] > 0.9
    assert least["own"]["compared"] < greatest["own"]["compared"]
    assert "never stands alone" in found["caveat"]
    assert found["synthetic"] is False


def test_a_pair_has_the_ratio_that_the_list_gives_it(client: FlaskClient, pair: tuple[Facts, Facts]) -> None:
    one, other = pair
    listed = call(client, "GET", f"/items/{one.id}/links?programme=PAIR", actor=ANALYST).json["items"]
    (row,) = [row for row in listed if row["item_id"] == other.id]
    found = compared(client, one.id, other.id).json["other"]
    assert found == {**row, "score": found["score"]}
    assert found["score"] == pytest.approx(row["score"], abs=1e-6)
    back = compared(client, other.id, one.id).json["other"]
    assert back["likelihood_ratio"] == found["likelihood_ratio"]


def test_pairs_that_cannot_be_compared_say_why(
    client: FlaskClient, custody: KnownItems, pair: tuple[Facts, Facts]
) -> None:
    one, other = pair
    empty = custody.open("PAIR")
    refused = compared(client, one.id, empty.id)
    assert (refused.status_code, refused.json["code"]) == (409, "no_profile")
    assert compared(client, one.id, "no-such-item").status_code == 404
    assert compared(client, one.id, other.id, programme="NONE").status_code == 404
    assert compared(client, one.id, other.id, measure="magic").status_code == 422
    path = f"/items/{one.id}/links/{other.id}?programme=PAIR"
    assert call(client, "GET", path, actor=BOGOTA).status_code == 403


def test_a_link_of_the_network_names_both_of_its_ends(
    client: FlaskClient, custody: KnownItems, pair: tuple[Facts, Facts]
) -> None:
    one, twin = custody.open("PAIR"), custody.open("PAIR")
    measured(client, one, 44.0, 0.2)
    measured(client, twin, 44.0001, 0.2)
    found = call(client, "GET", f"/links/network?programme=PAIR&item_id={one.id}&limit=1", actor=ANALYST).json
    assert [(edge["from"], edge["to"]) for edge in found["edges"]] == [(one.id, twin.id)]


def test_the_peaks_of_a_run_are_told_with_their_standard(
    holding: Holding, client: FlaskClient, custody: KnownItems
) -> None:
    programme = load_bundled("HSP")
    posted = call(
        client, "POST", "/programmes", json.loads(json.dumps(dict(programme.data))), actor=SCIENTIST
    )
    assert posted.status_code in (201, 409), posted.json
    sample = synthetic_library(programme, 5, per_class=1)[0]
    content = synthetic_run(programme, sample.values, 5)
    spectrum_id = stored(holding, custody, content, "run.cdf", "HSP")
    found = call(client, "GET", f"/spectra/{spectrum_id}/peaks", actor=AUDITOR).json
    (profile,) = [each for each in found["profiles"] if each["programme"] == "HSP"]
    assert "SYNTHETIC" in profile["provenance"]
    assert {peak["channel"] for peak in profile["peaks"]} <= set(found["channels"])
    kinds = {peak["kind"] for peak in profile["peaks"]}
    assert kinds == {"internal_standard", "main_compound", "analyte"}
    times = [peak["apex_s"] for peak in profile["peaks"]]
    assert times == sorted(times)
    assert all(peak["start_s"] <= peak["apex_s"] <= peak["end_s"] for peak in profile["peaks"])
    assert call(client, "GET", "/spectra/none/peaks", actor=TECHNICIAN).status_code == 404
    assert call(client, "GET", f"/spectra/{spectrum_id}/peaks", actor=ANALYST).status_code == 403
