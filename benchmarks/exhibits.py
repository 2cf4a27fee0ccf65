"""The exhibit that benchmarks of custody's tables receive; all is SYNTHETIC."""

from typing import Any

from shared.identifiers import new_id


def synthetic_exhibit() -> dict[str, Any]:
    """A new exhibit of a receipt, as intake tells custody of it."""
    name = new_id()
    return {
        "exhibit_id": name,
        "number": f"B-{name}",
        "office": "BOG",
        "submission_id": "bench",
        "submission_number": "D-BENCH",
        "line": 1,
        "kind": "seizure",
        "programme": "HSP",
        "description": "SYNTHETIC benchmark powder",
        "physical_form": "powder",
        "gross_mass_g": 5.0,
        "seal_number": "S-1",
        "seal_condition": "intact",
        "seizure_id": None,
        "blocked": False,
    }
